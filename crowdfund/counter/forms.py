"""The forms of the desk. Its door has checked the session's token already."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from wtforms import BooleanField, StringField, ValidationError

from crowdfund.desk.entering import Entered
from crowdfund.desk.rules import CountKind
from crowdfund.donors.rules import DonorDetails, DonorKind
from crowdfund.forms import ChoiceField, DayField, DeskForm, EmailField, MoneyField, TextField, closed
from crowdfund.i18n import LOCALES, N_, gettext
from crowdfund.institutions.bank import Details
from crowdfund.money import Money
from crowdfund.numbers import row_number
from crowdfund.pledges.forms import ADDRESS_FIELDS, LONGEST_NAME, LONGEST_WALL_NAME, NO, country_codes
from crowdfund.pledges.rules import ANNOUNCED, PledgeRequest, Wall

NEEDS_NAME = N_("Type the name: of a person the last name, of a company its own")
NEEDS_CAMPAIGN = N_("Choose the campaign")
NEEDS_AMOUNT = N_("Type the amount")


class NumberField(StringField):  # type: ignore[misc] # wtforms has no types
    """The number of a row; `data` is an int, 0 for what is no number."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it."""
        self.data = row_number(valuelist[0] if valuelist else None)

    def process_data(self, value: Any) -> None:
        """Start with none."""
        self.data = value or 0


class PersonForm(DeskForm):
    """Somebody at the desk: a name and a postal address, an e-mail address if they have one."""

    first_name = TextField(LONGEST_NAME)
    last_name = TextField(LONGEST_NAME)
    company_name = TextField(200)
    email = EmailField()
    address_line = TextField(200)
    postcode = TextField(16, filters=[closed])
    city = TextField(LONGEST_NAME)
    country = ChoiceField(country_codes())
    tax_number = TextField(32)
    language = ChoiceField(LOCALES)
    wants_receipt = BooleanField(false_values=NO)
    wall = ChoiceField(Wall, default=Wall.ANONYMOUS)
    wall_name = TextField(LONGEST_WALL_NAME)

    def first_errors(self) -> dict[str, str]:
        """Give them as the page asks: what came in, or will, before who it is from."""
        return dict(sorted(super().first_errors().items(), key=lambda one: hasattr(PersonForm, one[0])))

    def validate_last_name(self, field: TextField) -> None:
        """Ask for a name."""
        if not field.data and not self.company_name.data and not field.errors:
            raise ValidationError(gettext(NEEDS_NAME))

    def validate_wall_name(self, field: TextField) -> None:
        """Ask for the name that is to stand on the wall."""
        if self.wall.data == Wall.OTHER and not field.data and not field.errors:
            raise ValidationError(gettext(N_("Type the name that is to stand on the wall")))

    def donor(self, locale: str) -> DonorDetails:
        """Give who gives; `locale` where no language was chosen."""
        company = bool(self.company_name.data)
        told = {name: self[name].data for name in (*ADDRESS_FIELDS, "tax_number")}
        if not any(told[name] for name in ADDRESS_FIELDS if name != "country"):
            told["country"] = ""  # chosen beforehand, and of no address
        return DonorDetails(
            kind=DonorKind.COMPANY if company else DonorKind.INDIVIDUAL,
            first_name=self.first_name.data,
            last_name=self.last_name.data,
            company_name=self.company_name.data,
            email=self.email.data,
            locale=self.language.data or locale,
            **told,
        )


class AnnounceForm(PersonForm):
    """A promise that somebody makes at the desk, by telephone or by letter."""

    attempt = StringField()
    campaign = NumberField()
    method = ChoiceField(ANNOUNCED, missing=N_("Say whether a transfer or a cheque will come"))
    amount = MoneyField()

    def validate_amount(self, field: MoneyField) -> None:
        """Ask for an amount."""
        if not field.typed:
            raise ValidationError(gettext(NEEDS_AMOUNT))

    @property
    def number(self) -> UUID:
        """Give the form's own number; one that we did not make becomes a new one."""
        return own_number(self.attempt.data)

    def request(self, amount: Money, locale: str) -> PledgeRequest:
        """Give the promise that is made."""
        return PledgeRequest(
            attempt=self.number,
            campaign_id=self.campaign.data,
            amount=amount,
            donor=self.donor(locale),
            method=self.method.data,
            wants_receipt=self.wants_receipt.data,
            wall=self.wall.data,
            wall_name=self.wall_name.data if self.wall.data == Wall.OTHER else "",
            source="desk",
        )


