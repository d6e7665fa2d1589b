"""What the giving form may send. It hands on plain values; what they must satisfy together is said by the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from babel import Locale
from wtforms import BooleanField, StringField, ValidationError

from crowdfund.donors.rules import ConsentKind, DonorDetails, DonorKind
from crowdfund.forms import ChoiceField, EmailField, Form, MoneyField, TextField, closed
from crowdfund.i18n import N_, gettext
from crowdfund.money import Money
from crowdfund.numbers import row_number
from crowdfund.pledges.misspelt import address_meant
from crowdfund.pledges.rules import (
    GROUP_SIGNS,
    LONGEST_MESSAGE,
    METHODS_OFFERED,
    Dedication,
    Fallback,
    PledgeRequest,
    Wall,
)
from crowdfund.tax.countries import identity_problems
from crowdfund.tax.identifiers import company_number_problem, siren_of_vat

LONGEST_NAME = 100
LONGEST_WALL_NAME = 60
CHANNEL = re.compile(r"[A-Za-z0-9_-]{1,40}")
GROUP = re.compile(f"[{GROUP_SIGNS}]{{8}}")
NO = (False, "false", "False", "0", "off", "no", "")
# Codes that CLDR knows and that are no countries (unions, outlying places counted with their country).
NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})

# The words shown beside the boxes: they are kept as the proof of the consent.
CONSENTS = {
    ConsentKind.NEWS_MUSEUM: N_("I would like to read the journal of the purchase"),
    ConsentKind.NEWS_NETWORK: N_("I would like to hear of other works"),
}
ADDRESS_FIELDS = ("address_line", "postcode", "city", "country")


@cache
def country_codes() -> frozenset[str]:
    """List the countries (ISO 3166 alpha-2)."""
    known = (str(code) for code in Locale.parse("en").territories)
    return frozenset(code for code in known if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES)


class AmountForm(Form):
    """Step 1: how much, and a reward or none. It changes nothing, so it needs no token."""

    class Meta(Form.Meta):
        """What WTForms is told."""

        csrf = False

    amount = MoneyField()
    other_amount = MoneyField()
    reward = StringField()
    piece = StringField()
    waive_reward = BooleanField(false_values=NO)
    c = StringField()
    g = StringField()

    def __init__(self, formdata: Any, *, currency: str, context: str = "") -> None:
        super().__init__(formdata, context=context)
        self.amount.currency = self.other_amount.currency = currency

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Check each field. A filled free amount wins, whatever stands in the other."""
        if self.other_amount.typed:
            self.amount.typed = ""
        return bool(super().validate(extra_validators))

    @property
    def chosen(self) -> Money | None:
        """Give the amount chosen, None when there is none or it cannot be read."""
        found: Money | None = self.other_amount.data or self.amount.data
        return found if found is not None else self.other_amount.data

    @property
    def channel(self) -> str:
        """Give the code of the poster or link that led here; anything else than a code is none."""
        code = self.c.data or ""
        return code if CHANNEL.fullmatch(code) else ""

    @property
    def group(self) -> str:
        """Give the code of the group that gives; anything else than a code is none."""
        code = self.g.data or ""
        return code if GROUP.fullmatch(code) else ""

    @property
    def nothing_typed(self) -> bool:
        """Say whether no amount was sent at all."""
        return not self.amount.typed and not self.other_amount.typed

    @property
    def reward_id(self) -> int | None:
        """Give the reward chosen; a text that is no number can be no reward's (0 is nobody's)."""
        return row_number(self.reward.data) if self.reward.data else None

    @property
    def piece_id(self) -> int | None:
        """Give the piece wished for; one of another reward than the chosen one is none."""
        return row_number(self.piece.data) if self.piece.data and self.reward_id else None


