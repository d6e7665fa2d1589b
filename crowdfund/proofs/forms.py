"""The forms of a plaque. The desk's door has checked the session's token already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wtforms import BooleanField

from crowdfund.dashboard import forms as dashboard
from crowdfund.forms import ChoiceField, DayField, DeskForm, MoneyField, TextField, tidy
from crowdfund.i18n import N_, gettext
from crowdfund.money import Money, MoneyError
from crowdfund.plaques.rules import (
    COLUMNS,
    LINES_MM,
    LONGEST_NAME,
    LONGEST_WORDS,
    MOST_SECTIONS,
    SIZES,
    OrderBy,
    Section,
)
from crowdfund.pledges.forms import NO

LONGEST_NOTE = 200
FROM = N_("Type the amount from which this section begins")
TITLE = N_("Say what stands above these names")
SAME = N_("Two sections begin at the same amount")
AMOUNT = N_("Write the amount in figures, for example 1000")


class PlanForm(DeskForm):
    """How a plaque is made."""

    size = ChoiceField(SIZES, missing=N_("Choose a size"))
    columns = ChoiceField([str(one) for one in COLUMNS], missing=N_("Choose how many columns"))
    line_mm = ChoiceField([str(one) for one in LINES_MM], missing=N_("Choose how large the letters are"))
    order_by = ChoiceField(OrderBy, missing=N_("Choose an order"))
    locale = TextField(2)
    everywhere = BooleanField(false_values=NO)
    least = MoneyField()
    counts_others = BooleanField(false_values=NO)


class LockForm(DeskForm):
    """Until which day names may change."""

    locks_on = DayField()


class NameForm(DeskForm):
    """How one name shall stand."""

    key = TextField(24)
    name = TextField(LONGEST_NAME, missing=N_("Type the name as it shall be engraved"))
    sort_word = TextField(LONGEST_NAME)
    left_out = BooleanField(false_values=NO)
    note = TextField(LONGEST_NOTE, missing=N_("Say who asked for it, and how"))


class SignForm(dashboard.SignForm):
    """Who signs, and the fingerprint of what was seen."""

    seen = TextField(64)


def words_in(data: Mapping[str, str], name: str, locales: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Read a heading or a caption in each language; gives them, and what is wrong by field."""
    return dashboard.texts_in(data, name, locales, LONGEST_WORDS)


def sections_in(
    data: Mapping[str, str], locales: Sequence[str], currency: str
) -> tuple[tuple[Section, ...], dict[str, str]]:
    """Read the sections; gives them, and what is wrong by field. A row without amount and heading is none."""
    found: list[Section] = []
    errors: dict[str, str] = {}
    for number in range(1, MOST_SECTIONS + 1):
        heading, wrong = words_in(data, f"heading_{number}", locales)
        errors |= wrong
        field, typed = f"from_{number}", tidy(data.get(f"from_{number}", ""))
        if not typed:
            if heading:
                errors[field] = gettext(FROM)
            continue
        try:
            amount = Money.parse(typed, currency).minor
        except MoneyError:
            errors[field] = gettext(AMOUNT)
            continue
        if not heading and not wrong:
            errors[f"heading_{number}_{locales[0]}"] = gettext(TITLE)
        if any(one.from_minor == amount for one in found):
            errors[field] = gettext(SAME)
        found.append(Section(amount, heading))
    return tuple(sorted(found, key=lambda one: -one.from_minor)), errors
