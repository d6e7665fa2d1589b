"""Rebuild the fonts of the receipts (static/letters/*.ttf) from the npm packages of Fontsource.

    npm i @fontsource-variable/hedvig-letters-serif@5.3.0 @fontsource-variable/instrument-sans@5.3.0 \
          @fontsource/noto-sans@5.3.0 @fontsource/noto-sans-hebrew@5.3.0 @fontsource/noto-sans-arabic@5.3.0
    pip install fonttools brotli
    python docs/letter_fonts.py path/to/node_modules

All families are under the SIL Open Font License 1.1 without reserved font name. Each becomes one static TrueType file:
variable fonts would be instantiated again for every receipt, and compressed ones decoded at every start. Noto stands in
for names in scripts that the house's fonts lack. U+202F, the narrow space of French amounts, is added where missing.
"""  # noqa: INP001 - a script of the documentation

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph
from fontTools.varLib import instancer

OUT = Path(__file__).parents[1] / "static" / "letters"
NARROW_SPACE = 0x202F
FEATURES = ["kern", "liga", "calt", "ccmp", "locl", "mark", "mkmk", "init", "medi", "fina", "isol", "rlig"]
HEDVIG = "@fontsource-variable/hedvig-letters-serif/files/hedvig-letters-serif-{}-opsz-normal.woff2"
INSTRUMENT = "@fontsource-variable/instrument-sans/files/instrument-sans-{}-wght-normal.woff2"
NOTO = "@fontsource/noto-sans{}/files/noto-sans{}-{}-400-normal.woff2"
JOBS: list[tuple[str, dict[str, float], list[str]]] = [
    ("hedvig.ttf", {"opsz": 24}, [HEDVIG.format("latin"), HEDVIG.format("latin-ext")]),
    ("instrument.ttf", {"wght": 400}, [INSTRUMENT.format("latin"), INSTRUMENT.format("latin-ext")]),
    ("instrument-bold.ttf", {"wght": 700}, [INSTRUMENT.format("latin"), INSTRUMENT.format("latin-ext")]),
    (
        "noto.ttf",
        {},
        [
            NOTO.format("", "", part)
            for part in ("latin-ext", "greek", "greek-ext", "cyrillic", "cyrillic-ext", "vietnamese")
        ],
    ),
    ("noto-hebrew.ttf", {}, [NOTO.format("-hebrew", "-hebrew", "hebrew")]),
    ("noto-arabic.ttf", {}, [NOTO.format("-arabic", "-arabic", "arabic")]),
]


def static(path: Path, limits: dict[str, float]) -> Any:
    """Open one part of a family as a static font without hints."""
    font = TTFont(path)
    options = Options()
    options.layout_features = FEATURES
    options.hinting = False
    options.notdef_outline = True
    cut = Subsetter(options)
    cut.populate(unicodes=set(font.getBestCmap()))
    cut.subset(font)
    if "fvar" in font:
        axes = {axis.axisTag: limits.get(axis.axisTag, axis.defaultValue) for axis in font["fvar"].axes}
        font = instancer.instantiateVariableFont(font, axes)
    for table in ("STAT", "DSIG", "HVAR", "MVAR"):
        if table in font:
            del font[table]
    font.flavor = None
    return font


def add_narrow_space(font: Any) -> None:
    """Add U+202F at 72 % of the width of the space."""
    if NARROW_SPACE in font.getBestCmap() or 0x20 not in font.getBestCmap():
        return
    width, _ = font["hmtx"][font.getBestCmap()[0x20]]
    font.setGlyphOrder([*font.getGlyphOrder(), "uni202F"])
    font["glyf"]["uni202F"] = Glyph()
    font["hmtx"]["uni202F"] = (round(width * 0.72), 0)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[NARROW_SPACE] = "uni202F"


def build(name: str, limits: dict[str, float], parts: list[Path], folder: Path) -> None:
    """Make one file out of the parts of a family."""
    cut = []
    seen: set[int] = set()
    for number, part in enumerate(parts):
        font = static(part, limits)
        fresh = set(font.getBestCmap()) - seen
        seen |= fresh
        options = Options()
        options.layout_features = ["*"]
        options.notdef_outline = True
        once = Subsetter(options)
        once.populate(unicodes=fresh)
        once.subset(font)
        cut.append(folder / f"{number}.ttf")
        font.save(cut[-1])
    merged = Merger().merge([str(path) for path in cut]) if len(cut) > 1 else TTFont(cut[0])
    add_narrow_space(merged)
    merged["head"].created = merged["head"].modified = 0
    merged.recalcTimestamp = False
    merged.save(OUT / name)
    print(f"{name:22} {(OUT / name).stat().st_size:>7} bytes {len(merged.getBestCmap()):>5} characters")  # noqa: T201


if __name__ == "__main__":
    for file, axes, sources in JOBS:
        with tempfile.TemporaryDirectory() as work:
            build(file, axes, [Path(sys.argv[1]) / source for source in sources], Path(work))
