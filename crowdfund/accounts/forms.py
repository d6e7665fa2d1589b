"""Forms of signing in. They say what is wrong in one way, whether or not an account exists."""

from __future__ import annotations

from wtforms import Form, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from crowdfund.accounts.rules import LONGEST_PASSWORD
from crowdfund.i18n import lazy

LONGEST_EMAIL = 254


class SignInForm(Form):  # type: ignore[misc] # wtforms has no types
    """Address and password."""

    email = StringField(
        validators=[
            InputRequired(lazy("Type your e-mail address")),
            Length(max=LONGEST_EMAIL, message=lazy("This address is too long")),
        ]
    )
    password = PasswordField(
        validators=[
            InputRequired(lazy("Type your password")),
            Length(max=LONGEST_PASSWORD, message=lazy("A password has at most 256 characters")),
        ]
    )


class CodeForm(Form):  # type: ignore[misc]
    """A code of six digits, or a recovery code."""

    code = StringField(
        validators=[InputRequired(lazy("Type the code")), Length(max=40, message=lazy("A code is shorter than that"))]
    )


class ConfirmForm(Form):  # type: ignore[misc]
    """The password once more."""

    password = PasswordField(
        validators=[
            InputRequired(lazy("Type your password")),
            Length(max=LONGEST_PASSWORD, message=lazy("A password has at most 256 characters")),
        ]
    )


class NewPasswordForm(Form):  # type: ignore[misc]
    """A new password; the rules say what it must be."""

    password = PasswordField(validators=[InputRequired(lazy("Type your password"))])
