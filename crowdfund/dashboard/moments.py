"""The moments of a gift's story in words: each function tells the rows of one feature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crowdfund.audit import AuditEntry
from crowdfund.dashboard.acts import act_in_words
from crowdfund.dashboard.queries import donor_name
from crowdfund.donors.models import Donor
from crowdfund.gifts.models import Dispute, Gift
from crowdfund.gifts.rules import DisputeState
from crowdfund.gifts.view import StoryEvent, Tone
from crowdfund.i18n import _, gettext, money_exact
from crowdfund.ledger.models import LedgerTransaction
from crowdfund.mail import SentMail
from crowdfund.money import Money
from crowdfund.outbox import OutboxRow
from crowdfund.payments.models import Checkout, ProviderCall, ProviderEvent, QuarantinedCharge
from crowdfund.payments.rules import AsideState
from crowdfund.pledges.models import Pledge
from crowdfund.receipts.holds import closed_text, reason_text
from crowdfund.receipts.models import Receipt, ReceiptHold
from crowdfund.receipts.rules import number_text

Lines = list[tuple[str, Money]]
PROVIDER = "Stripe"


def of_pledge(pledge: Pledge | None, donor: Donor | None) -> Iterator[StoryEvent]:
    """Tell the promise."""
    if pledge is not None:
        yield StoryEvent(
            pledge.created_at,
            _("Promise made"),
            actor=donor_name(donor),
            proof=str(pledge.attempt),
            amount=pledge.amount,
            quote=pledge.message or "",
            said_by=donor_name(donor) if pledge.message else "",
        )


def of_checkouts(checkouts: Iterable[Checkout]) -> Iterator[StoryEvent]:
    """Tell each try to pay."""
    outcomes = {
        "new": _("not opened yet"),
        "open": _("open"),
        "processing": _("the bank is working on it"),
        "paid": _("paid"),
        "failed": _("the payment failed"),
        "expired": _("expired unpaid"),
        "unknown": _("no answer, asked again"),
    }
    for one in checkouts:
        yield StoryEvent(
            one.created_at,
            _("Payment page, try %(number)s", number=one.number),
            outcomes.get(one.state, one.state),
            proof=one.session or "",
            tone="warn" if one.state in {"failed", "unknown"} else "",
        )


def of_calls(calls: Iterable[ProviderCall]) -> Iterator[StoryEvent]:
    """Tell what was asked of the provider."""
    titles = {
        "checkout": _("Payment page asked for"),
        "expire": _("Payment page closed"),
        "refund": _("Refund asked of the provider"),
    }
    for one in calls:
        tone: Tone = "" if one.state == "ok" else "warn"
        yield StoryEvent(
            one.sent_at or one.created_at,
            titles.get(one.operation, one.operation),
            "" if one.state == "ok" else one.error or one.state,
            proof=one.object_id or one.request_id or one.key,
            tone=tone,
        )


def of_notifications(notifications: Iterable[ProviderEvent]) -> Iterator[StoryEvent]:
    """Tell what the provider told us."""
    for one in notifications:
        aside = one.state == "set_aside"
        text = f"{one.type} · {one.note}" if one.note else one.type
        yield StoryEvent(
            one.received_at,
            _("Notification set aside") if aside else _("Notification received"),
            text,
            PROVIDER,
            one.event,
            "warn" if aside else "",
        )


def of_aside(one: QuarantinedCharge) -> Iterator[StoryEvent]:
    """Tell that a payment was set aside, and how that ended."""
    amount = Money(one.amount_minor, one.currency)
    yield StoryEvent(one.created_at, _("Payment set aside"), proof=one.charge, tone="err", amount=amount)
    if one.resolved_at is not None:
        title = _("Booked as a gift") if one.state == AsideState.ACCEPTED else _("Given back")
        yield StoryEvent(one.resolved_at, title, tone="ok", amount=amount)


def of_gift(gift: Gift) -> Iterator[StoryEvent]:
    """Tell that the money came."""
    yield StoryEvent(
        gift.received_at,
        _("Money received"),
        proof=gift.payment or gift.charge or gift.reference,
        tone="ok",
        amount=gift.amount,
    )


def of_disputes(disputes: Iterable[Dispute]) -> Iterator[StoryEvent]:
    """Tell what a bank called back, and how that ended."""
    for one in disputes:
        amount = Money(one.amount_minor, one.currency)
        title = _("The bank asks about the payment") if one.state == DisputeState.WARNING else _("Payment disputed")
        yield StoryEvent(one.opened_at, title, actor=PROVIDER, proof=one.provider_dispute, tone="err", amount=amount)
        if one.closed_at is not None:
            won = one.state == DisputeState.WON
            yield StoryEvent(
                one.closed_at,
                _("Dispute won") if won else _("Dispute lost"),
                actor=PROVIDER,
                proof=one.provider_dispute,
                tone="ok" if won else "err",
                amount=amount,
            )


def of_books(transactions: Iterable[tuple[LedgerTransaction, Lines]]) -> Iterator[StoryEvent]:
    """Tell what was booked: each line with its side and amount."""
    for one, lines in transactions:
        told = " · ".join(
            _("%(account)s debit %(amount)s", account=account, amount=money_exact(amount))
            if amount.minor > 0
            else _("%(account)s credit %(amount)s", account=account, amount=money_exact(-amount))
            for account, amount in lines
        )
        yield StoryEvent(one.booked_at, _("Booked: %(memo)s", memo=memo_text(one.memo)), told, proof=one.reference)


def memo_text(memo: str) -> str:
    """Say what a ledger transaction was for, in the page's language; a memo of the staff's own stays as it is."""
    known = {
        "refund": _("refund"),
        "refund failed": _("refund failed"),
        "dispute opened": _("dispute opened"),
        "dispute won": _("dispute won"),
        "dispute lost": _("dispute lost"),
        "fee of the provider": _("fee of the provider"),
        "given back twice": _("given back twice"),
        "moved to another campaign": _("moved to another campaign"),
    }
    if memo.startswith("gift by "):
        return _("gift")
    return known.get(memo, memo)


def what_the_donor_reads(hold: ReceiptHold) -> str:
    """Quote the sentence that stands on the gift's page: it speaks to the donor."""
    return _("The donor reads: “%(words)s”", words=gettext(reason_text(hold.reason)))


