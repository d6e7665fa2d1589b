"""The forms of a campaign's end. The desk's door has checked the session's token already."""

from __future__ import annotations

from collections.abc import Mapping

from wtforms import BooleanField

from crowdfund.closing.rules import Step
from crowdfund.dashboard.forms import texts_in
from crowdfund.forms import ChoiceField, DayField, DeskForm, Form, MoneyField, TextField
from crowdfund.gifts.choices import CHOOSE
from crowdfund.gifts.rules import Heard, Wish
from crowdfund.i18n import LOCALES, N_, gettext
from crowdfund.numbers import row_number

LONGEST_REASON = 300
LONGEST_TITLE = 120
LONGEST_TEXT = 600
LONGEST_LESSON = 4000


class AskForm(DeskForm):
    """Until when donors are asked what becomes of their gifts."""

    until = DayField()


class WithdrawForm(AskForm):
    """Why a campaign is withdrawn; the museum keeps it."""

    reason = TextField(LONGEST_REASON, missing=N_("Say why: only the museum sees it."))


class StepForm(DeskForm):
    """A step on the way of the work, in the museum's languages."""

    step = ChoiceField(Step, missing=N_("Choose what happened"))
    on = DayField()
    amount = MoneyField()


def step_words(data: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Read title and text in each language from what was sent; gives them, and what is wrong by field."""
    titles, title_errors = texts_in(data, "title", LOCALES, LONGEST_TITLE)
    texts, text_errors = texts_in(data, "text", LOCALES, LONGEST_TEXT)
    return titles, texts, title_errors | text_errors


def why_words(data: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Read why a purchase came to nothing, in each language; gives the words, and what is wrong by field."""
    words, errors = texts_in(data, "words", LOCALES, LONGEST_TEXT)
    if not words and not errors:
        errors["words"] = gettext(N_("Say why in a sentence or two: the donors read it."))
    return words, errors


class LessonsForm(DeskForm):
    """What was learnt, and whether the other museums may read it."""

    went_well = TextField(LONGEST_LESSON, lines=True)
    went_badly = TextField(LONGEST_LESSON, lines=True)
    advice = TextField(LONGEST_LESSON, lines=True)
    shared = BooleanField()


class ChoiceForm(Form):
    """What a donor wishes for a gift: "refund", "keep", or "move-" and the number of a campaign."""

    wish = TextField(30, missing=CHOOSE)

    @property
    def target(self) -> int | None:
        """Give the campaign that the gift is to move to."""
        kind, _dash, number = self.wish.data.partition("-")
        return (row_number(number) or None) if kind == Wish.MOVE else None

    @property
    def wished(self) -> str:
        """Give the wish without its campaign."""
        return str(self.wish.data.partition("-")[0])


class NotedForm(ChoiceForm):
    """What a donor wishes as the desk heard it, and how it came. The desk's door has checked the session's token."""

    class Meta(DeskForm.Meta):
        """No token of its own."""

    heard = ChoiceField(list(Heard), missing=N_("Say how the answer came."))
