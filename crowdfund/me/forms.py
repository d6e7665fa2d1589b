"""What a donor's own pages may send."""

from __future__ import annotations

from wtforms import BooleanField, ValidationError

from crowdfund.forms import ChoiceField, EmailField, Form, TextField
from crowdfund.i18n import N_, gettext
from crowdfund.pledges.forms import LONGEST_NAME, NO
from crowdfund.pledges.rules import Dedication


class AskForm(Form):
    """Ask for a link."""

    email = EmailField(missing=N_("Type the e-mail address you gave with"))


class ButtonForm(Form):
    """A button and its token."""


class DedicationForm(Form):
    """Correct to whom a gift is dedicated."""

    dedication_kind = ChoiceField(Dedication, missing=N_("Say whether the gift is in honour or in memory"))
    dedication_name = TextField(LONGEST_NAME, missing=N_("Type the name of the person this gift is dedicated to"))
    dedication_email = EmailField()


class EraseForm(Form):
    """Be erased, knowingly."""

    understood = BooleanField(false_values=NO)

    def validate_understood(self, field: BooleanField) -> None:
        """Ask for the confirmation in words."""
        if not field.data:
            raise ValidationError(gettext(N_("Tick the box to say that you have read what stays")))
