"""Read a bank's CSV by a map of its columns, which the museum makes once. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from crowdfund.desk.reading import LONGEST_NAME, MOST_LINES, TOO_MANY, BankFile, Credit, read_amount, tidy, with_keys
from crowdfund.errors import Refusal
from crowdfund.i18n import N_
from crowdfund.sheets import Most, NoTable, Table, TooLarge, guess, read_csv, read_day

FIELDS = ("date", "amount", "payer", "text", "reference")
NEEDED = ("date", "amount")
SHOWN = 5
MOST = Most(rows=MOST_LINES, columns=60, cells=60 * MOST_LINES)
NO_TABLE = N_("This file is neither CAMT.053 nor a table. Ask the bank for “camt.053” or for CSV.")
NO_DAY = N_("Line %(line)s holds no date that can be read: “%(text)s”.")
CHOOSE = N_("Say which column holds it.")


def read_table(content: bytes) -> Table:
    """Read a CSV file. Raises Refusal for what is no table, or too long a one."""
    try:
        table = read_csv(content, MOST)
    except TooLarge as too:
        if too.what == "rows":
            raise Refusal(TOO_MANY, field="file", params={"count": MOST_LINES}) from None
        raise Refusal(NO_TABLE, field="file") from None
    except NoTable:
        raise Refusal(NO_TABLE, field="file") from None
    if len(table.columns) < 2:
        raise Refusal(NO_TABLE, field="file")
    return table


def check_columns(table: Table, columns: Mapping[str, str]) -> dict[str, str]:
    """Keep what the map says of columns that are there. Raises Refusal for a needed one that is missing."""
    kept = {field: columns[field] for field in FIELDS if columns.get(field) in table.columns}
    for field in NEEDED:
        if field not in kept:
            raise Refusal(CHOOSE, field=f"column_{field}")
    return kept


def read_rows(table: Table, columns: Mapping[str, str], account: str, currency: str) -> BankFile:
    """Read the credits of a table. Raises Refusal, which names the line, for a date or an amount that cannot be read."""
    places = {field: table.columns.index(name) for field, name in columns.items()}
    found, others = [], 0
    for number, row in enumerate(table.rows, start=2):

        def cell(field: str, row: Sequence[str] = row) -> str:
            place = places.get(field)
            return row[place] if place is not None and place < len(row) else ""

        if not cell("amount").strip():  # a table with a column each for debits and credits
            others += 1
            continue
        amount = read_amount(cell("amount"), currency, number)
        if amount.minor <= 0:
            others += 1
            continue
        found.append(
            Credit(
                booked_on=_day(cell("date"), number),
                amount=amount,
                payer=tidy(cell("payer"), LONGEST_NAME),
                text=tidy(cell("text")),
                bank_reference=tidy(cell("reference"), 80),
            )
        )
    return BankFile(account, with_keys(found), others)


def _day(text: str, line: int) -> date:
    found = read_day(text)
    if found is None:
        raise Refusal(NO_DAY, field="file", params={"line": line, "text": tidy(text, 40)})
    return found


def guessed(table: Table) -> dict[str, str]:
    """Guess the map of a table from the names banks give their columns in French, Italian, German and English."""
    hints = {
        "date": ("date", "data", "datum"),
        "amount": ("montant", "credit", "crédit", "importo", "avere", "amount", "betrag", "gutschrift"),
        "payer": ("nom", "payer", "donneur", "ordinante", "name", "auftraggeber", "tiers"),
        "text": ("libell", "motif", "communication", "causale", "descri", "text", "zweck", "détail"),
        "reference": ("référence de l", "id ", "trn", "transaction", "rif"),
    }
    return guess(table.columns, hints)
