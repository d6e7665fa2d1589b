"""A mail is one mail: to one person, under one key, with no header but its own."""

from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, ClassVar

import pytest
from flask import Flask
from sqlalchemy import select

from crowdfund.mail import KEPT, Attachment, Mail, Mailer, SentMail, send_once
from crowdfund.tenancy import transaction
from tests import factories

LETTER = Mail(
    kind="thanks",
    to="camille@example.org",
    to_name="Camille Rey",
    from_name="Musée d’Arvières",
    subject="Merci",
    text="Merci Camille",
    html="<p>Merci Camille</p>",
    locale="fr",
)
BREAKS = ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\n\n", "\r\n\t"]
OURS = {
    "message-id", "date", "from", "to", "subject", "auto-submitted", "mime-version", "content-type", "content-language",
}  # fmt: skip


class Line(Mailer):
    """Hands over what the real one does, to a server that answers as it is told."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app.extensions["config"], app.extensions["storage"])
        self.taken: list[bytes] = []
        self.answers: list[Exception] = []

    def send(self, mail: Mail, key: str) -> None:
        message = self.message(mail, key)
        if self.answers:
            raise self.answers.pop(0)
        self.taken.append(bytes(message))


@pytest.fixture
def line(app: Flask) -> Iterator[Line]:
    before = app.extensions["mailer"]
    app.extensions["mailer"] = made = Line(app)
    yield made
    app.extensions["mailer"] = before


@pytest.fixture
def museum(app: Flask) -> int:
    return factories.make_institution()


def _read(message: EmailMessage) -> Any:
    """Read a message as the person's mail program does, from its bytes."""
    return message_from_bytes(bytes(message), policy=policy.default)


def _row(museum: int, key: str = "thanks:1") -> SentMail:
    with transaction(factories.scope(museum)) as session:
        return session.scalars(select(SentMail).filter_by(key=key)).one()


@pytest.mark.parametrize("cut", BREAKS, ids=ascii)
@pytest.mark.parametrize("where", ["to_name", "from_name", "subject"])
def test_a_line_break_starts_no_header(line: Line, where: str, cut: str) -> None:
    injected: dict[str, Any] = {where: f"Camille{cut}Bcc: victim@example.org{cut}{cut}<p>body"}
    read = _read(line.message(replace(LETTER, **injected), "k"))
    assert {name.lower() for name in read} == OURS
    assert read["Bcc"] is None
    assert "\n" not in str(read["Subject"])
    assert [address.addr_spec for address in read["To"].addresses] == ["camille@example.org"]
    assert len(read["From"].addresses) == 1
    assert read.get_body(("plain",)).get_content().strip() == "Merci Camille"


@pytest.mark.parametrize(
    "name",
    [
        'Camille" <victim@example.org>, "',
        "victim@example.org,",
        "a <b@example.org>;",
        "=?utf-8?q?x?=",
        "\u202egro.elpmaxe",
    ],
)
def test_a_name_is_a_name_and_no_address(line: Line, name: str) -> None:
    read = _read(line.message(replace(LETTER, to_name=name), "k"))
    assert [address.addr_spec for address in read["To"].addresses] == ["camille@example.org"]
    assert "\u202e" not in str(read["To"])


