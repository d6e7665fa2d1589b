from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from crowdfund import clock, outbox
from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import Refusal
from crowdfund.gifts.identity import complete_identity
from crowdfund.gifts.models import Gift, Refund
from crowdfund.receipts import service
from crowdfund.receipts.holds import DONOR_CAN_COMPLETE, REASONS, reason_text
from crowdfund.receipts.models import Receipt, ReceiptGift
from crowdfund.receipts.rules import TRANSITIONS, ReceiptState
from tests import factories
from tests.receipts.conftest import FISCAL_CODE, Museum

COMPANY = {
    "kind": "company", "company_name": "Soieries du Lac", "company_number": "552100554", "legal_form": "SARL",
    "first_name": None, "last_name": None,
}  # fmt: skip


def issue(museum: Museum, gift_id: int) -> Receipt | None:
    with museum.open() as session:
        return service.issue(session, gift_id)


def test_person_gets_the_form_of_art_200(museum: Museum) -> None:
    receipt = issue(museum, museum.gift(gift_date=date(2026, 6, 10), donor={"last_name": "Rey"}))
    assert receipt is not None
    assert (receipt.form, receipt.number, receipt.amount_minor, receipt.state) == ("2041-RD", 1, 5000, "issued")
    printed = receipt.snapshot
    assert printed["donor"]["name"] == "Camille Rey"
    assert printed["donor"]["address_lines"] == ["8 rue des Tanneurs", "73000 Chambéry", "France"]
    assert printed["amount_words"] == "cinquante euros"
    assert printed["legal_articles"] == ["200"]
    assert printed["gift"]["date"] == "2026-06-10"
    assert printed["number"] == f"{receipt.series}-{receipt.year}-000001"


def test_company_gets_the_form_of_art_238_bis_and_never_the_other(museum: Museum) -> None:
    receipt = issue(museum, museum.gift(donor=COMPANY))
    assert receipt is not None
    assert receipt.form == "2041-MEC-SD"
    assert receipt.snapshot["donor"]["identifiers"] == [["SIREN", "552 100 554"]]
    assert receipt.snapshot["legal_articles"] == ["238 bis"]


def test_company_without_a_valid_siren_waits(museum: Museum) -> None:
    gift = museum.gift(donor={**COMPANY, "company_number": "552100555"})
    assert issue(museum, gift) is None
    assert museum.hold(gift) == ("hold", "identity_incomplete")


def test_art_bonus_names_the_fiscal_code_and_the_intervention(italian: Museum) -> None:
    receipt = issue(italian, italian.gift(donor={"tax_number": FISCAL_CODE.lower(), "locale": "it"}))
    assert receipt is not None
    assert receipt.form == "Art Bonus"
    assert receipt.snapshot["donor"]["identifiers"] == [["Codice fiscale", FISCAL_CODE]]
    assert receipt.snapshot["art_bonus_intervention"] == "AB-2026-17"
    assert receipt.snapshot["amount_words"] == "cinquanta euro"


def test_art_bonus_without_fiscal_code_waits_for_it(italian: Museum) -> None:
    gift = italian.gift(donor={"tax_number": None}, pledged=True)
    assert issue(italian, gift) is None
    assert italian.hold(gift) == ("hold", "identity_incomplete")
    with pytest.raises(Refusal) as refused:
        complete(italian, gift, DonorDetails(tax_number="RSSMRA85T10A562X", locale="it"))
    assert refused.value.field == "tax_number"
    assert italian.receipts() == []
    complete(italian, gift, DonorDetails(tax_number=FISCAL_CODE, locale="it"))
    assert [receipt.number for receipt in italian.receipts()] == [1]
    assert italian.hold(gift) is None


def complete(museum: Museum, gift_id: int, details: DonorDetails) -> None:
    """Tell more, as the gift's page does, and let the fact arrive."""
    with museum.open() as session:
        pledge_id = session.get_one(Gift, (museum.id, gift_id)).pledge_id
        assert pledge_id is not None
        complete_identity(session, pledge_id, details)
    for row in museum.waiting():
        outbox.deliver(museum.id, row.id)


@pytest.mark.parametrize("method", ["cash", "box"])
def test_cash_opens_no_art_bonus(italian: Museum, method: str) -> None:
    gift = italian.gift(method=method, donor={"tax_number": FISCAL_CODE})
    assert issue(italian, gift) is None
    assert italian.hold(gift) == ("none", "not_traceable")


def test_campaign_that_is_not_on_the_portal_opens_nothing(italian: Museum) -> None:
    with italian.open() as session:
        italian.campaign(session).art_bonus_id = None
    gift = italian.gift(donor={"tax_number": FISCAL_CODE})
    assert issue(italian, gift) is None
    assert italian.hold(gift) == ("none", "no_intervention")


