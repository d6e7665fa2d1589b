"""Address labels on A4 sheets of 3 by 7 (63.5 by 38.1 mm, as Avery L7160), ready to print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template

from crowdfund.fulfilment.view import CounterpartRow
from crowdfund.i18n import country_name, current_locale, gettext
from crowdfund.pdf import renderer

ACROSS, DOWN = 3, 7
ON_SHEET = ACROSS * DOWN
MOST = 1000


@dataclass(frozen=True, slots=True)
class Label:
    """One label: lines of an address."""

    lines: tuple[str, ...]


def label_of(row: CounterpartRow, home: str) -> Label:
    """Write the address of a donor; the country in capitals, as the Universal Postal Union asks, where it is not `home`."""
    abroad = (country_name(row.country).upper(),) if row.country and row.country != home else ()
    return Label((row.donor, *row.address, *abroad))


def sheets(labels: Sequence[Label], made_at: datetime, used: int = 0) -> bytes:
    """Make the PDF; the first sheet begins after the `used` labels that are gone from it already."""
    cells = [Label(())] * min(max(used, 0), ON_SHEET - 1) + list(labels[:MOST])
    cells += [Label(())] * (-len(cells) % ON_SHEET)
    pages = [
        [cells[start + row * ACROSS : start + (row + 1) * ACROSS] for row in range(DOWN)]
        for start in range(0, len(cells), ON_SHEET)
    ]
    html = render_template("letters/labels.html", pages=pages, lang=current_locale())
    return renderer().render(html, title=gettext("Address labels"), lang=current_locale(), created_at=made_at)
