"""The base of every form: tokens against forged posts, text that is fit to be kept, amounts.

A form's token is signed and bound to a context (the attempt of a gift, the session of a member of staff), so that the
public ones need no cookie and no state on the server. What a person typed is kept as it is for showing the form again;
only what could harm the page or turn the text around is taken out.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from wtforms import Field, StringField, ValidationError
from wtforms import Form as WTForm
from wtforms.csrf.core import CSRF

from config import Config
from crowdfund import clock
from crowdfund.errors import Refusal
from crowdfund.i18n import N_, gettext, in_words
from crowdfund.links import BadLink, sign, unsign
from crowdfund.money import MAX_MINOR, Money, MoneyError, exponent

TOKEN_LIFE = timedelta(hours=12)
PURPOSE = "form"
STALE = N_("This page is too old or was changed on the way. Check it and send it again.")

# Marks that order text (Unicode UAX #9) and those nobody sees: no name or address needs them.
INVISIBLE = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
# Letters of living languages carry at most four marks; more is drawing over the neighbours.
MOST_MARKS = 4
LINE_BREAKS = frozenset("\n\r\t")


def _secret() -> str:
    config: Config = current_app.extensions["config"]
    return config.secret_key


def _fingerprint(context: str) -> str:
    return hashlib.sha256(context.encode()).hexdigest()[:32]


def form_token(context: str) -> str:
    """Make a form's token: it says when it was made, and serves for this context alone."""
    return sign(_secret(), PURPOSE, [_fingerprint(context), int(clock.now().timestamp())])


def token_age(context: str, token: str) -> timedelta | None:
    """Tell how old a form's token is; None when it is not ours, too old, or made for another context."""
    try:
        fingerprint, made = unsign(_secret(), PURPOSE, token, int(TOKEN_LIFE.total_seconds()))
        age = timedelta(seconds=clock.now().timestamp() - made)
    except (BadLink, TypeError, ValueError):
        return None
    return age if fingerprint == _fingerprint(context) and age <= TOKEN_LIFE else None


class SignedToken(CSRF):  # type: ignore[misc] # wtforms has no types
    """The check of WTForms by our signed token; `Meta.csrf_context` names the context, empty ones never pass."""

    def setup_form(self, form: WTForm) -> list[tuple[str, Any]]:
        """Take the context from the form."""
        self.context = str(form.meta.csrf_context or "")
        return list(super().setup_form(form))

    def generate_csrf_token(self, csrf_token_field: Field) -> str:  # noqa: ARG002 - the signature of WTForms
        """Make the token to be shown."""
        return form_token(self.context)

    def validate_csrf_token(self, form: WTForm, field: Field) -> None:  # noqa: ARG002
        """Refuse a token that is missing, tampered with, too old or another form's."""
        if not self.context or token_age(self.context, str(field.data or "")) is None:
            raise ValidationError(gettext(STALE))


class Form(WTForm):  # type: ignore[misc]
    """A form whose token is bound to `context`: `Form(request.form, context=attempt)`."""

    class Meta:
        """What WTForms is told: our token, and no sentences of its own."""

        csrf = True
        csrf_class = SignedToken
        csrf_field_name = "csrf_token"
        csrf_context: str | None = None
        locales = False

    def __init__(self, formdata: Any = None, *, context: str, **options: Any) -> None:
        super().__init__(formdata, meta={"csrf_context": context}, **options)

    def first_errors(self) -> dict[str, str]:
        """Give one sentence for each wrong field, in the order of the form; the token's belongs to the whole ("")."""
        found = {name: str(field.errors[0]) for name, field in self._fields.items() if field.errors}
        token = found.pop("csrf_token", None)
        return {"": token, **found} if token is not None else found


class DeskForm(Form):
    """A form at the desk, whose door has checked the session's token already."""

    class Meta(Form.Meta):
        """No token of its own."""

        csrf = False


def tidy(text: str) -> str:
    """Write a text in one form (NFC), without marks that turn it around or cannot be seen, without outer spaces."""
    return unicodedata.normalize("NFC", "".join(one for one in text if one not in INVISIBLE)).strip()


def showable(text: str) -> str:
    """Give what was typed back to the page, without what no page may hold."""
    return "".join(
        one
        for one in text
        if one not in INVISIBLE and (one in LINE_BREAKS or unicodedata.category(one) not in {"Cc", "Cs"})
    )


def shown_values(data: Mapping[str, str]) -> dict[str, str]:
    """Give the first value of each field as it was typed, fit to be shown again."""
    return {name: showable(value) for name, value in data.items()}


def text_problem(text: str, longest: int, *, lines: bool = False) -> str | None:
    """Say what is wrong with a text, in the page's language; None when nothing is. `longest` counts characters."""
    if len(text) > longest:
        return gettext(N_("This is too long: %(count)s characters at most."), count=longest)
    allowed = LINE_BREAKS if lines else frozenset()
    if any(unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} and one not in allowed for one in text):
        return gettext(N_("This holds a sign that cannot be written. Type it again."))
    if _most_marks(text) > MOST_MARKS:
        return gettext(N_("This holds too many accents on one letter."))
    return None


def _most_marks(text: str) -> int:
    most = run = 0
    for one in text:
        run = run + 1 if unicodedata.category(one) in {"Mn", "Me"} else 0
        most = max(most, run)
    return most