# Each row: what is missing at the issuer → the reason.
ISSUERS: list[tuple[dict[str, Any], str]] = [
    ({"signatory_name": None}, "issuer_signatory"),
    ({"signatory_quality": ""}, "issuer_signatory"),
    ({"mandate_signed_on": None}, "issuer_mandate"),
    ({"mandate_signed_on": date(2999, 1, 1)}, "issuer_mandate"),
    ({"mandate_revoked_on": date(2025, 1, 1)}, "issuer_mandate"),
    ({"kind": "collectivite", "accountant_agreed_on": None}, "issuer_accountant"),
    ({"legal_bases": ["238bis"]}, "issuer_legal_basis"),
    ({"registrations": {}}, "issuer_identity"),
    ({"purpose": {}}, "issuer_identity"),
]


@pytest.mark.parametrize(("changes", "reason"), ISSUERS)
def test_issuer_that_may_not_sign_holds_its_gifts(museum: Museum, changes: dict[str, Any], reason: str) -> None:
    museum.issuer(**changes)
    gift = museum.gift()
    assert issue(museum, gift) is None
    assert museum.hold(gift) == ("hold", reason)
    assert museum.receipts() == []


def test_held_gift_is_issued_once_the_signatory_is_named(museum: Museum) -> None:
    museum.issuer(signatory_name=None)
    gift = museum.gift()
    issue(museum, gift)
    museum.issuer(signatory_name="A. Mollard")
    with museum.open() as session:
        assert service.held_gifts(session, 10) == [gift]
    assert issue(museum, gift) is not None
    assert museum.hold(gift) is None
    with museum.open() as session:
        assert service.held_gifts(session, 10) == []


# Each row: the donor → the reason.
DONORS: list[tuple[dict[str, Any], str]] = [
    ({"address_line": None, "postcode": None, "city": None}, "identity_incomplete"),
    ({"postcode": "7300"}, "identity_incomplete"),
    ({"first_name": None, "last_name": None, "address_line": None, "postcode": None, "city": None}, "no_identity"),
]


@pytest.mark.parametrize(("donor", "reason"), DONORS)
def test_donor_whose_details_are_missing_holds_the_gift(museum: Museum, donor: dict[str, Any], reason: str) -> None:
    gift = museum.gift(donor=donor)
    assert issue(museum, gift) is None
    assert museum.hold(gift) == ("hold", reason)


def test_donor_completes_the_address_and_the_receipt_leaves(museum: Museum) -> None:
    gift = museum.gift(donor={"address_line": None, "postcode": None, "city": None}, pledged=True, wants_receipt=False)
    assert issue(museum, gift) is None
    told = DonorDetails(address_line="2 quai Nord", postcode="69001", city="Lyon", country="FR", locale="fr")
    complete(museum, gift, told)
    [receipt] = museum.receipts()
    assert receipt.snapshot["donor"]["address_lines"] == ["2 quai Nord", "69001 Lyon", "France"]
    assert museum.hold(gift) is None


def test_one_donor_without_address_does_not_hold_up_the_others(museum: Museum) -> None:
    gifts = [museum.gift(), museum.gift(donor={"city": None}), museum.gift()]
    assert [issue(museum, gift) is not None for gift in gifts] == [True, False, True]
    assert [receipt.number for receipt in museum.receipts()] == [1, 2]


def test_gift_whose_donor_wants_none_has_neither_receipt_nor_hold(museum: Museum) -> None:
    gift = museum.gift(wants_receipt=False)
    assert issue(museum, gift) is None
    assert museum.hold(gift) is None


def test_campaign_without_regime_and_box_without_donor_give_none(museum: Museum) -> None:
    box = museum.gift(method="box", donor_id=None)
    issue(museum, box)
    assert museum.hold(box) == ("none", "no_donor")
    with museum.open() as session:
        museum.campaign(session).tax_regime = None
    gift = museum.gift()
    issue(museum, gift)
    assert museum.hold(gift) == ("none", "no_regime")


@pytest.mark.parametrize(("regime", "jurisdiction"), [("be_145_33", "BE"), ("ch_ifd", "CH")])
def test_yearly_attestations_wait_for_the_year(found: Callable[..., Museum], regime: str, jurisdiction: str) -> None:
    currency = "CHF" if jurisdiction == "CH" else "EUR"
    museum = found(jurisdiction=jurisdiction, currency=currency)
    with museum.open() as session:
        campaign = factories.make_campaign(session, issuer_id=museum.issuer_id, tax_regime=regime, currency=currency)
        gift = factories.make_gift(session, campaign, currency=currency).id
    assert issue(museum, gift) is None
    assert museum.hold(gift) == ("hold", "yearly")


def test_regime_nobody_knows_waits_for_a_person(museum: Museum) -> None:
    with museum.open() as session:
        museum.campaign(session).tax_regime = "fr_999"
    gift = museum.gift()
    assert issue(museum, gift) is None
    assert museum.hold(gift) == ("hold", "law_unknown")


