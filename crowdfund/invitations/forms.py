"""The form by which a gathering is planned."""

from __future__ import annotations

from wtforms import StringField

from crowdfund.forms import ChoiceField, DeskForm, TextField
from crowdfund.i18n import N_
from crowdfund.invitations.rules import LONGEST_PLACE, LONGEST_TITLE, GatheringKind


class GatheringForm(DeskForm):
    """What, where, when, for how many, for whom. One language at least has a title; the others fall back on it."""

    campaign = StringField()
    kind = ChoiceField(list(GatheringKind), missing=N_("Say what it is."))
    title_fr = TextField(LONGEST_TITLE)
    title_it = TextField(LONGEST_TITLE)
    title_en = TextField(LONGEST_TITLE)
    place = TextField(LONGEST_PLACE, missing=N_("Say where it is."))
    starts = TextField(16, missing=N_("Say when it begins."))
    ends = TextField(16, missing=N_("Say when it ends."))
    capacity = TextField(4, missing=N_("Say how many people there is room for."))
    most_each = TextField(2, missing=N_("Say how many people one donor may bring, themselves included."))
    reward = StringField()