@pytest.mark.parametrize("cut", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("where", ["to", "reply_to", "headers"])
def test_an_address_or_header_with_a_line_break_is_refused(line: Line, where: str, cut: str) -> None:
    injected = f"camille@example.org{cut}Bcc: victim@example.org"
    given: Any = (("List-Unsubscribe", injected),) if where == "headers" else injected
    with pytest.raises(ValueError, match=r"(?i)newline|linefeed|carriage|invalid|character"):
        bytes(line.message(replace(LETTER, **{where: given}), "k"))


def test_signs_of_every_kind_arrive_as_they_were(line: Line) -> None:
    letter = replace(LETTER, to_name="Zoé Ñandú", subject="« Merci » — 50 € 🎻", text="à Zoé", html="<p>à Zoé</p>")
    read = _read(line.message(letter, "k"))
    assert read["To"].addresses[0].display_name == "Zoé Ñandú"
    assert read["Subject"] == "« Merci » — 50 € 🎻"
    assert read.get_body(("html",)).get_content().strip() == "<p>à Zoé</p>"
    assert read["Content-Language"] == "fr"


def test_one_key_is_one_message_id_and_another_key_another(line: Line) -> None:
    ids = [line.message(LETTER, key)["Message-ID"] for key in ("1:thanks:1", "1:thanks:1", "1:thanks:2", "2:thanks:1")]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert "thanks" not in ids[0]


def test_a_key_is_sent_once(line: Line, museum: int) -> None:
    composed = []

    def compose(_session: object) -> Mail:
        composed.append(1)
        return LETTER

    for _again in range(3):
        send_once(factories.scope(museum), "thanks:1", compose)
    assert (len(line.taken), len(composed)) == (1, 1)
    row = _row(museum)
    assert (row.state, row.attempts, row.error) == ("sent", 1, None)
    assert row.sent_at is not None


def test_each_museum_has_keys_of_its_own(line: Line, museum: int) -> None:
    for one in (museum, factories.make_institution()):
        send_once(factories.scope(one), "thanks:1", lambda _session: LETTER)
    first, second = (message_from_bytes(raw)["Message-ID"] for raw in line.taken)
    assert first != second


def test_a_copy_after_a_crash_is_provably_the_same_letter(line: Line, museum: int) -> None:
    send_once(factories.scope(museum), "thanks:1", lambda _session: LETTER)
    with transaction(
        factories.scope(museum)
    ) as session:  # the process went before it could write that the mail had left
        session.scalars(select(SentMail)).one().state = "sending"
    send_once(factories.scope(museum), "thanks:1", lambda _session: LETTER)
    assert len({message_from_bytes(raw)["Message-ID"] for raw in line.taken}) == 1
    assert len(line.taken) == 2
    assert _row(museum).attempts == 2


def _refused(code: int) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({LETTER.to: (code, b"no such mailbox")})


@pytest.mark.parametrize("error", [_refused(550), smtplib.SMTPDataError(554, b"no")], ids=["recipient", "data"])
def test_an_address_the_server_refuses_for_good_bounces_and_is_not_tried_again(
    line: Line, museum: int, error: Exception
) -> None:
    line.answers = [error]
    for _again in range(2):
        send_once(factories.scope(museum), "thanks:1", lambda _session: LETTER)
    assert line.taken == []
    row = _row(museum)
    assert (row.state, row.attempts, row.sent_at) == ("bounced", 1, None)


@pytest.mark.parametrize(
    "error",
    [
        _refused(451),
        smtplib.SMTPDataError(451, b"later"),
        smtplib.SMTPAuthenticationError(535, b"our password"),
        smtplib.SMTPSenderRefused(550, b"our address", "merci@cimaise.example"),
        smtplib.SMTPServerDisconnected("gone"),
        ConnectionRefusedError(),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_may_pass_is_told_to_the_caller_and_sent_later(line: Line, museum: int, error: Exception) -> None:
    line.answers = [error]
    with pytest.raises(type(error)):
        send_once(factories.scope(museum), "thanks:1", lambda _session: LETTER)
    assert _row(museum).state == "failed"
    send_once(factories.scope(museum), "thanks:1", lambda _session: LETTER)
    row = _row(museum)
    assert (row.state, row.attempts, row.error, len(line.taken)) == ("sent", 2, None, 1)


def test_what_no_longer_holds_is_not_said(line: Line, museum: int) -> None:
    line.answers = [ConnectionRefusedError()]
    with pytest.raises(ConnectionRefusedError):
        send_once(factories.scope(museum), "thanks:1", lambda _session: LETTER)
    send_once(factories.scope(museum), "thanks:1", lambda _session: None)
    assert _row(museum).state == "withdrawn"
    assert line.taken == []


def test_nothing_to_say_leaves_no_trace(line: Line, museum: int) -> None:
    send_once(factories.scope(museum), "thanks:1", lambda _session: None)
    with transaction(factories.scope(museum)) as session:
        assert session.scalars(select(SentMail)).all() == []


def test_the_table_keeps_no_words_of_the_letter(line: Line, museum: int) -> None:
    send_once(factories.scope(museum), "thanks:1", lambda _session: replace(LETTER, to="Camille@Example.org"))
    row = _row(museum)
    assert row.content == {"subject": "Merci", "locale": "fr"}
    send_once(factories.scope(museum), "thanks:2", lambda _session: LETTER)
    assert row.to_hash == _row(museum, "thanks:2").to_hash  # one person, however the address is written


def test_a_stored_file_goes_with_its_mail(line: Line, app: Flask) -> None:
    app.extensions["storage"].write("tests/mail.pdf", b"%PDF-1.7 test")
    letter = replace(LETTER, attachments=(Attachment("tests/mail.pdf", "reçu «1».pdf"),))
    [carried] = _read(line.message(letter, "k")).iter_attachments()
    assert (carried.get_content_type(), carried.get_content()) == ("application/pdf", b"%PDF-1.7 test")
    assert carried.get_filename() == "reçu «1».pdf"


class Server:
    """A connection to a mail server. `gone` lets it fall silent, `refuse` what it answers to the next letter."""

    made: ClassVar[list[Server]] = []

    def __init__(self, _host: str, _port: int, timeout: float) -> None:
        self.taken: list[str] = []
        self.gone, self.closed, self.timeout = False, False, timeout
        self.refuse: Exception | None = None
        self.made.append(self)

    def noop(self) -> tuple[int, bytes]:
        if self.gone:
            raise smtplib.SMTPServerDisconnected("gone")
        return 250, b"OK"

    def send_message(self, message: EmailMessage) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.taken.append(str(message["Message-ID"]))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> list[Server]:
    monkeypatch.setattr(smtplib, "SMTP", Server)
    Server.made.clear()
    return Server.made


@pytest.fixture
def mailer(app: Flask) -> Mailer:
    return Mailer(app.extensions["config"], app.extensions["storage"])


def test_letters_that_follow_soon_share_a_connection(servers: list[Server], mailer: Mailer) -> None:
    mailer.send(LETTER, "1")
    mailer.send(LETTER, "2")
    [server] = servers
    assert len(server.taken) == 2


def test_a_connection_that_rested_or_died_is_not_used_again(
    servers: list[Server], mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailer.send(LETTER, "1")
    servers[0].gone = True
    mailer.send(LETTER, "2")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + KEPT + 1)
    mailer.send(LETTER, "3")
    assert [len(server.taken) for server in servers] == [1, 1, 1]
    assert [server.closed for server in servers] == [True, True, False]


def test_a_connection_on_which_a_letter_failed_meets_no_other(servers: list[Server], mailer: Mailer) -> None:
    mailer.send(LETTER, "1")
    servers[0].refuse = smtplib.SMTPDataError(451, b"later")
    with pytest.raises(smtplib.SMTPDataError):
        mailer.send(LETTER, "2")
    mailer.send(LETTER, "2")
    assert [(len(server.taken), server.closed) for server in servers] == [(1, True), (1, False)]


def test_each_thread_has_a_connection_of_its_own(servers: list[Server], mailer: Mailer) -> None:
    mailer.send(LETTER, "1")
    other = threading.Thread(target=mailer.send, args=(LETTER, "2"))
    other.start()
    other.join()
    assert [len(server.taken) for server in servers] == [1, 1]
