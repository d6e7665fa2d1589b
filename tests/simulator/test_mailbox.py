from __future__ import annotations

import json
import smtplib
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from simulator.mail_store import MailStore
from simulator.mailbox import Mailbox

from .conftest import call

Box = tuple[Mailbox, int, str]


def letter(to: str = "ada@example.org", subject: str = "Merci, è arrivato") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Musée du Mont <merci@example.org>"
    mail["To"] = to
    mail["Subject"] = subject
    mail["Message-ID"] = "<gift-1@example.org>"
    mail.set_content("Merci <b>pour</b> votre don.")
    mail.add_alternative("<h1>Merci</h1><script>alert(1)</script>", subtype="html")
    mail.add_attachment(b"%PDF-1.7 bytes", maintype="application", subtype="pdf", filename="reçu 2026.pdf")
    return mail


def send(port: int, mail: EmailMessage) -> dict[str, Any]:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as server:
        return server.send_message(mail)


def faulty(web: str, **wanted: Any) -> None:
    answer = call("POST", f"{web}/_mail/faults", json.dumps(wanted), {"Content-Type": "application/json"})
    assert answer.status == 200


def test_a_mail_goes_round(mailbox: Box) -> None:
    _box, smtp, web = mailbox
    send(smtp, letter())
    send(smtp, letter("bob@example.org", "Second"))
    newest, oldest = call("GET", f"{web}/_mail/").json
    assert newest["subject"] == "Second"
    assert (oldest["to"], oldest["from"]) == ("ada@example.org", "Musée du Mont <merci@example.org>")
    assert (oldest["subject"], oldest["message_id"]) == ("Merci, è arrivato", "<gift-1@example.org>")
    assert [one["id"] for one in call("GET", f"{web}/_mail/?to=ADA@example.org").json] == [oldest["id"]]
    raw = call("GET", f"{web}/_mail/{oldest['id']}.eml")
    read: Any = message_from_bytes(raw.body, policy=policy.default)
    assert next(iter(read.iter_attachments())).get_content() == b"%PDF-1.7 bytes"
    assert raw.headers["cache-control"] == "no-store"


def test_people_read_it(mailbox: Box) -> None:
    _box, smtp, web = mailbox
    send(smtp, letter())
    listing = call("GET", f"{web}/_mail/view/")
    ident = call("GET", f"{web}/_mail/").json[0]["id"]
    assert f"/_mail/view/{ident}" in listing.text
    page = call("GET", f"{web}/_mail/view/{ident}")
    assert "Merci &lt;b&gt;pour" in page.text
    assert "sandbox" in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    body = call("GET", f"{web}/_mail/view/{ident}/html")
    assert body.text.startswith("<h1>Merci</h1>")
    assert body.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    paper = call("GET", f"{web}/_mail/{ident}/attachments/0")
    assert (paper.body, paper.headers["content-type"]) == (b"%PDF-1.7 bytes", "application/pdf")
    assert paper.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("path", ["/_mail/nothing.eml", "/_mail/..%2f..%2fetc%2fpasswd.eml", "/_mail/view/nothing"])
def test_what_is_not_there(mailbox: Box, path: str) -> None:
    assert call("GET", mailbox[2] + path).status == 404


def test_mails_survive_a_restart(mailbox: Box) -> None:
    box, smtp, _web = mailbox
    send(smtp, letter())
    again = MailStore(box.store.folder)
    assert [one.subject for one in again.newest_first()] == ["Merci, è arrivato"]


@pytest.mark.parametrize(("mode", "code"), [("refuse", 550), ("tempfail", 451)])
def test_a_server_that_refuses(mailbox: Box, mode: str, code: int) -> None:
    _box, smtp, web = mailbox
    faulty(web, mode=mode, times=1)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        send(smtp, letter())
    assert caught.value.recipients["ada@example.org"][0] == code
    assert call("GET", f"{web}/_mail/").json == []
    assert send(smtp, letter()) == {}
    assert len(call("GET", f"{web}/_mail/").json) == 1


def test_a_fault_for_one_address_leaves_the_others_alone(mailbox: Box) -> None:
    _box, smtp, web = mailbox
    faulty(web, mode="refuse", to="Ada@example.org")
    send(smtp, letter("bob@example.org"))
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(smtp, letter())
    faulty(web, mode="ok")
    send(smtp, letter())
    assert len(call("GET", f"{web}/_mail/").json) == 2


def test_a_server_that_hangs(mailbox: Box) -> None:
    _box, smtp, web = mailbox
    faulty(web, mode="hang", times=1, seconds=1.5)
    with (
        pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)),
        smtplib.SMTP("127.0.0.1", smtp, timeout=0.4) as server,
    ):
        server.send_message(letter())
    assert call("GET", f"{web}/_mail/").json == []


def test_a_mail_bounces(mailbox: Box) -> None:
    _box, smtp, web = mailbox
    faulty(web, mode="bounce", times=1)
    assert send(smtp, letter()) == {}
    (notice,) = call("GET", f"{web}/_mail/").json
    assert (notice["to"], notice["subject"]) == ("merci@example.org", "Undelivered Mail Returned to Sender")
    assert "ada@example.org" in call("GET", f"{web}/_mail/{notice['id']}.eml").text


def test_the_mailbox_is_emptied(mailbox: Box) -> None:
    box, smtp, web = mailbox
    send(smtp, letter())
    assert call("DELETE", f"{web}/_mail/").json == {"deleted": 1}
    assert call("GET", f"{web}/_mail/").json == []
    assert list(Path(box.store.folder).iterdir()) == []