class BankForm(DeskForm):
    """Where an issuer takes transfers and cheques."""

    issuer = NumberField()
    beneficiary = TextField(70)
    iban = TextField(60)
    bic = TextField(20)
    cheque_order = TextField(100)
    cheque_address = TextField(300, lines=True)
    takes_transfers = BooleanField(false_values=NO)
    takes_cheques = BooleanField(false_values=NO)

    def validate_issuer(self, field: NumberField) -> None:
        """Ask whose bank details these are."""
        if not field.data:
            raise ValidationError(gettext(N_("Say whose bank details these are")))

    def details(self) -> Details:
        """Give what was told."""
        return Details(**{name: field.data for name, field in self._fields.items() if name != "issuer"})


def own_number(text: str | None) -> UUID:
    """Read the number a form was made with; one that we did not make becomes a new one."""
    try:
        return UUID(str(text))
    except ValueError:
        return uuid4()


class WholeField(StringField):  # type: ignore[misc]
    """A whole number from 0 on, as a person types it; `data` is None for what is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it."""
        text = valuelist[0].strip() if valuelist else ""
        self.typed = text
        self.data = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None

    def process_data(self, value: Any) -> None:
        """Start empty."""
        self.typed, self.data = "", value


class ChequeForm(PersonForm):
    """One cheque. With the reference of a promise nothing else is asked of the person."""

    attempt = StringField()
    reference = TextField(40)
    amount = MoneyField()
    campaign = NumberField()
    number = TextField(20)
    bank = TextField(60)
    received_on = DayField()
    handed = BooleanField(false_values=NO)

    def __init__(self, formdata: Any, *, context: str, reference_known: bool = False) -> None:
        super().__init__(formdata, context=context)
        self.reference_known = reference_known

    def validate_last_name(self, field: TextField) -> None:
        """Ask for a name where there is no reference."""
        if not self.reference_known:
            super().validate_last_name(field)

    def validate_campaign(self, field: NumberField) -> None:
        """Ask for the campaign where no reference tells it."""
        if not self.reference_known and not field.data:
            raise ValidationError(gettext(NEEDS_CAMPAIGN))

    def validate_amount(self, field: MoneyField) -> None:
        """Ask for an amount."""
        if not field.typed:
            raise ValidationError(gettext(NEEDS_AMOUNT))
        if field.data is not None and not field.data:
            raise ValidationError(gettext(N_("Type an amount above zero")))

    def entered(self, pledge_id: int | None, amount: Money, locale: str) -> Entered:
        """Give the cheque that is entered."""
        return Entered(
            attempt=own_number(self.attempt.data),
            amount=amount,
            received_on=self.received_on.day,
            handed=self.handed.data,
            pledge_id=pledge_id,
            donor=None if pledge_id is not None else self.donor(locale),
            campaign_id=self.campaign.data,
            wants_receipt=self.wants_receipt.data,
            number=self.number.data,
            bank=self.bank.data,
        )


class BatchForm(DeskForm):
    """What was counted by hand: how many cheques, and their sum."""

    control_count = WholeField()
    control_total = MoneyField()

    def validate_control_count(self, field: WholeField) -> None:
        """Ask how many."""
        if field.data is None:
            raise ValidationError(gettext(N_("Type how many cheques you hold in your hand")))

    def validate_control_total(self, field: MoneyField) -> None:
        """Ask for the sum."""
        if not field.typed:
            raise ValidationError(gettext(N_("Type the sum of your paper strip")))


class CountForm(DeskForm):
    """A count of cash, a box or tickets. The pieces are read beside it: their names are what they are worth."""

    attempt = StringField()
    kind = ChoiceField(CountKind, missing=N_("Say what you counted"))
    campaign = NumberField()
    place = TextField(60)
    day = DayField()


class ConfirmForm(DeskForm):
    """The second person's own total."""

    total = MoneyField()

    def validate_total(self, field: MoneyField) -> None:
        """Ask for it."""
        if not field.typed:
            raise ValidationError(gettext(N_("Type what your own count makes")))