class TextField(StringField):  # type: ignore[misc]
    """A text of at most `longest` characters, tidied and without control signs.

    Empty is allowed unless `missing` holds the sentence that asks for it.
    """

    def __init__(self, longest: int, *, missing: str | None = None, lines: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.longest, self.missing, self.lines = longest, missing, lines

    def process_formdata(self, valuelist: list[str]) -> None:
        """Tidy what was sent; the field is never None."""
        text = tidy(valuelist[0]) if valuelist else ""
        self.data = text.replace("\r\n", "\n") if self.lines else text

    def process_data(self, value: Any) -> None:
        """Start empty."""
        self.data = value or ""

    def pre_validate(self, form: WTForm) -> None:  # noqa: ARG002
        """Refuse what cannot be kept, and emptiness where something is needed."""
        problem = text_problem(self.data, self.longest, lines=self.lines)
        if problem is None and not self.data and self.missing is not None:
            problem = gettext(self.missing)
        if problem is not None:
            raise ValidationError(problem)


def closed(text: str) -> str:
    """Write figures without the spaces between them: who types "73 000" means 73000."""
    plain = "".join(text.split())
    return plain if plain.isdigit() else text


def read_email(text: str) -> str:
    """Read an e-mail address, in lower case, that a mail server could take. Raises Refusal, which says which part is missing."""
    name, at, host = text.rpartition("@")
    if at and name and host and "." not in host.strip("."):
        raise Refusal(N_("The email address isn’t complete: the ending is missing"), field="email")
    try:
        address = validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        raise Refusal(N_("This is not an email address. It looks like name@example.org"), field="email") from None
    return str(address.ascii_email or address.normalized).lower()


class EmailField(TextField):
    """An e-mail address, in lower case, that a mail server could take; nothing is asked of the network."""

    def __init__(self, *, missing: str | None = None, **options: Any) -> None:
        super().__init__(254, missing=missing, **options)

    def post_validate(self, form: WTForm, validation_stopped: bool) -> None:  # noqa: ARG002, FBT001
        """Refuse what is no address, and say which part is missing."""
        if validation_stopped or self.errors or not self.data:
            return
        try:
            self.data = read_email(self.data)
        except Refusal as refusal:
            raise ValidationError(in_words(refusal)) from None


class ChoiceField(StringField):  # type: ignore[misc]
    """One of a few words. What is not among them is refused; nothing chosen gives `default`."""

    def __init__(
        self, choices: Iterable[str], *, default: str = "", missing: str | None = None, **options: Any
    ) -> None:
        super().__init__(default=default, **options)
        self.choices, self.missing = frozenset(choices), missing

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take the first value; an empty one is none."""
        if valuelist and valuelist[0]:
            self.data = valuelist[0]

    def pre_validate(self, form: WTForm) -> None:  # noqa: ARG002
        """Refuse other words."""
        if not self.data and self.missing is not None:
            raise ValidationError(gettext(self.missing))
        if self.data and self.data not in self.choices:
            raise ValidationError(gettext(N_("Choose one of the answers shown.")))


class _TypedField(StringField):  # type: ignore[misc]
    """A field whose text is read once the form is complete: an amount needs its currency."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Keep the text."""
        self.typed = tidy(valuelist[0]) if valuelist else ""
        self.data: Any = None

    def process_data(self, value: Any) -> None:
        """Start empty."""
        self.typed, self.data = "", value


class DayField(_TypedField):
    """A day as a date field sends it; `data` is a date, or None when empty or wrong."""

    data: date | None

    @property
    def day(self) -> date:
        """Give the day of a form that was found right. Raises ValueError of any other."""
        if self.data is None:
            raise ValueError("no day was typed")
        return self.data

    def pre_validate(self, form: WTForm) -> None:  # noqa: ARG002
        """Read the day and refuse what is none."""
        try:
            self.data = date.fromisoformat(self.typed)
        except ValueError:
            raise ValidationError(gettext(N_("Write the day like this: 2026-12-01"))) from None
        if not 2000 <= self.data.year < 2200:
            raise ValidationError(gettext(N_("This day is too far away.")))


class MoneyField(_TypedField):
    """An amount in `currency`, as a person types it; `data` is Money, or None when empty or wrong.

    Reads exactly what `Money.parse` reads.
    """

    currency = "EUR"
    data: Money | None

    def pre_validate(self, form: WTForm) -> None:  # noqa: ARG002
        """Read the amount and refuse what is none."""
        if not self.typed:
            return
        try:
            self.data = Money.parse(self.typed, self.currency)
        except MoneyError:
            raise ValidationError(amount_problem(self.typed, self.currency)) from None
        if self.data.minor > MAX_MINOR:
            raise ValidationError(gettext(N_("This amount is too large to be paid by card.")))


def amount_problem(typed: str, currency: str) -> str:
    """Say what is wrong with an amount that cannot be read."""
    figures = re.fullmatch(r"[0-9]+[.,]([0-9]+)", typed)
    if figures is not None and len(figures[1]) > exponent(currency):
        return gettext(N_("An amount in this currency has %(places)s decimals at most."), places=exponent(currency))
    if typed.startswith(("-", "\N{MINUS SIGN}")):
        return gettext(N_("Type an amount above zero"))
    return gettext(N_("Write the amount in figures, for example 50 or 12.50"))
