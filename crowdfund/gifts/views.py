"""The donor's door to what belongs to one gift."""

from __future__ import annotations

from flask import Blueprint, current_app, make_response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from config import Config
from crowdfund import clock
from crowdfund.accounts.buckets import limited
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import is_open
from crowdfund.campaigns.texts import said
from crowdfund.errors import NotFound
from crowdfund.gifts import dedications
from crowdfund.gifts.calendar import Moment, calendar_file
from crowdfund.i18n import current_locale, gettext
from crowdfund.institutions.models import Institution
from crowdfund.links import BadLink, institution_of
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import DonorScope, transaction

blueprint = Blueprint("gifts", __name__)


@blueprint.get("/<lang:lang>/gifts/<token>/card.pdf")
def card(token: str) -> Response:
    """Give the donor the card of a dedicated gift, to print or to send on."""
    with transaction(_scope(token)) as session:
        pledge = pledges.pledge_by_token(session, token)
    content = dedications.stored_card(pledge)
    if content is None:
        raise NotFound
    answer = make_response(content)
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="{dedications.FILE}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/<lang:lang>/gifts/<token>/end.ics")
def end_of_appeal(token: str) -> Response:
    """Give the donor the end of the appeal for a calendar. The file is passed on: it does not hold the gift's link."""
    with transaction(_scope(token)) as session:
        moment = _end(session, pledges.pledge_by_token(session, token))
    answer = make_response(calendar_file(moment))
    answer.headers["Content-Type"] = "text/calendar; charset=utf-8"
    answer.headers["Content-Disposition"] = 'attachment; filename="appeal.ics"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _end(session: Session, pledge: Pledge) -> Moment:
    """Say when the appeal of a pledge ends. Raises NotFound once it is over."""
    campaign = session.get_one(Campaign, (pledge.institution_id, pledge.campaign_id))
    if not is_open(campaign.state, campaign.opens_at, campaign.closes_at, clock.now()):
        raise NotFound
    museum = session.get_one(Institution, pledge.institution_id)
    config: Config = current_app.extensions["config"]
    return Moment(
        uid=f"appeal-{museum.id}-{campaign.id}@{config.public_url.partition('://')[2]}",
        at=campaign.closes_at,
        made_at=clock.now(),
        title=gettext("The appeal ends: %(title)s", title=said(campaign.title, museum.default_locale)),
        text=museum.name,
        url=f"{config.public_url}/{current_locale()}/{museum.slug}/{campaign.slug}/",
    )


def _scope(token: str) -> DonorScope:
    limited("gift_page_ip", request.remote_addr or "")
    try:
        return DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error
