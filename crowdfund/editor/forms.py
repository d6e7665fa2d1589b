"""The forms of the editor. The desk's door has checked the session's token already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from wtforms import IntegerField
from wtforms.validators import NumberRange, Optional

from crowdfund.campaigns.documents import DocumentDetails
from crowdfund.campaigns.rules import DocumentKind, DocumentState
from crowdfund.forms import ChoiceField, DayField, DeskForm, TextField
from crowdfund.i18n import LOCALES, N_, gettext, language_name
from crowdfund.pictures.rules import LONGEST_ALT, LONGEST_CREDIT, MIDDLE
from crowdfund.pictures.service import Said

NO_POINT = N_("The point is two numbers from 0 to 100.")


class PercentField(IntegerField):  # type: ignore[misc] # wtforms has no types
    """A number from 0 to 100; nothing typed is the middle."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read figures and nothing else."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = MIDDLE
        if typed:
            if not (typed.isascii() and typed.isdigit() and int(typed[:4]) <= 100):
                raise ValueError(gettext(NO_POINT))
            self.data = int(typed)


class PictureForm(DeskForm):
    """What is said of a picture. A field `alt_<locale>` for each language is read beside these."""

    credit = TextField(LONGEST_CREDIT)
    focus_x = PercentField(validators=[Optional(), NumberRange(0, 100)])
    focus_y = PercentField(validators=[Optional(), NumberRange(0, 100)])

    def said(self, alt: dict[str, str]) -> Said:
        """Give what was filled in."""
        return Said(alt=alt, credit=self.credit.data, focus_x=self.focus_x.data, focus_y=self.focus_y.data)


def alt_form(languages: Sequence[str]) -> type[PictureForm]:
    """Make the form that asks for a picture's words in each language."""
    fields = {f"alt_{locale}": TextField(LONGEST_ALT, label=language_name(locale)) for locale in languages}
    return type("AltForm", (PictureForm,), fields)


NO_KIND = N_("Say what this document is.")
NO_LANGUAGE = N_("Say in which language this document is written.")
LONGEST_TITLE = 200


class DocumentForm(DeskForm):
    """What is said of a document. A field `title_<locale>` for each language is read beside these."""

    kind = ChoiceField(DocumentKind, missing=NO_KIND)
    locale = ChoiceField(LOCALES, missing=NO_LANGUAGE)
    dated_on = DayField()
    shown = ChoiceField((DocumentState.INTERNAL, DocumentState.PUBLIC), default=DocumentState.INTERNAL)

    def said(self, titles: dict[str, str]) -> DocumentDetails:
        """Give what was filled in."""
        day: date = self.dated_on.data  # type: ignore[assignment] # the form is valid
        return DocumentDetails(kind=self.kind.data, title=titles, locale=self.locale.data, dated_on=day)


def document_form(languages: Sequence[str]) -> type[DocumentForm]:
    """Make the form that asks for a document's title in each language."""
    return type("TitledForm", (DocumentForm,), {f"title_{locale}": TextField(LONGEST_TITLE) for locale in languages})
