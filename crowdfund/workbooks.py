"""Read a workbook (XLSX) in a child process: what it makes of itself takes neither the site's time nor its memory.

The door does this while the person waits, as with pictures and papers.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from threading import BoundedSemaphore

from crowdfund import confined
from crowdfund.errors import Refusal
from crowdfund.i18n import N_
from crowdfund.sheets import Most, NoTable, Table, TooLarge, table_of

PROGRAM = Path(__file__).with_name("workbook_child.py")
PATIENCE = 25  # seconds by the wall's clock; the child's own limit is 10 of its work
ANOTHER = 20
BUSY = N_("Another workbook is being read. Send yours again in a moment.")
_XLSX = b"PK\x03\x04"
_turn = BoundedSemaphore(1)


def looks_like_workbook(content: bytes) -> bool:
    """Tell a workbook from a text."""
    return content.startswith(_XLSX)


def read_workbook(content: bytes, most: Most) -> Table:
    """Read the first sheet of a workbook. Raises NoTable, TooLarge, and Refusal (503) while another one takes long."""
    if not _turn.acquire(timeout=ANOTHER):
        raise Refusal(BUSY, field="file", status=503)
    try:
        said = confined.run_on(json.dumps(asdict(most)).encode() + b"\n" + content, PROGRAM, PATIENCE)
    except confined.TooSlow:
        raise TooLarge("seconds", PATIENCE) from None
    except confined.Stopped as stopped:
        too_many = {"bytes": most.unpacked, "rows": most.rows}.get(str(stopped))
        raise TooLarge(str(stopped), too_many) if too_many else NoTable from None
    finally:
        _turn.release()
    return table_of(((line, row) for line, row in json.loads(said)), most)