def test_issuing_twice_is_once(museum: Museum) -> None:
    gift = museum.gift()
    first, second = issue(museum, gift), issue(museum, gift)
    assert first is not None
    assert second is not None
    assert first.id == second.id
    assert len(museum.facts("receipt.issued")) == 1


def test_each_receipt_has_its_code_and_only_the_digest_finds_it(museum: Museum) -> None:
    one, two = (issue(museum, museum.gift()) for _ in range(2))
    assert one is not None
    assert two is not None
    codes = [receipt.snapshot["verification_code"] for receipt in (one, two)]
    assert codes[0] != codes[1]
    assert one.code_hash != codes[0]
    assert one.snapshot["verification_url"].endswith(f"/fr/receipts/{codes[0]}")


@pytest.mark.parametrize(
    ("zone", "year"), [("Europe/Paris", 2027), ("UTC", 2026), ("Pacific/Auckland", 2027), ("America/New_York", 2026)]
)
def test_year_turns_in_the_issuers_time_zone(
    found: Callable[..., Museum], monkeypatch: pytest.MonkeyPatch, zone: str, year: int
) -> None:
    museum = found(time_zone=zone)
    gift = museum.gift(gift_date=date(2026, 12, 31))
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    receipt = issue(museum, gift)
    assert receipt is not None
    assert (receipt.year, receipt.number) == (year, 1)


def test_new_year_and_new_issuer_start_their_own_series(museum: Museum, monkeypatch: pytest.MonkeyPatch) -> None:
    issue(museum, museum.gift())
    with museum.open() as session:
        other = factories.make_issuer(session)
        campaign = factories.make_campaign(session, issuer_id=other.id)
        elsewhere = factories.make_gift(session, campaign).id
    assert issue(museum, elsewhere).number == 1  # type: ignore[union-attr]
    this_year = clock.now().year
    later = museum.gift(), museum.gift()
    monkeypatch.setattr(clock, "now", lambda: datetime(this_year + 1, 3, 1, tzinfo=UTC))
    assert [(r.year, r.number) for r in (issue(museum, gift) for gift in later) if r] == [
        (this_year + 1, 1), (this_year + 1, 2),
    ]  # fmt: skip


def test_rolled_back_transaction_gives_its_number_back(museum: Museum) -> None:
    gift, taken = museum.gift(), []

    class Crash(Exception):
        pass

    def issue_and_crash() -> None:
        with museum.open() as session:
            taken.append(service.issue(session, gift).number)  # type: ignore[union-attr]
            raise Crash

    with pytest.raises(Crash):
        issue_and_crash()
    taken.append(issue(museum, gift).number)  # type: ignore[union-attr]
    assert taken == [1, 1]


# ---------- counterparts ----------


@pytest.mark.parametrize(("value", "held"), [(1250, None), (1251, ("none", "counterpart_share"))])
def test_counterpart_may_be_worth_a_quarter(museum: Museum, value: int, held: tuple[str, str] | None) -> None:
    gift = museum.gift(counterpart_minor=value, gift_date=date(2025, 6, 10))
    receipt = issue(museum, gift)
    assert (receipt is None) == (held is not None)
    assert museum.hold(gift) == held
    if receipt is not None:
        assert receipt.amount_minor == 5000
        assert receipt.snapshot["gift"]["counterpart_minor"] == 1250


@pytest.mark.parametrize("later_first", [False, True])
def test_second_counterpart_of_the_year_passes_the_ceiling(museum: Museum, later_first: bool) -> None:
    given: dict[str, Any] = {"counterpart_minor": 4000, "amount_minor": 20000}
    with museum.open() as session:
        donor = factories.make_donor(session)
        first = museum.give(
            session, donor, **given, gift_date=date(2025, 3, 1), received_at=datetime(2025, 3, 1, tzinfo=UTC)
        ).id
        second = museum.give(
            session, donor, **given, gift_date=date(2025, 11, 10), received_at=datetime(2025, 11, 10, tzinfo=UTC)
        ).id
        other_year = museum.give(
            session, donor, **given, gift_date=date(2024, 11, 10), received_at=datetime(2024, 11, 10, tzinfo=UTC)
        ).id
    for gift in (second, first) if later_first else (first, second):
        issue(museum, gift)
    assert museum.hold(first) is None
    assert museum.hold(second) == ("hold", "counterparts_of_year")
    assert len(museum.facts("receipt.to_review")) == (0 if later_first else 1)
    assert issue(museum, other_year) is not None


