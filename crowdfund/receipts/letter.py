"""Build the letter of a receipt from its snapshot: HTML by templates of its own, then PDF.

The text of a form is fixed in its template, in the language of its law; a donor who reads another language finds a
short summary in it. Nothing here asks the database, the request or the clock.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from crowdfund import formats
from crowdfund.money import Money
from crowdfund.pdf import Embedded, TooLong, renderer
from crowdfund.receipts.snapshot import Snapshot, printable
from crowdfund.tax.words import words

TEMPLATES = Path(__file__).parents[2] / "templates" / "letters"
# The language of each form's law, in which its letter is written
LANGUAGES: Mapping[str, str] = {"fr_2041_rd": "fr", "fr_2041_mec_sd": "fr", "it_art_bonus": "it", "it_cts": "it"}
# Letters are set at ease; when long names push them over the page, tighter
DENSITIES = ("", "tight")


def amount_in_words(amount: Money, template: str) -> str:
    """Write the amount in words, in the language of the form (the `amount_words` of a snapshot)."""
    return words(amount, LANGUAGES[template])


def render(snapshot: Snapshot) -> bytes:
    """Make the PDF of a receipt: tagged PDF/A-3 with the snapshot embedded, one page. Same snapshot, same bytes.

    Raises PdfError when something that the letter shows is missing.
    """
    record = json.dumps(snapshot.record(), ensure_ascii=False, sort_keys=True, indent=1).encode()
    arguments: dict[str, Any] = {
        "title": title(snapshot),
        "lang": LANGUAGES[snapshot.template],
        "created_at": snapshot.issued_at,
        "attachments": [Embedded(f"{snapshot.number}.json", record, f"Data of receipt {snapshot.number}")],
        "images": _signature(snapshot),
        "passing": {"qr.png": qr_code(snapshot.verification_url)},
    }
    for density in DENSITIES:
        try:
            return renderer().render(html(snapshot, density), pages=1, **arguments)
        except TooLong:
            continue
    # no text is ever cut: names of extreme length go on to a second page
    return renderer().render(html(snapshot, DENSITIES[-1]), **arguments)


def title(snapshot: Snapshot) -> str:
    """Name the document. The donor is not in it: titles show in windows and lists of files."""
    kind = "Ricevuta" if LANGUAGES[snapshot.template] == "it" else "Reçu"
    return f"{kind} {snapshot.number}"


def html(snapshot: Snapshot, density: str = "") -> str:
    """Write the letter as HTML, as close as `density` says."""
    template = _environment().get_template(f"{snapshot.template}.html")
    language = LANGUAGES[snapshot.template]
    return template.render(
        snapshot=snapshot,
        language=language,
        density=density,
        figures=formats.money_exact(snapshot.gift.amount, language),
        stars=f"***{formats.money_exact(snapshot.gift.amount, language)}***",
        qr="qr.png",
        summary=_summary(snapshot),
        signature=next(iter(_signature(snapshot)), ""),
        address=snapshot.verification_url.partition("://")[2].removesuffix(snapshot.verification_code),
        code=snapshot.verification_code,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_printed,
    )
    environment.filters["money"] = formats.money_exact
    environment.filters["day"] = lambda day, language: formats.date(day, "long", language)
    return environment


def _printed(value: Any) -> Any:
    """Clean each text on its way to the page; what is markup already is ours."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _signature(snapshot: Snapshot) -> dict[str, bytes]:
    if not snapshot.signature_png:
        return {}
    content = base64.b64decode(snapshot.signature_png, validate=True)
    return {f"signature-{hashlib.sha256(content).hexdigest()[:32]}.png": content}


def _summary(snapshot: Snapshot) -> str:
    """Say in the donor's language what the letter says, when the letter is in another one."""
    locale = snapshot.locale[:2]
    language = LANGUAGES[snapshot.template]
    if locale == language or locale not in _SUMMARIES:
        return ""
    amount, day = snapshot.gift.amount, snapshot.gift.date
    return _SUMMARIES[locale].format(
        language=_LANGUAGE_NAMES[locale][language],
        issuer=snapshot.issuer.legal_name,
        donor=snapshot.donor.name,
        amount=formats.money_exact(amount, locale),
        words=words(amount, locale),
        day=formats.date(day, "long", locale),
        articles=", ".join(_cited(article) for article in snapshot.legal_articles),
    )


def _cited(article: str) -> str:
    """Cite an article with its code: the French forms name it by its number alone."""
    return article if article.startswith("art.") else f"art. {article} CGI"


_SUMMARIES = {
    "en": (
        "In English: this tax receipt is written in {language}, the language of the law it rests on ({articles}). In "
        "it {issuer} states that it received {amount} ({words}) from {donor} as a gift on {day}."
    ),
    "fr": (
        "En français : ce reçu est rédigé en {language}, langue de la loi sur laquelle il repose ({articles}). "
        "{issuer} y atteste avoir reçu de {donor} un don de {amount} ({words}) le {day}."
    ),
    "it": (
        "In italiano: questa ricevuta è redatta in {language}, la lingua della legge su cui si fonda ({articles}). "
        "{issuer} vi attesta di aver ricevuto da {donor} un dono di {amount} ({words}) in data {day}."
    ),
}
_LANGUAGE_NAMES = {
    "en": {"fr": "French", "it": "Italian"},
    "fr": {"fr": "français", "it": "italien"},
    "it": {"fr": "francese", "it": "italiano"},
}


def qr_code(address: str) -> bytes:
    """Draw a QR code as a grey PNG (level M, without quiet zone: the page around it is white).

    The mask is fixed: trying all eight for the smoothest costs ten times the drawing, and readers cope with any.
    """
    drawn, grey = io.BytesIO(), io.BytesIO()
    segno.make(address, error="m", mask=3, micro=False, boost_error=False).save(drawn, kind="png", scale=4, border=0)
    with Image.open(drawn) as picture:
        picture.convert("L").save(grey, "PNG")
    return grey.getvalue()
