"""The forms of the team. The desk's door has checked the session's token already."""

from __future__ import annotations

from crowdfund.forms import ChoiceField, DeskForm, EmailField, TextField
from crowdfund.i18n import LOCALES, N_
from crowdfund.institutions.rules import Role

LONGEST_NAME = 120


class InviteForm(DeskForm):
    """Whom to invite, and as what."""

    name = TextField(LONGEST_NAME, missing=N_("Say who it is."))
    email = EmailField(missing=N_("Type an e-mail address"))
    role = ChoiceField(list(Role), missing=N_("Choose a role."))
    locale = ChoiceField(LOCALES, default="fr")


class RoleForm(DeskForm):
    """Another role for a member."""

    role = ChoiceField(list(Role), missing=N_("Choose a role."))