class GiveForm(AmountForm):
    """Step 2: who gives, a receipt if wanted, how they are shown."""

    class Meta(Form.Meta):
        """What WTForms is told."""

        csrf = True

    # In the order of the page, so that what is wrong is told in it.
    donor_kind = ChoiceField(DonorKind, default=DonorKind.INDIVIDUAL)
    company_name = TextField(200)
    legal_form = TextField(60)
    company_number = TextField(40)
    first_name = TextField(LONGEST_NAME)
    last_name = TextField(LONGEST_NAME)
    email = EmailField()
    email_seen = StringField()
    wants_receipt = BooleanField(false_values=NO)
    address_line = TextField(200)
    postcode = TextField(16, filters=[closed])
    city = TextField(LONGEST_NAME)
    country = ChoiceField(country_codes())
    tax_number = TextField(32)
    wall = ChoiceField(Wall, default=Wall.ANONYMOUS)
    wall_name = TextField(LONGEST_WALL_NAME)
    wall_town = TextField(LONGEST_WALL_NAME)
    message = TextField(LONGEST_MESSAGE, lines=True)
    dedication_kind = ChoiceField(Dedication)
    dedication_name = TextField(LONGEST_NAME)
    dedication_email = EmailField()
    method = ChoiceField(METHODS_OFFERED, default="card")
    methods: tuple[str, ...] = METHODS_OFFERED  # those that the museum offers
    cover_fees = BooleanField(false_values=NO)
    news_museum = BooleanField(false_values=NO)
    news_network = BooleanField(false_values=NO)
    fallback = ChoiceField(Fallback, default=Fallback.KEEP)

    def validate_method(self, field: ChoiceField) -> None:
        """Say why a transfer or a cheque cannot be announced here."""
        if field.errors or field.data not in self.methods:
            field.errors = []  # one sentence is enough
            card = "card" in self.methods
            raise ValidationError(
                gettext(
                    N_("Here you can pay by card only. For a transfer or a cheque, write to the museum.")
                    if card
                    else N_("Choose one of the ways to pay that are offered here")
                )
            )

    def validate_first_name(self, field: TextField) -> None:
        """Ask a person for their name; a company has its own."""
        self._need(field, N_("Type your first name"), needed=not self.is_company)

    def validate_last_name(self, field: TextField) -> None:
        """Ask a person for their name."""
        self._need(field, N_("Type your last name"), needed=not self.is_company)

    def validate_company_name(self, field: TextField) -> None:
        """Ask a company for its name."""
        self._need(field, N_("Type the name of the company"), needed=self.is_company)

    def validate_company_number(self, field: TextField) -> None:
        """Check a company's number by its country's rule, whether a receipt is wanted or not."""
        problem = company_number_problem(self.country.data or "", field.data or "") if self.is_company else ""
        if problem and not field.errors:
            raise ValidationError(gettext(problem))

    def validate_email(self, field: EmailField) -> None:
        """Ask where to write. Who brings the money otherwise, and wants nothing sent, is shown all there is to know."""
        sent = self.wants_receipt.data or any(self[kind.value].data for kind in CONSENTS)
        self._need(
            field,
            N_("Type your e-mail address: your thank-you and your receipt go there"),
            needed=self.method.data == "card" or sent,
        )

    def validate_wall_name(self, field: TextField) -> None:
        """Ask for the name that is to stand on the wall."""
        self._need(field, N_("Type the name that is to stand on the wall"), needed=self.wall.data == Wall.OTHER)

    def validate_dedication_kind(self, field: ChoiceField) -> None:
        """Ask how a gift is dedicated when a name is told: the sentence on the card depends on it."""
        told = bool(self.dedication_name.data or self.dedication_email.data)
        if told and not field.data and not field.errors:
            raise ValidationError(gettext(N_("Say whether the gift is in honour or in memory")))

    def validate_dedication_name(self, field: TextField) -> None:
        """Ask to whom the gift is dedicated."""
        self._need(
            field, N_("Type the name of the person this gift is dedicated to"), needed=bool(self.dedication_kind.data)
        )

    def _need(self, field: TextField, sentence: str, *, needed: bool) -> None:
        if needed and not field.data and not field.errors:
            raise ValidationError(gettext(sentence))

    @property
    def meant(self) -> str:
        """Give the address that a misspelt one may mean, until it was shown once; it is a question and stops nobody."""
        typed = self.email.data or ""
        return "" if self.errors.get("email") or self.email_seen.data == typed else address_meant(typed)

    @property
    def is_company(self) -> bool:
        """Say whether a company gives."""
        return bool(self.donor_kind.data == DonorKind.COMPANY)

    def receipt_problems(self, jurisdiction: str) -> dict[str, str]:
        """Tell, in the page's language, what the receipt wanted still lacks, by field; nothing when none is wanted."""
        if not self.wants_receipt.data:
            return {}
        values = {name: self[name].data for name in (*ADDRESS_FIELDS, "tax_number", "company_number", "company_name")}
        values["company_number"] = siren_of_vat(values["company_number"] or "") or values["company_number"]
        values |= {
            "first_name": self.first_name.data,
            "last_name": self.last_name.data,
            "company_form": self.legal_form.data,
        }
        found = identity_problems(jurisdiction, self.donor_kind.data, values)
        # The legal form may be told later: the receipt waits for it.
        return {name: gettext(sentence) for name, sentence in found.items() if name != "company_form"}

    def donor(self, locale: str) -> DonorDetails:
        """Give who gives. The address is kept only when a receipt is wanted: we do not ask for what we do not need."""
        company = self.is_company
        kept = {name: self[name].data for name in (*ADDRESS_FIELDS, "tax_number") if self.wants_receipt.data}
        return DonorDetails(
            kind=self.donor_kind.data,
            first_name=self.first_name.data,
            last_name=self.last_name.data,
            company_name=self.company_name.data if company else "",
            # A receipt prints the SIREN, also for who types the number for VAT that holds it.
            company_number=(siren_of_vat(self.company_number.data) or self.company_number.data) if company else "",
            legal_form=self.legal_form.data if company else "",
            email=self.email.data,
            locale=locale,
            **kept,
        )

    def request(self, campaign_id: int, attempt: UUID, amount: Money, locale: str) -> PledgeRequest:
        """Give the pledge that is asked for."""
        dedicated = bool(self.dedication_kind.data)
        said_yes = {kind.value: gettext(wording) for kind, wording in CONSENTS.items() if self[kind.value].data}
        return PledgeRequest(
            attempt=attempt,
            campaign_id=campaign_id,
            amount=amount,
            donor=self.donor(locale),
            method=self.method.data,
            reward_id=self.reward_id,
            piece_id=self.piece_id,
            waive_reward=self.waive_reward.data,
            cover_fees=self.cover_fees.data and self.method.data == "card",  # nothing else costs the museum a fee
            wants_receipt=self.wants_receipt.data,
            fallback=self.fallback.data,
            wall=self.wall.data,
            wall_name=self.wall_name.data if self.wall.data == Wall.OTHER else "",
            wall_town=self.wall_town.data if self.wall.data != Wall.ANONYMOUS else "",
            message=self.message.data,
            dedication_kind=self.dedication_kind.data,
            dedication_name=self.dedication_name.data if dedicated else "",
            dedication_email=self.dedication_email.data if dedicated else "",
            channel=self.channel,
            group=self.group,
            consents=said_yes,
        )


class TopUpForm(AmountForm):
    """Add to a gift: an amount and the token of this attempt."""

    class Meta(Form.Meta):
        """What WTForms is told."""

        csrf = True


def parse_attempt(text: str) -> UUID | None:
    """Read the attempt a form carries; None when it carries none that we could have minted."""
    try:
        return UUID(text)
    except ValueError:
        return None
