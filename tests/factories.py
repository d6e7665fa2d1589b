"""One factory for each model: rows that satisfy every constraint, with only what a test cares about spelt out."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.accounts.models import Account
from crowdfund.campaigns import documents, gate
from crowdfund.campaigns.models import Artwork, Campaign, CampaignDocument, EarlyLink, Reward
from crowdfund.campaigns.promises import Approver, DecisionKind, WordState
from crowdfund.conversation.models import Mention, News, NewsText, Question, ReplyTemplate
from crowdfund.crm.models import DonorApart, DonorMerge, DonorNote, DonorTag, SavedView
from crowdfund.desk.models import BankLine, Batch, Cheque, Count, Statement
from crowdfund.donors.models import Donor
from crowdfund.gifts.models import Gift
from crowdfund.institutions.models import BankDetails, Institution, Issuer, Member
from crowdfund.intake.models import DonorFile
from crowdfund.ledger import service as ledger
from crowdfund.links import digest
from crowdfund.payments.models import Checkout
from crowdfund.pictures.models import Picture
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.team.models import Invitation
from crowdfund.tenancy import OperatorScope, PlatformScope, museum_of, transaction
from tests.campaigns.papers import paper

_count = itertools.count(1)


def texts(word: str) -> dict[str, str]:
    """Say one word in the three languages."""
    return {"fr": f"{word} (fr)", "it": f"{word} (it)", "en": f"{word} (en)"}


def _added(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()  # for its id
    return row


def make_institution(**given: Any) -> int:
    """Found a museum and give its id; opens its own transaction, since a museum is in nobody's scope."""
    n = next(_count)
    values = {
        "code": f"M{n}",
        "slug": f"museum-{n}",
        "name": f"Museum {n}",
        "kind": "municipal",
        "intro": texts("Intro"),
        "city": "Chambéry",
        "region": "Savoie",
        "country": "FR",
        "latitude": 45.56,
        "longitude": 5.92,
        "time_zone": "Europe/Paris",
        "currency": "EUR",
        "locales": ["fr", "it", "en"],
        "default_locale": "fr",
        "contact_email": "musee@example.org",
        "opening": texts("Open"),
        "wall_hue": 166,
        "wall_chroma": 0.05,
        "wall_shift": 0,
    } | given
    with transaction(PlatformScope()) as session:
        row = Institution(**values)
        session.add(row)
        session.flush()  # for its id
        return row.id


def scope(institution_id: int) -> OperatorScope:
    """Enter a museum as the tests do."""
    return OperatorScope(institution_id, "test")


def make_issuer(session: Session, **given: Any) -> Issuer:
    """Add a legal entity that may issue French receipts."""
    n = next(_count)
    values = {
        "legal_name": f"Ville d'Essai {n}",
        "kind": "musee_de_france",
        "jurisdiction": "FR",
        "registrations": {"siren": "217300656"},
        "address_line": "1 place du Palais",
        "postcode": "73000",
        "city": "Chambéry",
        "country": "FR",
        "purpose": texts("Enrichir les collections"),
        "category": texts("Musée de France"),
        "legal_bases": ["200", "238bis"],
        "stamp_duty_policy": None,
        "signatory_name": "A. Mollard",
        "signatory_quality": "Le régisseur",
        "signature_asset": None,
        "mandate_signed_on": date(2024, 1, 1),
        "mandate_revoked_on": None,
        "accountant_agreed_on": date(2024, 1, 1),
        "time_zone": "Europe/Paris",
        "currency": "EUR",
        "series": f"S{n}",
        "payment_account": f"acct_test_{n}",
        "payment_account_state": "active",
    } | given
    return _added(session, Issuer(**values))  # type: ignore[no-any-return]


def make_artwork(session: Session, **given: Any) -> Artwork:
    """Add a work."""
    values = {
        "title": texts("The work"),
        "maker": texts("Maker"),
        "dated": texts("1732"),
        "technique": texts("Porcelain"),
        "seller": texts("A collector"),
        "provenance": texts("Family"),
        "price_minor": 8_000_000,
        "currency": "EUR",
        "image": None,
        "image_width": None,
        "image_height": None,
        "image_alt": texts("A work"),
        "parts": None,
    } | given
    return _added(session, Artwork(**values))  # type: ignore[no-any-return]


