"""The form by which money is given back."""

from __future__ import annotations

from wtforms import HiddenField

from crowdfund.forms import DeskForm, MoneyField, TextField
from crowdfund.i18n import N_

LONGEST_REASON = 300


class RefundForm(DeskForm):
    """How much, why, and the form's own number: sent twice, it is one refund. No amount means all that is left."""

    amount = MoneyField()
    reason = TextField(LONGEST_REASON, missing=N_("Say why: it is kept with the gift."))
    request = HiddenField()
