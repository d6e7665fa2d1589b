"""What a gift's story tells of money that went back: who said why, in their own words, and what the donor chose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.dashboard.moments import PROVIDER
from crowdfund.dashboard.trail import people_of
from crowdfund.gifts.models import Asking, GiftChoice, Refund
from crowdfund.gifts.rules import Heard, RefundState, Wish
from crowdfund.gifts.view import StoryEvent, Tone
from crowdfund.i18n import N_, _, current_locale, gettext
from crowdfund.money import Money

# Why money went back, where a code says so: the provider's own, and ours. What a person wrote is quoted as theirs.
REFUND_REASONS = {
    "duplicate": N_("Paid twice"),
    "requested_by_customer": N_("The donor asked for it"),
    "fraudulent": N_("The payment was a fraud"),
    "withdrawn": N_("The work was withdrawn from sale"),
    "purchase_failed": N_("The appeal came to nothing"),
    "cheque returned": N_("The bank sent the cheque back"),
    "booked under a wrong name": N_("It had been booked under a wrong name"),
    "moved": N_("The donor chose another work of the museum"),
}
WISHES = {
    Wish.REFUND: N_("Give the money back to me."),
    Wish.MOVE: N_("Give it to “%(title)s”."),
    Wish.KEEP: N_("The museum may keep it, as was promised."),
}

WAYS = {
    Heard.LETTER: N_("Noted at the desk from a letter."),
    Heard.PHONE: N_("Noted at the desk from a call."),
    Heard.HERE: N_("Noted at the desk, as the donor said it there."),
}


def read_returns(session: Session, refunds: Iterable[Refund], gift_id: int, donor: str) -> Iterator[StoryEvent]:
    """Tell what was given back or moved, and before it what the donor was asked and answered."""
    refunds = list(refunds)
    yield from _asked(session, gift_id, donor)
    yield from of_refunds(refunds, people_of(session, [one.requested_by for one in refunds]))


def of_refunds(refunds: Iterable[Refund], people: Mapping[str, str]) -> Iterator[StoryEvent]:
    """Tell what was given back, or moved. `people` names who asked; what they wrote of it is quoted, a code is said in words."""
    ends: dict[str, tuple[str, Tone]] = {
        RefundState.SUCCEEDED: (_("Refund made"), "ok"),
        RefundState.FAILED: (_("Refund failed"), "err"),
    }
    for one in refunds:
        amount = Money(one.amount_minor, one.currency)
        title = _("Moved to another campaign") if one.kind == "move" else _("Refund asked for")
        by = people.get(one.requested_by, "")
        told = StoryEvent(one.created_at, title, actor=by, proof=str(one.request), amount=amount)
        if one.reason in REFUND_REASONS:
            yield replace(told, text=gettext(REFUND_REASONS[one.reason]))
        else:
            yield replace(told, quote=one.reason, said_by=_("%(name)s, for the museum alone", name=by) if by else "")
        if one.closed_at is not None and one.kind != "move" and one.state in ends:
            title, tone = ends[one.state]
            yield StoryEvent(
                one.closed_at, title, actor=PROVIDER, proof=one.provider_refund or "", tone=tone, amount=amount
            )


def _asked(session: Session, gift_id: int, donor: str) -> Iterator[StoryEvent]:
    found = session.execute(
        select(GiftChoice, Asking, Campaign.title)
        .join(Asking, Asking.id == GiftChoice.asking_id)
        .outerjoin(Campaign, Campaign.id == GiftChoice.target_id)
        .where(GiftChoice.gift_id == gift_id)
    ).one_or_none()
    if found is None:
        return
    choice, asking, target = found
    yield StoryEvent(
        asking.asked_at,
        _("The donor was asked what becomes of the gift"),
        quote=said(asking.words, current_locale()),
        said_by=_("the museum, in the mail to the donor"),
        asks=choice.done_at is None and choice.until > clock.now(),
    )
    if choice.wish and choice.answered_at is not None:
        words = gettext(WISHES[Wish(choice.wish)], title=said(target, current_locale()) if target else "")
        way = gettext(WAYS[Heard(choice.heard)]) if choice.heard else ""
        yield StoryEvent(choice.answered_at, _("The donor answered"), way, quote=words, said_by=donor)
