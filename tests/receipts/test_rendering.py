"""The bytes of a receipt: made once, kept for ever, sent to its donor, recognised again."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from crowdfund import clock, outbox
from crowdfund.pdf import PdfError
from crowdfund.receipts import letter, rendering, service, tasks, verification
from crowdfund.receipts.models import Receipt
from crowdfund.receipts.numbering import storage_key
from crowdfund.receipts.snapshot import Snapshot
from crowdfund.storage import FileStorage, StorageError
from tests.receipts.conftest import FISCAL_CODE, MailKeeper, Museum

# WeasyPrint leaves its colour profile to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore:.*sRGB2014.icc:pytest.PytestUnraisableExceptionWarning")


def issue(museum: Museum, **given: object) -> Receipt:
    gift = museum.gift(**given)
    with museum.open() as session:
        receipt = service.issue(session, gift)
    assert receipt is not None
    return receipt


def rendered(museum: Museum, receipt: Receipt) -> Receipt:
    rendering.keep(museum.scope, receipt.id)
    [found] = [one for one in museum.receipts() if one.id == receipt.id]
    return found


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


@pytest.fixture
def storage(app: Flask) -> FileStorage:
    kept: FileStorage = app.extensions["storage"]
    return kept


def test_receipt_says_who_how_much_from_whom_and_under_which_number(museum: Museum) -> None:
    receipt = rendered(museum, issue(museum, donor={"last_name": "Rey"}))
    content = rendering.stored(receipt)
    assert content is not None
    assert content.startswith(b"%PDF-")
    assert receipt.sha256 == hashlib.sha256(content).hexdigest()
    said = " ".join(text_of(content).split())
    for words in (
        "Camille Rey",
        "cinquante euros",
        "50,00",
        receipt.snapshot["issuer"]["legal_name"],
        receipt.snapshot["number"],
    ):
        assert words in said


def test_italian_receipt_prints_fiscal_code_and_ground_of_exemption(italian: Museum) -> None:
    content = rendering.stored(rendered(italian, issue(italian, donor={"tax_number": FISCAL_CODE})))
    assert content is not None
    said = " ".join(text_of(content).split())
    for words in (FISCAL_CODE, "Art Bonus", "AB-2026-17", "cinquanta euro", "Esente da imposta di bollo"):
        assert words in said


def test_no_name_in_the_metadata(museum: Museum) -> None:
    content = rendering.stored(rendered(museum, issue(museum, donor={"last_name": "Zwingelstein"})))
    assert content is not None
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert "Zwingelstein" not in str(pdf.docinfo) + str(pdf.open_metadata())


def test_rendering_twice_keeps_the_first_bytes_and_renders_once(
    museum: Museum, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = rendered(museum, issue(museum))
    monkeypatch.setattr(letter, "render", lambda _snapshot: pytest.fail("rendered again"))
    assert rendered(museum, receipt).sha256 == receipt.sha256


def test_old_receipts_stay_when_the_template_changes(museum: Museum, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = rendered(museum, issue(museum))
    before = rendering.stored(receipt)
    monkeypatch.setattr(letter, "render", lambda _snapshot: b"%PDF- another form")
    assert rendering.stored(rendered(museum, receipt)) == before
    assert not rendering.is_reproduced(receipt)


def test_snapshot_gives_the_same_bytes_again(museum: Museum) -> None:
    receipt = rendered(museum, issue(museum))
    assert rendering.render_again(receipt) == rendering.stored(receipt)
    assert rendering.is_reproduced(receipt)


def test_crash_between_the_bytes_and_their_hash_is_made_good(
    museum: Museum, storage: FileStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = issue(museum)

    class Killed(BaseException):
        pass

    def die(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(service, "mark_rendered", die)
        with pytest.raises(Killed):
            rendering.keep(museum.scope, receipt.id)
    first = storage.read(storage_key(receipt))
    assert museum.receipts()[0].sha256 is None
    assert rendered(museum, receipt).sha256 == hashlib.sha256(first).hexdigest()


def test_crash_before_an_upgrade_keeps_what_was_written_first(
    museum: Museum, storage: FileStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes lie there, made by the version before; nobody has seen them, and they state the same."""
    receipt = issue(museum)
    snapshot = Snapshot.from_json(receipt.snapshot)
    first = letter.render(snapshot)
    storage.write(storage_key(receipt), first)
    monkeypatch.setattr(letter, "render", lambda _snapshot: b"%PDF- of the next version")
    assert rendered(museum, receipt).sha256 == hashlib.sha256(first).hexdigest()