def make_campaign(session: Session, **given: Any) -> Campaign:
    """Add a live campaign in `keep` mode with its fund open."""
    n = next(_count)
    issuer_id = given.pop("issuer_id", None) or make_issuer(session).id
    artwork_id = given.pop("artwork_id", None) or make_artwork(session).id
    now = clock.now()
    values = {
        "code": f"C{n}",
        "slug": f"campaign-{n}",
        "artwork_id": artwork_id,
        "issuer_id": issuer_id,
        "state": "live",
        "funding_model": "keep",
        "kind": "acquisition",
        "currency": "EUR",
        "goal_minor": 4_200_000,
        "threshold_minor": None,
        "minimum_minor": 100,
        "suggested_minor": [2000, 5000, 10000, 25000],
        "opens_at": now - timedelta(days=5),
        "closes_at": now + timedelta(days=55),
        "tax_regime": "fr_200",
        "art_bonus_id": None,
        "title": texts("Title"),
        "summary": texts("Summary"),
        "story": {},
        "fallback": texts("Kept"),
        "surplus": texts("Surplus"),
    } | given
    row = _added(session, Campaign(**values))
    ledger.open_fund(session, row.id, row.code, row.issuer_id, row.currency)
    return row  # type: ignore[no-any-return]


MOVES = {"scheduled": ("scheduled",), "live": ("live",)}  # from a draft


def make_ready(session: Session, campaign: Campaign, state: str = "") -> Campaign:
    """Settle all that an opening waits for; then, without a door, let the campaign be in another state."""
    artwork = session.get_one(Artwork, (campaign.institution_id, campaign.artwork_id))
    artwork.image, artwork.image_width, artwork.image_height = artwork.image or "viole.svg", 10, 10
    artwork.price_minor = campaign.goal_minor
    campaign.story = {"fr": [{"text": "A story"}]}
    campaign.word_states = dict.fromkeys(("fr", "it", "en"), WordState.APPROVED)
    day = clock.now().date() - timedelta(days=9)
    for kind in DecisionKind:
        gate.note_decision(session, campaign, kind, reference="1", dated_on=day, account_id=None)
    for part in Approver:
        gate.approve(session, campaign, part, name="A. Name", agreed_on=day, document="", account_id=None)
    for one in MOVES.get(state, ()):
        campaign.state = one
        session.flush()
    return campaign


def campaign_in(session: Session, campaign_id: int) -> Campaign:
    """Find a campaign of the museum in scope."""
    return session.scalars(select(Campaign).where(Campaign.id == campaign_id)).one()


def make_reward(session: Session, campaign: Campaign, **given: Any) -> Reward:
    """Add a reward from 50.00 worth 8.00."""
    values = {
        "campaign_id": campaign.id,
        "position": 1,
        "title": texts("Print"),
        "description": texts("A print"),
        "price_minor": 5000,
        "currency": campaign.currency,
        "fair_value_minor": 800,
        "valued_on": date(2026, 1, 1),
        "symbolic": False,
        "fulfilment": "postal",
        "stock": None,
        "available_from": None,
        "available_until": None,
        "image": None,
    } | given
    return _added(session, Reward(**values))  # type: ignore[no-any-return]


def make_donor(session: Session, **given: Any) -> Donor:
    """Add a donor whose identity is complete for a French receipt."""
    n = next(_count)
    values = {
        "kind": "individual",
        "first_name": "Camille",
        "last_name": f"Rey{n}",
        "company_name": None,
        "company_number": None,
        "legal_form": None,
        "email": f"camille.rey{n}@example.org",
        "address_line": "8 rue des Tanneurs",
        "postcode": "73000",
        "city": "Chambéry",
        "country": "FR",
        "tax_number": None,
        "locale": "fr",
    } | given
    return _added(session, Donor(**values))  # type: ignore[no-any-return]


def make_pledge(session: Session, campaign: Campaign, donor: Donor | None = None, **given: Any) -> Pledge:
    """Add a pledge of 50.00 by card."""
    attempt = given.pop("attempt", None) or uuid4()
    donor_id = (donor or make_donor(session)).id
    values = {
        "attempt": attempt,
        "token_hash": digest(str(attempt)),
        "campaign_id": campaign.id,
        "donor_id": donor_id,
        "state": "made",
        "amount_minor": 5000,
        "cover_minor": 0,
        "currency": campaign.currency,
        "method": "card",
        "reward_id": None,
        "reward_state": "none",
        "counterpart_minor": 0,
        "wants_receipt": True,
        "fallback": "museum",
        "locale": "fr",
        "wall": "anonymous",
    } | given
    return _added(session, Pledge(**values))  # type: ignore[no-any-return]


