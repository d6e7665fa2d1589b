"""What lies on the desk of a museum: bank details, promises of transfers and cheques, a statement, an open batch, a box."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.orm import Session

from crowdfund import clock, outbox
from crowdfund.campaigns.service import campaign_of
from crowdfund.demo.people import Person
from crowdfund.desk import cheques, counts, entering, service, statements
from crowdfund.desk.counts import Sheet
from crowdfund.desk.entering import Entered
from crowdfund.desk.rules import CountKind
from crowdfund.institutions.bank import Details, set_bank_details
from crowdfund.institutions.models import Issuer
from crowdfund.money import Money
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.references import printed
from crowdfund.pledges.rules import PledgeRequest
from crowdfund.tenancy import OperatorScope, StaffScope, museum_of, transaction

# Invented accounts, their check figures right. Cheques are still written in France.
IBANS = {
    "VAL": "IT60X0542811101000000123456",
    "SAV": "IT12A0542811101000000654321",
    "AUB": "FR7630006000011234567890189",
    "LAM": "FR1420041010050500013M02606",
    "JAQ": "CH9300762011623852957",
    "TAE": "BE68539007547034",
}
CHEQUES = frozenset({"AUB", "LAM"})
FIRST_NUMBER = 9_900_000  # of people who are nobody else


@dataclass(frozen=True, slots=True)
class Announced:
    """Somebody who has announced an amount (minor units) so many days ago."""

    first: str
    last: str
    minor: int
    method: str
    days: int


PROMISES = (
    Announced("Odette", "Chevrier", 30000, "cheque", 4),
    Announced("Marc", "Blanchin", 5000, "cheque", 3),
    Announced("Jeanne", "Tissot", 8000, "cheque", 1),
    Announced("Denise", "Martinod", 5000, "bank_transfer", 4),
    Announced("Henri", "Bouvier", 12000, "bank_transfer", 3),
    Announced("Sophie", "Carraz", 4000, "bank_transfer", 2),
)


def tell_bank_details(session: Session, code: str, issuer: Issuer) -> None:
    """Tell where a museum's issuer takes transfers and cheques."""
    address = f"{issuer.legal_name}\n{issuer.address_line}\n{issuer.postcode} {issuer.city}"
    takes = code in CHEQUES
    told = Details(
        beneficiary=issuer.legal_name[:70], iban=IBANS[code], takes_transfers=True, takes_cheques=takes,
        cheque_order=issuer.legal_name if takes else "", cheque_address=address if takes else "",
    )  # fmt: skip
    set_bank_details(session, issuer.id, told)
    outbox.mark_told(session)


def lay_out(scope: OperatorScope, people: dict[str, int], issuer_id: int, campaign_id: int) -> None:
    """Lay a Monday's work on a desk: nothing of it is a gift yet, since nobody has approved it."""
    desk = StaffScope(scope.institution_id, people["desk"])
    promised = []
    for place, one in enumerate(PROMISES):
        with clock.at(clock.now() - timedelta(days=one.days)), transaction(desk) as session:
            promised.append(service.announce(session, _request(session, campaign_id, place, one)))
            outbox.mark_told(session)
    _bring_statement(desk, issuer_id, promised)
    with transaction(desk) as session:
        _enter_cheques(session, issuer_id, promised)
        counts.record_count(session, Sheet(
            attempt=_attempt(session, "box"), kind=CountKind.BOX, campaign_id=campaign_id, place="Hall d’entrée", day=_today(),
            pieces={1000: 3, 500: 11, 200: 24, 100: 19, 50: 7}))  # fmt: skip


def _request(session: Session, campaign_id: int, place: int, one: Announced) -> PledgeRequest:
    person = Person(
        FIRST_NUMBER + place,
        one.first,
        one.last,
        "fr",
        "73000",
        "Chambéry",
        "FR",
        f"{place + 8} rue Basse-du-Château",
        None,
    )
    return PledgeRequest(
        attempt=_attempt(session, f"promise:{place}"), campaign_id=campaign_id, method=one.method, wants_receipt=True,
        amount=Money(one.minor, campaign_of(session, campaign_id).currency), donor=person.details("FR", address=True),
        wall="short", source="demo",
    )  # fmt: skip


def _attempt(session: Session, name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"desk of {museum_of(session)}: {name}")


def _today() -> date:
    return clock.now().date() - timedelta(days=1)


def _bring_statement(desk: StaffScope, issuer_id: int, promised: list[Pledge]) -> None:
    """Bring a statement: a transfer that fits, 49.97 for 50, one with a slip in its reference, and an unknown payer of 200."""
    exact, short, slip = promised[4], promised[3], promised[5]
    wrong = printed(slip.reference or "")
    lines = (
        ("120.00", "BOUVIER HENRI", f"DON {printed(exact.reference or '')}"),
        ("49.97", "MARTINOD D", f"{printed(short.reference or '')} FRAIS DEDUITS"),
        ("40.00", "M OU MME CARRAZ", f"ref {wrong[:2]}{wrong[3]}{wrong[2]}{wrong[4:]}"),
        ("200.00", "SCI DU VERNEY", "BON COURAGE POUR LE PASTEL"),
    )
    day = _today().isoformat()
    entries = "".join(
        f"<Ntry><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>"
        f"<AcctSvcrRef>DEMO-{day}-{place}</AcctSvcrRef><NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>{payer}</Nm></Pty></Dbtr>"
        f"</RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        for place, (amount, payer, text) in enumerate(lines, start=1)
    )
    content = (
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'><BkToCstmrStmt><Stmt>"
        f"<Acct><Id><IBAN>{IBANS['AUB']}</IBAN></Id></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"
    )
    with transaction(desk) as session:
        found = statements.upload(session, issuer_id, f"releve-{day}.xml", content.encode())
        statements.take_in(session, found.id)


def _enter_cheques(session: Session, issuer_id: int, promised: list[Pledge]) -> None:
    """Begin a batch of cheques that waits for its last ones and for the paper strip."""
    batch = cheques.open_batch(session, issuer_id, _attempt(session, "batch"))
    for place, pledge in enumerate(promised[:2]):
        entering.add_cheque(session, batch.id, Entered(
            attempt=_attempt(session, f"cheque:{place}"), amount=pledge.amount, received_on=_today(), handed=False,
            pledge_id=pledge.id, number=f"{7_410_233 + place}", bank="Caisse d’épargne"))  # fmt: skip