def test_other_bytes_under_the_receipts_name_are_refused(museum: Museum, storage: FileStorage) -> None:
    receipt = issue(museum)
    storage.write(storage_key(receipt), b"%PDF- something else")
    with pytest.raises(StorageError):
        rendering.keep(museum.scope, receipt.id)
    assert museum.receipts()[0].sha256 is None


@pytest.mark.parametrize("column", ["sha256", "storage_key", "rendered_at"])
def test_hash_and_place_are_written_once(museum: Museum, column: str) -> None:
    receipt = rendered(museum, issue(museum))
    values = {column: clock.now() if column == "rendered_at" else "other"}
    with pytest.raises(IntegrityError, match="bytes of a receipt never change"), museum.open() as session:
        session.execute(update(Receipt).where(Receipt.id == receipt.id).values(**values))


def test_letter_that_cannot_be_made_fails_whole(
    museum: Museum, mails: MailKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = issue(museum)

    def fail(_snapshot: Snapshot) -> bytes:
        raise PdfError("the logo is missing")

    monkeypatch.setattr(letter, "render", fail)
    with pytest.raises(PdfError):
        museum.bring(receipt)
    assert mails.kept == []
    assert museum.receipts()[0].sha256 is None


# ---------- mails ----------


def test_donor_gets_the_stored_bytes_once(museum: Museum, mails: MailKeeper) -> None:
    receipt = issue(museum, donor={"email": "camille@example.org", "last_name": "Rey"}, pledged=True)
    for _twice in range(2):
        museum.bring(receipt)
    [(key, message)] = mails.kept
    assert key == f"{museum.id}:receipt:{receipt.id}"
    assert message["To"] == "Camille Rey <camille@example.org>"
    [attachment] = list(message.iter_attachments())
    assert attachment.get_content() == rendering.stored(museum.receipts()[0])
    assert attachment.get_filename() == f"{receipt.snapshot['number'].lower()}.pdf"
    assert receipt.snapshot["number"] in message["Subject"]
    body = message.get_body(("plain",))
    assert body is not None
    assert "/fr/gifts/" in body.get_content()


def test_server_that_is_down_loses_no_mail(museum: Museum, mails: MailKeeper) -> None:
    receipt = issue(museum)
    mails.down = ConnectionRefusedError()
    with pytest.raises(ConnectionRefusedError):
        museum.bring(receipt)
    mails.down = None
    museum.bring(receipt)
    assert mails.kinds() == ["receipt"]


@pytest.mark.parametrize(("locale", "word"), [("fr", "Votre"), ("it", "ricevuta"), ("en", "Your tax receipt")])
def test_mail_speaks_the_donors_language(museum: Museum, mails: MailKeeper, locale: str, word: str) -> None:
    museum.bring(issue(museum, donor={"locale": locale}))
    [(_key, message)] = mails.kept
    assert word in message["Subject"]
    body = message.get_body(("plain",))
    assert body is not None
    assert f"/{locale}/" in body.get_content()


def test_history_is_rendered_at_a_walk_and_nobody_is_written_to(museum: Museum, mails: MailKeeper) -> None:
    receipts = [issue(museum, imported=True) for _ in range(3)]
    waits = [row.not_before - row.created_at for row in museum.facts("receipt.issued")]
    assert waits == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=6)]
    museum.bring(receipts[0])
    assert museum.receipts()[0].sha256 is not None
    assert mails.kept == []
    issue(museum)
    newest = museum.facts("receipt.issued")[-1]
    assert newest.not_before == newest.created_at


def test_cancelled_receipt_is_said_to_be_void(museum: Museum, mails: MailKeeper) -> None:
    gift, receipt = _brought(museum)
    with museum.open() as session:
        service.cancel(session, gift, "refunded")
    for _twice in range(2):
        tasks.send_cancellation(museum.scope, receipt_id=receipt.id)
    assert mails.kinds() == ["receipt", "receipt_cancelled"]
    assert receipt.snapshot["number"] in mails.kept[-1][1]["Subject"]
    assert list(mails.kept[-1][1].iter_attachments()) == []


def test_receipt_cancelled_before_it_left_is_neither_sent_nor_revoked(museum: Museum, mails: MailKeeper) -> None:
    gift = museum.gift()
    with museum.open() as session:
        receipt = service.issue(session, gift)
        service.cancel(session, gift, "refunded")
    assert receipt is not None
    museum.bring(receipt)
    tasks.send_cancellation(museum.scope, receipt_id=receipt.id)
    assert mails.kept == []


