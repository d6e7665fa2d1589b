"""Settle what an opening waits for: fill in, note the decisions, let the museum's people agree. And leave one draft unsettled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns import drafts, gate
from crowdfund.campaigns.content import Content, read_content, row_values, rows_of
from crowdfund.campaigns.editing import Author, edit_campaign
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.promises import Approver, DecisionKind, WordState
from crowdfund.campaigns.service import campaign_of
from crowdfund.demo.staff import PEOPLE
from crowdfund.institutions.current import languages_of
from crowdfund.tenancy import OperatorScope, museum_of, transaction

BELOW = {
    "fr": "Le prochain achat sera annoncé ici.",
    "it": "Il prossimo acquisto sarà annunciato qui.",
    "en": "The next purchase will be announced here.",
}
REFERENCES = {
    DecisionKind.COMMISSION: "CSR 2026-03",
    DecisionKind.COUNCIL: "2026-114",
    DecisionKind.MANDATE: "M-2024-01",
    DecisionKind.ACCOUNTANT: "DGFiP 2024-22",
}
MODEL = "AUB-01"
WRONG = 15_000  # the tier whose catalogue is worth 45 for a gift of 150
SECOND = "Le miroir de la couturière"


def settle(session: Session, campaign: Campaign, museum: str, people: Mapping[str, int]) -> None:
    """Settle everything before a campaign opens, as its museum's people do."""
    names = {role: name for name, role in PEOPLE[museum]}
    owner = people["owner"]
    lacking: Content = {
        f"campaign.fallback.{locale}": words for locale, words in BELOW.items() if not campaign.fallback
    }
    edit_campaign(session, campaign.id, lacking, seen=campaign.revision, author=Author(owner, names["owner"]))
    for locale in languages_of(session, museum_of(session)):
        gate.approve_words(session, campaign, locale, WordState.APPROVED)
    day = gate.today_at(session) - timedelta(days=20)
    for kind, reference in REFERENCES.items():
        gate.note_decision(session, campaign, kind, reference=reference, dated_on=day, account_id=owner)
    for part in Approver:
        name = names.get(part, names["owner"])
        account_id = people.get(part, owner)
        gate.approve(session, campaign, part, name=name, agreed_on=day, document="", account_id=account_id)


def leave_a_draft(scope: OperatorScope, model_id: int, people: Mapping[str, int]) -> None:
    """Copy the pastel's campaign for its pendant, with the reward that the checklist refuses."""
    lea, solene = Author(people["campaign_lead"], "Léa Perrier"), Author(people["curator"], "Solène Favre")
    with clock.at(clock.now() - timedelta(days=2)), transaction(scope) as session:
        campaign = drafts.copy_campaign(session, model_id, SECOND, author=lea)
        [wrong] = [row for row in rows_of(session, "reward", campaign.id) if row.price_minor == WRONG]
        offered = row_values("reward", wrong) | {"state": "offered"}
        wanted = {f"reward.{wrong.id}": offered}
        edit_campaign(session, campaign.id, wanted, seen=campaign.revision, author=lea)
        number = campaign.id
    with clock.at(clock.now() - timedelta(days=1)), transaction(scope) as session:
        campaign = campaign_of(session, number)
        there = read_content(session, campaign)
        words: Content = {
            "campaign.summary.fr": "Le miroir que Jeanne tient sur le pastel existe encore. Il est à vendre, à deux rues du musée.",
            "artwork.title.fr": "Miroir de toilette",
            "artwork.why_here.fr": "Il n’a jamais quitté la rue Croix-d’Or.",
        }
        edit_campaign(session, number, {field: text for field, text in words.items() if there.get(field) != text},
                      seen=campaign.revision, author=solene)  # fmt: skip
        gate.approve_words(session, campaign, "it", WordState.MACHINE)
