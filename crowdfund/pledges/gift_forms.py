"""The small forms around a gift: what is shown, what the receipt lacks, a reminder, a group, another try."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, ValidationError

from crowdfund.donors.rules import DonorDetails
from crowdfund.forms import ChoiceField, EmailField, Form, TextField, closed
from crowdfund.i18n import N_, gettext
from crowdfund.pledges.forms import LONGEST_NAME, LONGEST_WALL_NAME, NO, country_codes
from crowdfund.pledges.rules import LONGEST_MESSAGE, Wall


class WallForm(Form):
    """Change what is shown of a gift."""

    wall = ChoiceField(Wall, missing=N_("Choose how you are shown"))
    wall_name = TextField(LONGEST_WALL_NAME)
    message = TextField(LONGEST_MESSAGE, lines=True)

    def validate_wall_name(self, field: TextField) -> None:
        """Ask for the name that is to stand on the wall."""
        if self.wall.data == Wall.OTHER and not field.data and not field.errors:
            raise ValidationError(gettext(N_("Type the name that is to stand on the wall")))


class ShownForm(WallForm):
    """All that is shown of a gift, one by one."""

    town = TextField(LONGEST_WALL_NAME)
    dedication = BooleanField(false_values=NO)

    @property
    def wishes(self) -> dict[str, Any]:
        """Give what is to be shown; town and dedication are None for a page that was open before and asked for neither."""
        asked = bool(self.town.raw_data)
        return {
            "shown": self.wall.data,
            "name": self.wall_name.data,
            "message": self.message.data,
            "town": self.town.data if asked else None,
            "dedication": self.dedication.data if asked else None,
        }


class ReceiptForm(Form):
    """Ask for a receipt later, or complete what it prints."""

    address_line = TextField(200)
    postcode = TextField(16, filters=[closed])
    city = TextField(LONGEST_NAME)
    country = ChoiceField(country_codes())
    tax_number = TextField(32)
    legal_form = TextField(60)
    company_number = TextField(40)

    def details(self, locale: str) -> DonorDetails:
        """Give what was told."""
        told = {name: field.data for name, field in self._fields.items() if name != "csrf_token"}
        return DonorDetails(locale=locale, **told)


class ReminderForm(Form):
    """Ask to be reminded on a day."""

    on = TextField(10)
    email = EmailField(missing=N_("Type the e-mail address to write to"))


class GroupForm(Form):
    """Start a group."""

    name = TextField(LONGEST_WALL_NAME, missing=N_("Type the name of the group, as it is to stand on the wall"))
    email = EmailField(missing=N_("Type the e-mail address to write to"))


class PayForm(Form):
    """Try to pay again: a button and its token."""
