"""The forms of the desk: money given back, a view of a list kept, a name under what is frozen; texts in several languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wtforms import HiddenField, ValidationError

from crowdfund.crm.rules import NoteKind
from crowdfund.forms import ChoiceField, DeskForm, MoneyField, TextField, closed, text_problem, tidy
from crowdfund.i18n import N_, gettext
from crowdfund.intake.rules import LONGEST_ORIGIN, SAY_ORIGIN
from crowdfund.pledges.forms import country_codes

SAY_AMOUNT = N_("Type the amount that goes back")
LONGEST_REASON = 300
LONGEST_NAME = 60
LONGEST_SIGNATURE = 80
LONGEST_TOWN = 100
LONGEST_TAG, LONGEST_PHONE, LONGEST_NOTE = 40, 40, 2000


class RefundForm(DeskForm):
    """How much, why, and the form's own number: sent twice, it is one refund. `sure` is the amount that was confirmed."""

    amount = MoneyField()
    sure = HiddenField()
    reason = TextField(LONGEST_REASON, missing=N_("Say why: it is kept with the gift."))
    request = HiddenField()

    def validate_amount(self, field: MoneyField) -> None:
        """Ask for an amount: nothing stands for all."""
        if not field.typed:
            raise ValidationError(gettext(SAY_AMOUNT))
        if field.data is not None and not field.data:
            raise ValidationError(gettext(N_("Type an amount above zero")))


class ViewForm(DeskForm):
    """The name under which filters are kept."""

    name = TextField(LONGEST_NAME, missing=N_("Give the view a name."))


class PhoneForm(DeskForm):
    """A telephone number; empty removes it."""

    phone = TextField(LONGEST_PHONE)


class AddressForm(DeskForm):
    """A postal address, as a whole."""

    address_line = TextField(200, missing=N_("Type the street and number"))
    postcode = TextField(16, filters=[closed])
    city = TextField(LONGEST_TOWN, missing=N_("Type the town"))
    country = ChoiceField(country_codes())

    def address(self) -> dict[str, str]:
        """Give it by column."""
        return {name: field.data or "" for name, field in self._fields.items()}


class TagForm(DeskForm):
    """A word by which donors are grouped."""

    tag = TextField(LONGEST_TAG, missing=N_("Write the tag."))


class NoteForm(DeskForm):
    """What was done, in words."""

    kind = ChoiceField(NoteKind, default=NoteKind.NOTE)
    note = TextField(LONGEST_NOTE, missing=N_("Write down what happened."), lines=True)


class OriginForm(DeskForm):
    """Where a file of donors comes from; the paper that proves its consents comes beside."""

    origin = TextField(LONGEST_ORIGIN, missing=SAY_ORIGIN, lines=True)


class SignForm(DeskForm):
    """Who signs what is frozen, and as what."""

    name = TextField(LONGEST_SIGNATURE, missing=N_("Say who signs"))
    quality = TextField(LONGEST_SIGNATURE, missing=N_("Say what this person does in the museum"))


def texts_in(
    data: Mapping[str, str], name: str, locales: Iterable[str], longest: int
) -> tuple[dict[str, str], dict[str, str]]:
    """Read a text from its field of each language, `name_locale`; gives what was written, and what is wrong by field."""
    read: dict[str, str] = {}
    errors: dict[str, str] = {}
    for locale in locales:
        field = f"{name}_{locale}"
        words = tidy(data.get(field, ""))
        problem = text_problem(words, longest)
        if problem is not None:
            errors[field] = problem
        elif words:
            read[locale] = words
    return read, errors
