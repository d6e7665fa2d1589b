"""What a campaign's page tells machines: schema.org as JSON-LD. Nothing in it that is not on the page."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from crowdfund.assets import asset
from crowdfund.i18n import current_locale
from crowdfund.pages.view.campaign import CampaignPage
from crowdfund.pages.view.lists import MuseumPage

CONTEXT = "https://schema.org"
STATUS = {
    "scheduled": "PotentialActionStatus",
    "live": "ActiveActionStatus",
    "succeeded": "CompletedActionStatus",
    "failed": "FailedActionStatus",
    "withdrawn": "FailedActionStatus",
}
# In a script element these could end it or start a comment; JSON has other ways to write them.
UNSAFE = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\N{LINE SEPARATOR}": "\\u2028",
    "\N{PARAGRAPH SEPARATOR}": "\\u2029",
}


def data_block(data: dict[str, Any]) -> Markup:
    """Write a data block: a script element that browsers do not run, so the policy against inline code is not asked."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign, written in UNSAFE.items():
        text = text.replace(sign, written)
    return Markup('<script type="application/ld+json">') + Markup(text) + Markup("</script>")  # noqa: S704 - escaped above


def campaign_data(page: CampaignPage, public_url: str) -> dict[str, Any]:
    """Describe a campaign: the work, the museum, and the gift that is asked for."""
    museum = _museum(page.museum.name, page.museum.town, f"{public_url}{page.museum.url}")
    work = _work(page, public_url)
    action = {"recipient": {"@id": museum["@id"]}, "object": {"@id": work["@id"]}, **_action(page, public_url)}
    return {"@context": CONTEXT, "@graph": [museum, work, action]}


def _work(page: CampaignPage, public_url: str) -> dict[str, Any]:
    address = f"{public_url}{page.url}"
    work: dict[str, Any] = {
        "@type": "VisualArtwork",
        "@id": f"{address}#work",
        "name": page.title,
        "description": page.lede,
        "url": address,
        "inLanguage": current_locale(),
    }
    if page.picture.alt:
        work["image"] = {
            "@type": "ImageObject",
            "contentUrl": f"{public_url}{asset(page.picture.src)}",
            "width": page.picture.width,
            "height": page.picture.height,
            "caption": page.picture.alt,
        }
    return work


def _action(page: CampaignPage, public_url: str) -> dict[str, Any]:
    address = f"{public_url}{page.url}"
    action: dict[str, Any] = {
        "@type": "DonateAction",
        "@id": f"{address}#give",
        "name": page.title,
        "actionStatus": f"{CONTEXT}/{STATUS[page.phase]}",
    }
    if page.phase == "live" and page.takes_gifts:
        action["target"] = {
            "@type": "EntryPoint",
            "urlTemplate": f"{address}give",
            "actionPlatform": [f"{CONTEXT}/DesktopWebPlatform", f"{CONTEXT}/MobileWebPlatform"],
        }
        action["priceSpecification"] = {
            "@type": "PriceSpecification",
            "minPrice": str(page.minimum.decimal),
            "priceCurrency": page.minimum.currency,
        }
    if page.opens_at and page.deadline:
        action["startTime"], action["endTime"] = page.opens_at.isoformat(), page.deadline.isoformat()
    return action


def museum_data(page: MuseumPage, public_url: str) -> dict[str, Any]:
    """Describe a museum."""
    found = _museum(page.museum.name, page.museum.town, f"{public_url}{page.museum.url}")
    return {"@context": CONTEXT, **found, "description": page.text} if page.text else {"@context": CONTEXT, **found}


def _museum(name: str, town: str, address: str) -> dict[str, Any]:
    return {
        "@type": "Museum",
        "@id": f"{address}#museum",
        "name": name,
        "url": address,
        "address": {"@type": "PostalAddress", "addressLocality": town},
    }
