"""Read the file of donors that a museum brings."""

from __future__ import annotations

from crowdfund.errors import Refusal
from crowdfund.intake.rules import EMPTY, LARGEST_FILE, MOST, NO_TABLE, TOO_HEAVY, TOO_LARGE, WORKBOOK
from crowdfund.sheets import NoTable, Table, TooLarge, read_csv
from crowdfund.workbooks import looks_like_workbook, read_workbook


def read_file(content: bytes) -> Table:
    """Read a file of donors, CSV or XLSX. Raises Refusal (field "file")."""
    if len(content) > LARGEST_FILE:
        raise Refusal(TOO_HEAVY, field="file", status=413)
    if not content.strip():
        raise Refusal(EMPTY, field="file")
    try:
        return read_workbook(content, WORKBOOK) if looks_like_workbook(content) else read_csv(content, MOST)
    except NoTable:
        raise Refusal(NO_TABLE, field="file") from None
    except TooLarge as error:
        raise Refusal(TOO_LARGE[error.what], field="file", params={"most": error.most}) from None
