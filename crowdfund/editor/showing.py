"""Choose the picture of a reward among the museum's; none is a sign that says how it reaches the donor."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.campaigns import illustration
from crowdfund.campaigns.content import row_values
from crowdfund.campaigns.editing import edit_campaign
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.campaigns.texts import said
from crowdfund.editor.frame import author, campaign_here, head_of, kept_now, note, render
from crowdfund.errors import NotFound, Refusal
from crowdfund.i18n import N_, gettext, in_words
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.numbers import row_number
from crowdfund.pictures import service as pictures
from crowdfund.tenancy import museum_of, transaction

blueprint = Blueprint("showing", __name__, url_prefix="/staff/<museum>/campaigns")
blueprint.after_request(keep_private)
NO_PICTURE = N_("Choose a picture.")


@blueprint.get("/<int:campaign_id>/edit/reward/<int:row_id>/picture")
@requires(Permission.EDIT)
def reward_picture(campaign_id: int, row_id: int) -> AnyResponse:
    """Show the museum's pictures, to choose the one that shows a reward."""
    return _choices(campaign_id, row_id)


@blueprint.post("/<int:campaign_id>/edit/reward/<int:row_id>/picture")
@requires(Permission.EDIT)
def choose_picture(campaign_id: int, row_id: int) -> AnyResponse:
    """Show a reward by this picture, or by none."""
    typed = request.form.get("picture", "")
    if typed and not row_number(typed):
        return _choices(campaign_id, row_id, {"picture": gettext(NO_PICTURE)}, 422)
    try:
        with transaction(g.scope) as session:
            campaign = campaign_here(session, campaign_id)
            values = row_values("reward", _reward(session, campaign, row_id))
            image = illustration.reference_of(pictures.picture_of(session, row_number(typed))) if typed else None
            wanted = {f"reward.{row_id}": values | {"image": image}}
            edit_campaign(session, campaign_id, wanted, seen=campaign.revision, author=author(), note=note())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _choices(campaign_id, row_id, {refusal.field or "": in_words(refusal)}, refusal.status)
    where: dict[str, Any] = {"museum": membership_here().slug, "campaign_id": campaign_id, "kept": kept_now()}
    return redirect(url_for("rows.row", kind="reward", row_id=row_id, **where), 303)


def _choices(campaign_id: int, row_id: int, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        head, reward = head_of(session, campaign), _reward(session, campaign, row_id)
        values = {
            "row_id": row_id,
            "title": said(reward.title, membership_here().default_locale),
            "found": illustration.picture_choices(session, reward.image, head.languages),
            "note": note(),
            "errors": errors or {},
        }
        return render(session, "editor/reward_picture.html", head, "rewards", values, status)


def _reward(session: Session, campaign: Campaign, row_id: int) -> Reward:
    found = session.get(Reward, (museum_of(session), row_id)) if 0 < row_id < 2**63 else None
    if found is None or found.campaign_id != campaign.id:
        raise NotFound
    return found
