"""What a donor's own pages may send."""

from __future__ import annotations

from wtforms import BooleanField, ValidationError

from crowdfund.forms import EmailField, Form
from crowdfund.i18n import N_, gettext
from crowdfund.pledges.forms import NO


class AskForm(Form):
    """Ask for a link."""

    email = EmailField(missing=N_("Type the e-mail address you gave with"))


class ButtonForm(Form):
    """A button and its token."""


class EraseForm(Form):
    """Be erased, knowingly."""

    understood = BooleanField(false_values=NO)

    def validate_understood(self, field: BooleanField) -> None:
        """Ask for the confirmation in words."""
        if not field.data:
            raise ValidationError(gettext(N_("Tick the box to say that you have read what stays")))
