"""The form by which a place gets its poster."""

from __future__ import annotations

from wtforms import BooleanField

from crowdfund.forms import DeskForm, TextField
from crowdfund.i18n import N_
from crowdfund.pledges.forms import NO

LONGEST_NAME = 60


class PlaceForm(DeskForm):
    """Where the poster will hang, and whether a box or the desk is near."""

    name = TextField(LONGEST_NAME, missing=N_("Say where the poster will hang"))
    takes_cash = BooleanField(false_values=NO)