def make_checkout(session: Session, pledge: Pledge, **given: Any) -> Checkout:
    """Add a try to pay that was paid."""
    values = {
        "pledge_id": pledge.id,
        "number": 1,
        "account": "acct_test",
        "state": "paid",
        "amount_minor": pledge.amount_minor,
        "currency": pledge.currency,
        "expires_at": clock.now() + timedelta(hours=1),
    } | given
    return _added(session, Checkout(**values))  # type: ignore[no-any-return]


def make_gift(session: Session, campaign: Campaign, donor: Donor | None = None, **given: Any) -> Gift:
    """Add a gift of 50.00 by card, without its ledger lines: for tests that need the row only."""
    n = next(_count)
    values = {
        "reference": f"test:{n}",
        "pledge_id": None,
        "donor_id": (donor or make_donor(session)).id,
        "campaign_id": campaign.id,
        "state": "received",
        "amount_minor": 5000,
        "currency": campaign.currency,
        "method": "card",
        "gift_date": date(2026, 6, 10),
        "gift_date_basis": "credited",
        "received_at": clock.now(),
        "charge": f"ch_{n}",
        "payment": f"pi_{n}",
        "wants_receipt": True,
    } | given
    return _added(session, Gift(**values))  # type: ignore[no-any-return]


LATER = 10**9  # what a scheduled campaign's number is beyond the one given


def make_news(session: Session, campaign: Campaign, **given: Any) -> News:
    """Publish a piece of news in three languages."""
    values = {"campaign_id": campaign.id, "kind": "found", "state": "published", "published_at": clock.now()} | given
    news = _added(session, News(**values))
    for locale, title in texts("News").items():
        _added(
            session, NewsText(news_id=news.id, locale=locale, title=title, text="First.\n\nSecond.", status="approved")
        )
    return news  # type: ignore[no-any-return]


def make_talk(session: Session, number: int, words: str = "Why?") -> None:
    """Plant under one number what the inbox holds and a draft of news; beyond it, a scheduled campaign and a link to it."""
    later = make_campaign(session, id=number + LATER, state="scheduled", opens_at=clock.now() + timedelta(days=2))
    _added(session, Question(
        id=number, campaign_id=later.id, text=words, asker_name=words, locale="fr", holds_link=False, fingerprint=words))  # fmt: skip
    _added(session, EarlyLink(id=number + LATER, campaign_id=later.id, note=words, token_hash=f"early {number}"))
    _added(session, News(id=number, campaign_id=later.id, kind="found"))
    _added(session, ReplyTemplate(id=number + LATER, locale="fr", title=words, text=words))
    _added(session, Mention(id=number + LATER, campaign_id=later.id, source="A paper", title="A title", url="https://example.org/",
                            said_on=date(2026, 6, 10), locale="fr"))  # fmt: skip
    _added(session, WallEntry(
        id=number, campaign_id=later.id, pledge_id=make_pledge(session, later).id, display_name="A name", message=words, locale="fr",
        shown_from=clock.now(), order_key=number))  # fmt: skip
    make_picture(session, id=number, alt=texts(words), credit=words)
    make_document(session, later, id=number, title=texts(words))


PAPER = paper()


def make_document(session: Session, campaign: Campaign, **given: Any) -> CampaignDocument:
    """File a paper with a campaign, for its museum alone."""
    file = documents.keep_file(museum_of(session), PAPER)
    values = {
        "campaign_id": campaign.id, "state": "internal", "kind": "report", "title": texts("Report"), "locale": "fr",
        "dated_on": date(2026, 3, 14), "storage_key": file.key, "sha256": file.sha256, "size_bytes": file.size_bytes,
    } | given  # fmt: skip
    return _added(session, CampaignDocument(**values))  # type: ignore[no-any-return] # gives back what it is given


def make_picture(session: Session, **given: Any) -> Picture:
    """Add a picture without files."""
    values = {
        "digest": f"{next(_count):064x}", "width": 1600, "height": 1200, "widths": [480, 960, 1600], "alt": texts("Picture"),
    } | given  # fmt: skip
    return _added(session, Picture(**values))  # type: ignore[no-any-return]


