"""`make bench`: measure, print one table, write bench/results.json. Ratios count; absolutes depend on the machine and its other work."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import desk, pages, pledges, receipts, start
from bench.ground import ground

RESULTS = Path(__file__).with_name("results.json")


def main(wanted: list[str]) -> None:
    """Measure the rows named on the command line, or all."""
    rows: dict[str, dict[str, Any]] = {}
    if _asked("P1", wanted) or _asked("P5", wanted):
        with ground() as place:
            if _asked("P1", wanted):
                rows["P1 campaign page from memory / hello-world"] = pages.measure(place)
            if _asked("P5", wanted):
                rows["P5 pledges on one campaign / plain insert"] = pledges.measure(place)
    if _asked("P11", wanted):
        with ground() as place:
            rows["P11 the desk with a million gifts of one museum"] = desk.measure(place)
    if _asked("P8", wanted):
        rows["P8 receipts per core / bare WeasyPrint"] = receipts.measure()
    if _asked("P12", wanted):
        rows["P12 make run ready"] = start.measure()
    RESULTS.write_text(
        json.dumps({"at": datetime.now(UTC).isoformat(), "rows": rows}, indent=1) + "\n", encoding="utf-8"
    )
    for name, figures in rows.items():
        print(name)
        for figure, value in figures.items():
            print(f"    {figure:40} {value}")


def _asked(row: str, wanted: list[str]) -> bool:
    return not wanted or row in wanted


if __name__ == "__main__":
    main(sys.argv[1:])
