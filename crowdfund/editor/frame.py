"""What every page of one campaign's editor has: its head, its parts, who is at work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import g, make_response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import clock
from crowdfund.campaigns.binding import is_binding
from crowdfund.campaigns.editing import Author
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.service import campaign_of
from crowdfund.campaigns.texts import said
from crowdfund.dashboard.frame import desk_here
from crowdfund.editor.reading import Frame
from crowdfund.errors import NotFound
from crowdfund.forms import tidy
from crowdfund.i18n import current_locale
from crowdfund.institutions.current import languages_of
from crowdfund.institutions.permissions import membership_here, person_here
from crowdfund.tenancy import transaction

LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class Head:
    """The campaign at the head of its pages. `here` is where its editor lives, `public` its page once it is announced."""

    id: int
    title: str
    state: str
    here: str
    public: str
    revision: int
    opens_at: datetime
    timezone: str
    languages: tuple[str, ...]
    locale: str
    currency: str
    binding: bool  # donors give on what is written here

    @property
    def editable(self) -> bool:
        """Say whether anything may still be changed."""
        return self.state in {CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.LIVE}

    @property
    def waits(self) -> bool:
        """Say whether it has not opened yet."""
        return self.state in {CampaignState.DRAFT, CampaignState.SCHEDULED}


def head_of(session: Session, campaign: Campaign) -> Head:
    """Read a campaign's head, in the language that was asked for (`lang`), else the museum's own."""
    museum = membership_here()
    languages = languages_of(session, museum.institution_id)
    asked = request.values.get("lang", "")
    return Head(
        id=campaign.id,
        title=said(campaign.title, museum.default_locale),
        state=campaign.state,
        here=f"/staff/{museum.slug}/campaigns/{campaign.id}/edit",
        public="" if campaign.state == CampaignState.DRAFT else f"/{current_locale()}/{museum.slug}/{campaign.slug}/",
        revision=campaign.revision,
        opens_at=campaign.opens_at,
        timezone=museum.time_zone,
        languages=tuple(languages),
        locale=asked if asked in languages else languages[0],
        currency=campaign.currency,
        binding=is_binding(session, campaign),
    )


def author() -> Author:
    """Name the person at the desk."""
    person = person_here()
    return Author(person.account_id, person.name)


def frame_of(campaign: Campaign, head: Head) -> Frame:
    """Tell how fields are read and written here."""
    return Frame(head.locale, campaign.currency, head.timezone)


def seen() -> int:
    """Read at which revision the form was loaded; what is no number counts as long ago."""
    typed = request.form.get("revision", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0


def note() -> str:
    """Read why something changes."""
    return tidy(request.form.get("note", ""))[:LONGEST_NOTE]


def kept_now() -> int:
    """Give the moment (Unix seconds) that an address carries after something was kept: the next page says it."""
    return int(clock.now().timestamp())


def _kept() -> datetime | None:
    """Read when something was kept, off the address."""
    typed = request.args.get("kept", "")
    return datetime.fromtimestamp(int(typed), UTC) if typed.isascii() and typed.isdigit() and len(typed) < 11 else None


def campaign_here(session: Session, campaign_id: int) -> Campaign:
    """Find the campaign of the address. Raises NotFound, for a number no campaign can have too."""
    if campaign_id >= 2**63:
        raise NotFound
    return campaign_of(session, campaign_id)


def page(template: str, campaign_id: int, part: str, values: dict[str, Any], status: int = 200) -> AnyResponse:
    """Show a page of a campaign's editor."""
    with transaction(g.scope) as session:
        head = head_of(session, campaign_here(session, campaign_id))
        return render(session, template, head, part, values, status)


def render(
    session: Session, template: str, head: Head, part: str, values: dict[str, Any], status: int = 200
) -> AnyResponse:
    """Show a page of a campaign's editor, inside an open transaction."""
    frame = {"desk": desk_here(session), "place": "campaigns", "head": head, "part": part, "kept": _kept()}
    text = render_template(template, **frame, **values)
    return make_response(text, status)