def test_counterparts_of_a_refunded_gift_or_another_donor_do_not_count(museum: Museum) -> None:
    given: dict[str, Any] = {"counterpart_minor": 4000, "amount_minor": 20000, "gift_date": date(2025, 3, 1)}
    with museum.open() as session:
        donor = factories.make_donor(session)
        museum.give(session, donor, **given, state="refunded", refunded_minor=20000)
        museum.give(session, **given)
        gift = museum.give(session, donor, **given).id
    assert issue(museum, gift) is not None


def test_italian_gift_with_a_counterpart_of_value_waits(italian: Museum) -> None:
    gift = italian.gift(counterpart_minor=100, donor={"tax_number": FISCAL_CODE})
    assert issue(italian, gift) is None
    assert italian.hold(gift) == ("hold", "counterpart")


def test_waived_reward_is_said_and_counts_nothing(museum: Museum) -> None:
    with museum.open() as session:
        campaign = museum.campaign(session)
        reward = factories.make_reward(session, campaign)
        pledge = factories.make_pledge(session, campaign, state="paid", reward_id=reward.id, reward_state="waived")
        gift = factories.make_gift(session, campaign, pledge_id=pledge.id).id
    receipt = issue(museum, gift)
    assert receipt is not None
    assert receipt.snapshot["gift"]["counterpart_waived"] is True
    assert receipt.snapshot["gift"]["counterpart"] == ""


def test_claimed_reward_is_named_with_its_value(museum: Museum) -> None:
    with museum.open() as session:
        campaign = museum.campaign(session)
        reward = factories.make_reward(session, campaign)
        pledge = factories.make_pledge(session, campaign, state="paid", reward_id=reward.id, reward_state="claimed")
        gift = factories.make_gift(session, campaign, pledge_id=pledge.id, counterpart_minor=800).id
    receipt = issue(museum, gift)
    assert receipt is not None
    assert (receipt.snapshot["gift"]["counterpart"], receipt.snapshot["gift"]["counterpart_minor"]) == (
        "Print (fr)",
        800,
    )


# ---------- what the database refuses ----------


@pytest.mark.parametrize(
    "changes",
    [{"amount_minor": 1}, {"snapshot": {}}, {"number": 7}, {"code_hash": "x"}, {"gift_date": date(2020, 1, 1)}],
)
def test_issued_fields_never_change(museum: Museum, changes: dict[str, Any]) -> None:
    receipt = issue(museum, museum.gift())
    assert receipt is not None
    with pytest.raises(IntegrityError, match="never changes"), museum.open() as session:
        session.execute(update(Receipt).where(Receipt.id == receipt.id).values(**changes))


def test_gift_has_one_live_receipt_at_most(museum: Museum) -> None:
    gift = museum.gift()
    receipt = issue(museum, gift)
    other = issue(museum, museum.gift())
    assert receipt is not None
    assert other is not None
    with pytest.raises(IntegrityError, match="uq_receipt_gifts_live"), museum.open() as session:
        session.add(ReceiptGift(receipt_id=other.id, gift_id=gift, amount_minor=5000, live=True))


def test_rule_and_database_agree_on_what_a_receipt_may_become(museum: Museum) -> None:
    for before in ReceiptState:
        for after in ReceiptState:
            if before == after:
                continue
            receipt = issue(museum, museum.gift())
            assert receipt is not None
            with museum.open() as session:
                if before != ReceiptState.ISSUED:
                    session.execute(update(Receipt).where(Receipt.id == receipt.id).values(state=before))
            allowed = True
            try:
                with museum.open() as session:
                    session.execute(update(Receipt).where(Receipt.id == receipt.id).values(state=after))
            except IntegrityError:
                allowed = False
            assert allowed == (after in TRANSITIONS[before]), (before, after)


def test_gift_in_dispute_or_on_its_way_back_waits(museum: Museum) -> None:
    disputed = museum.gift(state="disputed", disputed_minor=5000)
    asked, gone = museum.gift(), museum.gift(state="refunded", refunded_minor=5000)
    with museum.open() as session:
        now = clock.now()
        session.add(Refund(request="0" * 32, gift_id=asked, kind="refund", state="requested", amount_minor=100,
                           currency="EUR", reason="", requested_by="test", created_at=now))  # fmt: skip
    for gift in (disputed, asked, gone):
        assert issue(museum, gift) is None
    assert museum.hold(disputed) == ("hold", "dispute")
    assert museum.hold(asked) == ("hold", "refund_pending")
    assert museum.hold(gone) == ("none", "nothing_kept")


def test_gift_of_another_museum_is_not_there(museum: Museum, italian: Museum) -> None:
    gift = italian.gift(donor={"tax_number": FISCAL_CODE})
    with museum.open() as session, pytest.raises(LookupError):
        service.issue(session, gift)


def test_every_reason_has_words() -> None:
    assert {reason for _changes, reason in ISSUERS} <= set(REASONS)
    assert {reason for _donor, reason in DONORS} <= DONOR_CAN_COMPLETE
    assert reason_text("something new").startswith("The museum looks")
