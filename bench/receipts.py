"""P8: receipts per core, against bare WeasyPrint with shared fonts and style, for a letter of identical look.

    python bench/receipts.py

Both sides make the same page with PDF/A-3, tags, the code and the embedded record from one snapshot; rounds are
interleaved, times are CPU time of this process, figures are medians. The bare side is what WeasyPrint's manual advises for
many documents: one font configuration (with the machine's fonts), one parsed stylesheet, and the layout as it was first
designed, with flex boxes and the code as inline SVG. `same` tells ours against the bare library on our own markup.
"""

from __future__ import annotations

import base64
import io
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import segno
from PIL import Image, ImageDraw
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration

from crowdfund.pdf import STYLE, VARIANT, AssetFetcher, renderer
from crowdfund.receipts import letter
from crowdfund.receipts.snapshot import DonorBlock, GiftBlock, IssuerBlock, Snapshot

ROUNDS = 7
EACH = 6
# The letter's boxes as a designer writes them first; the look is the same.
FLEX = """
.head, .two, .amount, .foot, .check { display: flex; justify-content: space-between; }
.amount { align-items: center; } .foot, .check { align-items: flex-end; }
.two::after, .foot::after { display: none; }
.platform, .two div, .sign, .check, .check p { float: none; }
.head { flex-direction: row-reverse; }
.check svg { width: 23mm; height: 23mm; }
table { table-layout: auto; }
"""


def snapshot(number: int) -> Snapshot:
    """Make the snapshot of the n-th receipt of a museum."""
    drawn = io.BytesIO()
    picture = Image.new("RGBA", (360, 120), (0, 0, 0, 0))
    ImageDraw.Draw(picture).line([(10, 90), (60, 20), (100, 90), (180, 40), (350, 30)], fill=(34, 58, 138), width=4)
    picture.save(drawn, "PNG")
    gift = GiftBlock(amount_minor=5000 + number, currency="EUR", date=date(2026, 11, 22), method="card")
    code = f"k7q2mzr5xw4c3n6p8t9v2b{number:04d}"
    return Snapshot(
        template="fr_2041_rd",
        form="2041-RD",
        form_revision="11580*05",
        regime="fr_200",
        legal_articles=("200",),
        number=f"ARV-2026-{number:06d}",
        series="ARV",
        year=2026,
        issued_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        issued_on=date(2026, 11, 22),
        locale="fr",
        issuer=IssuerBlock(
            legal_name="Ville d’Arvières",
            kind="musee_de_france",
            identifiers=(("SIREN", "217 300 001"),),
            address_lines=("1 place du Palais", "73000 Arvières", "France"),
            purpose="Conservation et enrichissement des collections publiques du musée",
            category="Musée de France ; collectivité territoriale, œuvre d’intérêt général à caractère culturel",
            signatory_name="A. Mollard",
            signatory_quality="Le régisseur, par délégation du maire",
            place="Arvières",
        ),
        museum_name="Musée d’Arvières",
        campaign="Acquisition du Service aux Hirondelles",
        donor=DonorBlock(
            kind="individual", name="Camille Rey", address_lines=("8 rue des Tanneurs", "73000 Chambéry", "France")
        ),
        gift=gift,
        amount_words=letter.amount_in_words(gift.amount, "fr_2041_rd"),
        verification_url=f"https://cimaise.example/fr/receipts/{code}",
        verification_code=code,
        rules_version="2026-11-22",
        platform_name="Cimaise",
        signature_png=base64.b64encode(drawn.getvalue()).decode(),
    )


class Bare:
    """WeasyPrint used directly, with fonts and style shared between documents."""

    def __init__(self, *, first_layout: bool) -> None:
        self.first_layout = first_layout
        self.assets = renderer().assets
        self.fonts = FontConfiguration()
        text = self.assets[STYLE].decode() + (FLEX if first_layout else "")
        fetcher = AssetFetcher(self.assets)
        self.style = CSS(string=text, url_fetcher=fetcher, font_config=self.fonts, base_url="asset:")

    def render(self, issued: Snapshot) -> bytes:
        """Make the PDF of a receipt."""
        own = letter._signature(issued)  # noqa: SLF001 - the same input for both sides
        html = letter.html(issued)
        if self.first_layout:
            html = html.replace(_image(html), _svg(issued.verification_url))
        else:
            own["qr.png"] = _png(issued.verification_url)
        record = json.dumps(issued.record(), ensure_ascii=False, sort_keys=True, indent=1).encode()
        attachment = Attachment(string=record, name=f"{issued.number}.json", relationship="Data")
        document = HTML(string=html, url_fetcher=AssetFetcher({**self.assets, **own}), base_url="asset:")
        pdf: bytes = document.write_pdf(
            font_config=self.fonts, stylesheets=[self.style], pdf_variant=VARIANT, attachments=[attachment]
        )
        return pdf


def _image(html: str) -> str:
    start = html.index('<img src="asset:qr.png"')
    return html[start : html.index(">", start) + 1]


def _png(address: str) -> bytes:
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="png", scale=8, border=0)
    return drawn.getvalue()


def _svg(address: str) -> str:
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", xmldecl=False, border=0, omitsize=True)
    return drawn.getvalue().decode()


def _cost(render: Callable[[Snapshot], bytes], first: int) -> float:
    """Measure the CPU milliseconds of one receipt."""
    snapshots = [snapshot(first + number) for number in range(EACH)]
    start = time.process_time()
    for issued in snapshots:
        render(issued)
    return (time.process_time() - start) * 1000 / EACH


def measure() -> dict[str, Any]:
    """Measure P8: CPU ms per receipt of both sides, receipts per second and core, and the ratio (1.0 or more is the goal)."""
    sides: dict[str, Callable[[Snapshot], bytes]] = {
        "ours": letter.render,
        "bare": Bare(first_layout=True).render,
        "same": Bare(first_layout=False).render,
    }
    for render in sides.values():
        render(snapshot(0))
    costs: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(ROUNDS):
        for name, render in sides.items():
            costs[name].append(_cost(render, turn * EACH))
    medians = {name: statistics.median(found) for name, found in costs.items()}
    return {
        "name": "P8",
        "ms": {name: round(found, 1) for name, found in medians.items()},
        "per_second": round(1000 / medians["ours"], 1),
        "ratio": round(medians["bare"] / medians["ours"], 2),
        "ratio_same_markup": round(medians["same"] / medians["ours"], 2),
        "size": len(letter.render(snapshot(0))),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "goal": 1.0,
    }


def look_alike(folder: Path) -> None:
    """Write one receipt of each side, to be compared by eye."""
    issued = replace(snapshot(1))
    for name, render in (("ours", letter.render), ("bare", Bare(first_layout=True).render)):
        (folder / f"{name}.pdf").write_bytes(render(issued))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        look_alike(Path(sys.argv[1]))
    else:
        print(json.dumps(measure(), indent=1))
