"""Print a plaque: as the engraver's sheets, fonts embedded, with bleed and marks to cut by where it is for a printer."""

from __future__ import annotations

from datetime import datetime

from flask import render_template

from crowdfund.pdf import renderer
from crowdfund.plaques.rules import SIZES
from crowdfund.proofs.view import Proof


def pdf(proof: Proof, made_at: datetime, *, for_printers: bool, version: int = 0) -> bytes:
    """Make the PDF of a plaque: one page for each sheet. `version` is told in the file's title."""
    lang = proof.plan.locale
    html = render_template(
        "letters/plaque.html",
        sheets=proof.sheets,
        size=SIZES[proof.plan.size],
        for_printers=for_printers,
        title=proof.words.caption,
        lang=lang,
    )
    title = f"{proof.words.museum} — {proof.words.caption}" + (f" — {version}" if version else "")
    return renderer().render(html, title=title, lang=lang, created_at=made_at, pages=max(1, len(proof.sheets)))
