"""The form by which rewards are marked."""

from __future__ import annotations

from uuid import UUID

from wtforms import Field, HiddenField, ValidationError

from crowdfund.forms import STALE, ChoiceField, DeskForm, TextField
from crowdfund.fulfilment.rules import LONGEST_NOTE, CounterpartState
from crowdfund.i18n import N_, gettext


class MarkForm(DeskForm):
    """What became of the rewards that were chosen, why, and the form's own name: sent twice, it marks once."""

    state = ChoiceField(
        [state for state in CounterpartState if state != CounterpartState.CANCELLED],
        missing=N_("Say what became of them."),
    )
    note = TextField(LONGEST_NOTE)
    act = HiddenField()

    def validate_act(self, field: Field) -> None:
        """Refuse a name that is none."""
        try:
            UUID(field.data)
        except (ValueError, TypeError, AttributeError):
            raise ValidationError(gettext(STALE)) from None
