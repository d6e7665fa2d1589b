"""The form by which money is given back."""

from __future__ import annotations

from wtforms import HiddenField

from crowdfund.forms import Form, MoneyField, TextField
from crowdfund.i18n import N_

LONGEST_REASON = 300


class RefundForm(Form):
    """How much, why, and the form's own number: sent twice, it is one refund. No amount means all that is left."""

    amount = MoneyField()
    reason = TextField(LONGEST_REASON, missing=N_("Say why: it is kept with the gift."))
    request = HiddenField()

    class Meta(Form.Meta):
        """The desk's door has checked the session's token already."""

        csrf = False
