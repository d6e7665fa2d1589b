"""QR codes: for screens as one SVG path, for paper as pixels. Level Q: a quarter may be scratched or overprinted."""

from __future__ import annotations

import io
from dataclasses import dataclass

import segno

LEVEL = "q"
QUIET = 4  # modules of white around it (ISO/IEC 18004)
PIXELS = 12  # for each module, on paper


@dataclass(frozen=True, slots=True)
class Drawn:
    """A code as an SVG path in a square of `size` modules."""

    path: str
    size: int


def draw(address: str) -> Drawn:
    """Draw the code of an address as a path."""
    return draw_code(_made(address))


def draw_code(code: segno.QRCode) -> Drawn:
    """Draw a code as a path: one run of dark modules after another."""
    rows = [list(row) for row in code.matrix_iter(border=QUIET)]
    runs = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                runs.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
            x += 1
    return Drawn("".join(runs), len(rows))


def png(address: str) -> bytes:
    """Draw the code of an address as PNG."""
    return png_of(_made(address))


def png_of(code: segno.QRCode, border: int = QUIET) -> bytes:
    """Draw a code as PNG, with a border of so many white modules."""
    written = io.BytesIO()
    code.save(written, kind="png", scale=PIXELS, border=border)
    return written.getvalue()


def _made(address: str) -> segno.QRCode:
    return segno.make(address, error=LEVEL, boost_error=False, micro=False)
