"""The forms of thanks: a rule, and what came of a call."""

from __future__ import annotations

from wtforms import BooleanField

from crowdfund.forms import ChoiceField, DeskForm, MoneyField, TextField
from crowdfund.gifts.rules import Method, Turn
from crowdfund.i18n import LOCALES, N_
from crowdfund.pledges.forms import NO
from crowdfund.thanks.rules import LONGEST_NOTE, LONGEST_PHONE, CallState

LONGEST_RULE, LONGEST_WORDS, LONGEST_SIGNATURE = 80, 1500, 120


class RuleForm(DeskForm):
    """For which gifts, in which words, signed by whom, and whether somebody calls or writes on paper."""

    name = TextField(LONGEST_RULE, missing=N_("Give the rule a name, so that you know it again."))
    least = MoneyField()
    method = ChoiceField([one for one in Method if one != Method.MOVED])
    turn = ChoiceField(list(Turn), default=Turn.ANY)
    locale = ChoiceField(list(LOCALES))
    words_fr = TextField(LONGEST_WORDS, lines=True)
    words_it = TextField(LONGEST_WORDS, lines=True)
    words_en = TextField(LONGEST_WORDS, lines=True)
    signed_by = TextField(LONGEST_SIGNATURE)
    signed_as = TextField(LONGEST_SIGNATURE)
    calls = BooleanField(false_values=NO)
    letter = BooleanField(false_values=NO)


class CallForm(DeskForm):
    """What came of a call."""

    state = ChoiceField(list(CallState), missing=N_("Say what came of the call."))
    note = TextField(LONGEST_NOTE)
    phone = TextField(LONGEST_PHONE)
