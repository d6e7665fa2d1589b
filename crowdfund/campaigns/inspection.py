"""Look into a paper before it is kept: whole, readable, of a bearable length, and doing nothing by itself.

The door does this while the person waits, as with pictures: they learn beside the field what is wrong with the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from threading import BoundedSemaphore

from crowdfund import confined
from crowdfund.campaigns.rules import check_document
from crowdfund.errors import Refusal
from crowdfund.i18n import N_

PROGRAM = Path(__file__).with_name("paper_child.py")
PATIENCE = 25  # seconds by the wall's clock; the child's own limit is 10 of its work
ANOTHER = 20
BUSY = N_("Another document is being looked at. Send yours again in a moment.")
NOTHING = N_("Choose a file.")
# The words of the child process, each with what a person can do about it.
REASONS: Mapping[str, str] = {
    "broken": N_("This PDF is damaged. Open it, print it as a PDF, and send that."),
    "locked": N_("This PDF asks for a password. Save it without one and send it again."),
    "pages": N_("This PDF has more than 300 pages. Send the part that matters."),
    "active": N_("This PDF holds a program, a form that sends itself, or a film. Print it as a PDF, and send that."),
    "carries": N_("This PDF carries another file inside. Send that file as a document of its own."),
    "slow": N_("This PDF takes too long to read. Print it as a PDF, and send that."),
}
_turn = BoundedSemaphore(1)


def inspect(content: bytes) -> int:
    """Look into a PDF and give its pages. Raises Refusal (field "file") for what may not be kept."""
    if not content:
        raise Refusal(NOTHING, field="file")
    check_document(content)
    if not _turn.acquire(timeout=ANOTHER):
        raise Refusal(BUSY, field="file", status=503)
    try:
        return int(json.loads(confined.run_on(content, PROGRAM, PATIENCE))["pages"])
    except confined.TooSlow:
        raise Refusal(REASONS["slow"], field="file") from None
    except confined.Stopped as stopped:
        raise Refusal(REASONS.get(str(stopped), REASONS["broken"]), field="file") from None
    finally:
        _turn.release()