def of_hold(hold: ReceiptHold | None) -> Iterator[StoryEvent]:
    """Tell why a receipt waits, or why there is none."""
    if hold is None:
        return
    held = hold.outcome == "hold"
    yield StoryEvent(
        hold.held_at,
        _("Receipt held") if held else _("No receipt due"),
        what_the_donor_reads(hold),
        tone="warn" if held else "",
    )
    if hold.released_at is not None:
        yield StoryEvent(hold.released_at, _("Receipt released"))


def of_receipts(receipts: Iterable[Receipt]) -> Iterator[StoryEvent]:
    """Tell each receipt: issued, rendered, closed."""
    ends = {"cancelled": _("Receipt cancelled"), "replaced": _("Receipt replaced")}
    for one in receipts:
        number = number_text(one.series, one.year, one.number)
        yield StoryEvent(one.issued_at, _("Receipt issued"), proof=number, amount=Money(one.amount_minor, one.currency))
        if one.rendered_at is not None:
            yield StoryEvent(one.rendered_at, _("Receipt written"), number, proof=f"sha256 {one.sha256}", tone="ok")
        if one.closed_at is not None:
            yield StoryEvent(
                one.closed_at,
                ends.get(one.state, one.state),
                closed_text(one.close_reason) or one.close_reason or "",
                proof=number,
                tone="warn",
            )


def of_mails(mails: Iterable[SentMail]) -> Iterator[StoryEvent]:
    """Tell each mail, and whether the server took it."""
    titles: dict[str, tuple[str, Tone]] = {
        "sent": (_("Mail sent"), "ok"),
        "bounced": (_("Mail refused by the other side"), "err"),
        "failed": (_("Mail not taken yet, tried again"), "warn"),
        "sending": (_("Mail on its way"), ""),
        "withdrawn": (_("Mail no longer needed"), ""),
    }
    for one in mails:
        title, tone = titles.get(one.state, (one.state, "warn"))
        subject = str(one.content.get("subject", ""))
        text = f"{subject} · {one.error}" if one.error else subject
        yield StoryEvent(one.sent_at or one.created_at, title, text, proof=one.key, tone=tone)


def of_trail(entries: Iterable[tuple[AuditEntry, str]]) -> Iterator[StoryEvent]:
    """Tell the audit trail: who did it, and the hash that proves it."""
    for entry, name in entries:
        yield StoryEvent(
            entry.at,
            _("In the audit trail: %(action)s", action=act_in_words(entry.action)),
            actor=name,
            proof=f"{entry.seq} · {entry.hash[:16]}",
        )


def of_stuck_facts(facts: Iterable[OutboxRow]) -> Iterator[StoryEvent]:
    """Tell what should have happened and is tried again."""
    for one in facts:
        yield StoryEvent(
            one.created_at,
            _("Still to be done, tried %(count)s times", count=one.attempts),
            f"{one.topic} · {one.listener} · {one.error_class}",
            proof=one.key,
            tone="warn",
        )