def test_replacing_receipt_names_the_old_one(museum: Museum, mails: MailKeeper) -> None:
    gift, old = _brought(museum)
    with museum.open() as session:
        new = service.replace(session, gift, "corrected")
    assert new is not None
    museum.bring(new)
    assert mails.kinds() == ["receipt", "receipt_replaced"]
    body = mails.kept[-1][1].get_body(("plain",))
    assert body is not None
    assert old.snapshot["number"] in body.get_content()
    assert new.snapshot["number"] in body.get_content()


def test_suspended_receipt_waits_and_leaves_when_it_counts_again(museum: Museum, mails: MailKeeper) -> None:
    gift = museum.gift()
    with museum.open() as session:
        receipt = service.issue(session, gift)
        service.suspend(session, gift)
    assert receipt is not None
    museum.bring(receipt)
    assert mails.kept == []
    with museum.open() as session:
        service.reinstate(session, gift)
    tasks.send_reinstated(museum.scope, receipt_id=receipt.id)
    assert mails.kinds() == ["receipt"]


def test_donor_without_address_is_not_written_to(museum: Museum, mails: MailKeeper) -> None:
    museum.bring(issue(museum, donor={"email": None}))
    assert mails.kept == []


def _brought(museum: Museum) -> tuple[int, Receipt]:
    gift = museum.gift()
    with museum.open() as session:
        receipt = service.issue(session, gift)
    assert receipt is not None
    museum.bring(receipt)
    return gift, receipt


# ---------- verification ----------


def test_stored_file_is_recognised_and_a_changed_byte_is_not(app: Flask, museum: Museum) -> None:
    receipt = rendered(museum, issue(museum))
    content = rendering.stored(receipt)
    assert content is not None
    found = verification.verify_pdf(app, content)
    assert (found.valid, found.state, found.number, found.in_force) == (
        True,
        "issued",
        receipt.snapshot["number"],
        True,
    )
    assert found.issuer == receipt.snapshot["issuer"]["legal_name"]
    for position in (0, len(content) // 3, len(content) // 2, len(content) - 1):
        changed = bytearray(content)
        changed[position] ^= 1
        refused = verification.verify_pdf(app, bytes(changed))
        assert not refused.valid
        assert refused.state in {"altered", "unknown"}
    assert verification.verify_pdf(app, content + b"\n").state == "altered"
    assert verification.verify_pdf(app, b"no pdf at all").state == "unknown"


def test_cancelled_receipt_is_genuine_but_not_in_force(app: Flask, museum: Museum) -> None:
    gift, receipt = museum.gift(), None
    with museum.open() as session:
        receipt = service.issue(session, gift)
    assert receipt is not None
    content = rendering.stored(rendered(museum, receipt))
    with museum.open() as session:
        service.cancel(session, gift, "refunded")
    assert content is not None
    found = verification.verify_pdf(app, content)
    assert (found.valid, found.state, found.in_force) == (True, "cancelled", False)


def test_broken_seal_is_refused(app: Flask, museum: Museum, storage: FileStorage) -> None:
    receipt = rendered(museum, issue(museum))
    content = rendering.stored(receipt)
    assert content is not None
    assert receipt.storage_key is not None
    beside = Path(storage.root) / f"{receipt.storage_key}.seal"
    beside.write_text(re.sub(r"^.", lambda first: "0" if first[0] != "0" else "1", beside.read_text()))
    assert verification.verify_pdf(app, content).state == "unsealed"
    beside.unlink()
    assert not verification.verify_pdf(app, content).valid


def test_operator_finds_a_receipt_by_its_id(app: Flask, museum: Museum, italian: Museum) -> None:
    receipt = issue(italian, donor={"tax_number": FISCAL_CODE})
    found = verification.find_receipt(app, receipt.id)
    assert found is not None
    assert found.institution_id == italian.id
    assert verification.find_receipt(app, receipt.id + 10_000) is None


# ---------- the whole way ----------


def test_facts_carry_a_gift_to_the_donors_mailbox(museum: Museum, mails: MailKeeper) -> None:
    with museum.open() as session:
        gift = museum.give(session)
        outbox.publish(session, "gift.received", key=str(gift.id), gift_id=gift.id)
    for _hop in range(3):
        for row in museum.waiting():
            outbox.deliver(museum.id, row.id)
            outbox.deliver(museum.id, row.id)  # at least once
    assert mails.kinds().count("receipt") == 1
    assert [receipt.sha256 is not None for receipt in museum.receipts()] == [True]
    assert museum.waiting() == []