def make_desk(session: Session, campaign: Campaign, number: int, words: str = "Rey") -> None:
    """Plant under one number what the desk works on; beyond it, a promise and where it is to be paid."""
    _added(session, BankDetails(
        issuer_id=campaign.issuer_id, beneficiary="Ville", iban="FR7630006000011234567890189", cheque_order="Ville",
        cheque_address="1 place", takes_transfers=True, takes_cheques=True, changed_by="test"))  # fmt: skip
    donor = make_donor(session, last_name=words)
    make_pledge(session, campaign, donor, id=number + LATER, method="cheque", reference="T2KH5KWH44")
    own: dict[str, Any] = {"id": number, "currency": campaign.currency}
    _added(session, Statement(
        id=number, issuer_id=campaign.issuer_id, form="camt", filename=words, sha256="0", account="FR76", state="imported",
        lines_new=1, lines_known=0, recorded_by="test"))  # fmt: skip
    _added(session, BankLine(
        **own, statement_id=number, issuer_id=campaign.issuer_id, account="FR76", key=f"ref:{number}", booked_on=date(2026, 1, 5),
        amount_minor=20000, payer=words, text=words, state="recorded", wants_receipt=False, rounds=0))  # fmt: skip
    batch = number + LATER  # beyond what a form of the desk begins meanwhile
    _added(
        session,
        Batch(**own | {"id": batch}, attempt=uuid4(), issuer_id=campaign.issuer_id, state="recorded", opened_by="test"),
    )
    _added(session, Cheque(
        **own, attempt=uuid4(), batch_id=batch, donor_id=donor.id, campaign_id=campaign.id, amount_minor=5000, number=words,
        bank=words, received_on=date(2026, 1, 5), handed=False, wants_receipt=False, state="recorded", recorded_by="test"))  # fmt: skip
    _added(session, Count(
        **own, attempt=uuid4(), kind="box", campaign_id=campaign.id, place=words, day=date(2026, 1, 5), sheet={"2000": 2},
        total_minor=4000, units=2, state="recorded", recorded_by="test"))  # fmt: skip


def make_account(**given: Any) -> int:
    """Add someone who signs in and give their id."""
    n = next(_count)
    values = {"email": f"staff{n}@example.org", "name": f"Staff {n}", "locale": "fr", "password_hash": None} | given
    with transaction(PlatformScope()) as session:
        return _added(session, Account(**values)).id  # type: ignore[no-any-return]


def make_member(session: Session, account_id: int, role: str = "owner", **given: Any) -> Member:
    """Add a member of the staff."""
    return _added(session, Member(**({"account_id": account_id, "role": role, "state": "active"} | given)))  # type: ignore[no-any-return]


def make_team(session: Session, number: int) -> None:
    """Plant a colleague with a second factor and an open invitation, each as far beyond the number as a later campaign."""
    colleague = Account(email=f"colleague{number}@example.org", name="Colleague", locale="fr", totp_secret="sealed")
    account_id = _added(session, colleague).id
    make_member(session, account_id, "desk", id=number + LATER)
    _added(session, Invitation(
        id=number + LATER, key=uuid4(), token_hash=f"invitation {number}", email=f"expected{number}@example.org",
        name="Expected", role="desk", locale="fr", times_sent=1, invited_by_id=account_id, invited_at=clock.now(),
        expires_at=clock.now() + timedelta(days=7)))  # fmt: skip


def make_file(session: Session, number: int, words: str = "Words") -> None:
    """Plant a file of donors that was taken in long ago."""
    _added(session, DonorFile(
        id=number, filename=words, sha256="0", encoding="UTF-8", delimiter=";", rows=1, state="applied", columns={}, report={},
        origin=words, recorded_by="x", applied_at=clock.now() - timedelta(days=99)))  # fmt: skip


def make_apart(session: Session, number: int, donor_id: int) -> None:
    """Plant a record that was said to be another person than a donor."""
    other = make_donor(session)
    _added(session, DonorApart(id=number, lower_id=donor_id, higher_id=other.id, said_by="x"))


def make_known(session: Session, number: int, words: str = "Words") -> None:
    """Plant a donor with a tag, a note and an undone merge, and a view, each as far beyond the number as a later campaign.

    A museum's own donors and notes have drawn numbers: one of them may be the number given.
    """
    own: dict[str, Any] = {"id": number + LATER}
    donor_id = make_donor(session, **own).id
    _added(session, SavedView(**own, page="gifts", name=words, filters={"method": "card"}, saved_by="x"))
    _added(session, DonorTag(**own, donor_id=donor_id, tag=words))
    _added(session, DonorNote(**own, donor_id=donor_id, kind="note", text=words, written_by="x"))
    undone = {"moved": [], "merged_by": "x", "undone_at": clock.now()}
    _added(session, DonorMerge(**own, kept_id=donor_id, merged_id=donor_id, **undone))
    make_file(session, number + LATER, words)
    lower, higher = sorted((donor_id, make_donor(session).id))
    _added(session, DonorApart(**own, lower_id=lower, higher_id=higher, said_by="x"))
