"""At the desk: the mails that did not arrive."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, g, make_response, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import clock
from crowdfund.dashboard.frame import desk_here
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.mail import SentMail
from crowdfund.tenancy import transaction

blueprint = Blueprint("post", __name__, url_prefix="/staff/<museum>")
blueprint.after_request(keep_private)
LISTED = 200
TOLD_FOR = timedelta(days=90)
_OF_GIFT = re.compile(r"(?:thanks|reward_unavailable):(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class LostMail:
    """A mail that did not arrive: `state` is "bounced" (for good) or "failed" (tried again)."""

    at: datetime
    to: str
    subject: str
    state: str
    error: str
    url: str


@blueprint.get("/mails")
@requires(Permission.READ_GIFTS)
def lost_mails() -> AnyResponse:
    """Show the mails that did not arrive, the latest first."""
    with transaction(g.scope) as session:
        found, desk = _lost(session), desk_here(session)
    page = render_template(
        "staff/mails.html", desk=desk, place="mails", mails=found, timezone=membership_here().time_zone
    )
    return make_response(page)


def _lost(session: Session) -> tuple[LostMail, ...]:
    slug = membership_here().slug
    found = session.scalars(
        select(SentMail)
        .where(SentMail.state.in_(["bounced", "failed"]), SentMail.created_at > clock.now() - TOLD_FOR)
        .order_by(SentMail.created_at.desc(), SentMail.id.desc())
        .limit(LISTED)
    )
    lost = []
    for one in found:
        of = _OF_GIFT.fullmatch(one.key)
        lost.append(
            LostMail(
                at=one.created_at,
                to=one.to_address or "",
                subject=str(one.content.get("subject", "")),
                state=one.state,
                error=one.error or "",
                url=f"/staff/{slug}/gifts/{of[1]}" if of else "",
            )
        )
    return tuple(lost)
