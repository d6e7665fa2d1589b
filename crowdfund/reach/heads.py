"""What stands in the head of public pages: where the page is at home, its other languages, how it is shared."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, request
from markupsafe import Markup, escape

from config import Config
from crowdfund.headers import class_of
from crowdfund.i18n import DEFAULT, LOCALES, current_locale
from crowdfund.pages.view.campaign import CampaignPage
from crowdfund.pages.view.lists import MuseumPage
from crowdfund.reach.linked import campaign_data, data_block, museum_data
from crowdfund.reach.rules import step_of

CARD_SIZE = (360, 420)
KEPT_QUESTIONS = ("page",)  # that make another page, not the same one in another order


@dataclass(frozen=True, slots=True)
class Alternate:
    """The same page in a language, "x-default" being the one for all others."""

    locale: str
    path: str


def page_path() -> str:
    """Tell the part of this page's address after its language, with the questions that make it another page."""
    _lang, _sep, rest = request.path.lstrip("/").partition("/")
    kept = [f"{name}={request.args[name]}" for name in KEPT_QUESTIONS if request.args.get(name, "").isdigit()]
    return f"/{rest}{'?' + '&'.join(kept) if kept else ''}"


def alternates() -> list[Alternate]:
    """List the page in each language; nothing for pages that are not for everybody."""
    lang = request.path.lstrip("/").partition("/")[0]
    if lang not in LOCALES or class_of(request.path) != "public":
        return []
    rest = page_path()
    found = [Alternate(one, f"/{one}{rest}") for one in LOCALES]
    return [*found, Alternate("x-default", "/" if rest == "/" else f"/{DEFAULT}{rest}")]


def canonical() -> str:
    """Tell where this page is at home: its address without ways, filters and searches."""
    lang = request.path.lstrip("/").partition("/")[0]
    return f"/{lang}{page_path()}" if alternates() else ""


def share_picture(page: CampaignPage, lang: str) -> str:
    """Tell the address of the picture under a shared link; it changes with each step of 5 %, so that it is fetched again."""
    return share_path(f"{page.museum.slug}/{page.slug}", lang, page.phase, page.progress.percent)


def share_path(path: str, lang: str, phase: str, percent: int) -> str:
    """Write the address of a shared picture: `path` is "museum/campaign"."""
    return f"/share/{path}.{lang}.png?v={'' if phase == 'live' else phase[0]}{step_of(percent)}"


def frame_code(path: str, title: str, home: str, size: tuple[int, int] = CARD_SIZE) -> str:
    """Write the frame that a site puts into its page, in the current language: `path` is "museum/campaign"."""
    width, height = size
    return (
        f'<iframe src="{home}/embed/{path}?lang={current_locale()}" width="{width}" height="{height}"'
        f' title="{escape(title)}" loading="lazy"></iframe>'
    )


def register(app: Flask, config: Config) -> None:
    """Give the templates what they put into heads."""

    def linked_campaign(page: CampaignPage) -> Markup:
        return data_block(campaign_data(page, config.public_url))

    def linked_museum(page: MuseumPage) -> Markup:
        return data_block(museum_data(page, config.public_url))

    def embed_code(page: CampaignPage) -> str:
        return frame_code(f"{page.museum.slug}/{page.slug}", page.title, config.public_url)

    app.jinja_env.globals.update(
        embed_code=embed_code,
        alternates=alternates,
        canonical=canonical,
        share_picture=share_picture,
        linked_campaign=linked_campaign,
        linked_museum=linked_museum,
    )
