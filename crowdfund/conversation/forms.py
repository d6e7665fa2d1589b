"""The forms of the conversation: the public's, without a cookie, and the desk's."""

from __future__ import annotations

from functools import lru_cache

from flask import current_app
from wtforms import BooleanField

from config import Config
from crowdfund import clock
from crowdfund.conversation.rules import (
    LONGEST_ADDRESS,
    LONGEST_ANSWER,
    LONGEST_CORRECTION,
    LONGEST_NEWS,
    LONGEST_QUESTION,
    LONGEST_REASON,
    LONGEST_SIGNATURE,
    LONGEST_TITLE,
    NewsKind,
    TextStatus,
)
from crowdfund.forms import ChoiceField, DayField, DeskForm, EmailField, Form, TextField, form_token
from crowdfund.i18n import LOCALES, N_

LONGEST_NAME = 80
KEPT_SECONDS = 600
MOST_KEPT = 4096


def page_token(context: str) -> str:
    """Give the token of a form on a public page: the same for ten minutes, so that the page can be kept meanwhile."""
    config: Config = current_app.extensions["config"]
    return _kept(context, config.secret_key, int(clock.now().timestamp()) // KEPT_SECONDS)


@lru_cache(maxsize=MOST_KEPT)
def _kept(context: str, _secret: str, _moment: int) -> str:
    return form_token(context)


def form_context(name: str, institution_id: int, campaign_id: int) -> str:
    """Name what a form's token serves for."""
    return f"{name}:{institution_id}:{campaign_id}"


class AskForm(Form):
    """A question to the museum."""

    question = TextField(LONGEST_QUESTION, lines=True, missing=N_("Type your question"))
    asker = TextField(LONGEST_NAME)
    email = EmailField()


class FollowForm(Form):
    """An address that wants to be told."""

    email = EmailField(missing=N_("Type your email address"))


class AnswerForm(DeskForm):
    """The museum's answer and who signs it."""

    answer = TextField(LONGEST_ANSWER, lines=True, missing=N_("Write the answer"))
    name = TextField(LONGEST_SIGNATURE, missing=N_("Say who answers: the answer is signed"))
    role = TextField(LONGEST_SIGNATURE, missing=N_("Say what you do at the museum."))
    locale = ChoiceField(LOCALES, missing=N_("Choose a language"))


class AsideForm(DeskForm):
    """Why a question is not answered."""

    reason = TextField(LONGEST_REASON, missing=N_("Say why: only the museum sees it."))


class NewNewsForm(DeskForm):
    """What a new piece of news is about."""

    campaign = TextField(20, missing=N_("Choose a campaign"))
    kind = ChoiceField(NewsKind, missing=N_("Choose what it is about"))


class TextForm(DeskForm):
    """A piece of news in one language."""

    locale = ChoiceField(LOCALES, missing=N_("Choose a language"))
    title = TextField(LONGEST_TITLE, missing=N_("Give it a title"))
    text = TextField(LONGEST_NEWS, lines=True, missing=N_("Write the text"))
    approved = BooleanField()

    @property
    def status(self) -> str:
        """Give the status of the text."""
        return TextStatus.APPROVED if self.approved.data else TextStatus.MACHINE


class PublishForm(DeskForm):
    """When a piece of news goes out; empty: now."""

    at = TextField(16)


class CorrectionForm(DeskForm):
    """A note below published news."""

    locale = ChoiceField(LOCALES, missing=N_("Choose a language"))
    text = TextField(LONGEST_CORRECTION, lines=True, missing=N_("Write the correction"))


class OpeningForm(DeskForm):
    """When a scheduled campaign opens, in the museum's time."""

    opens = TextField(16, missing=N_("Type day and hour"))


class FriendsForm(DeskForm):
    """For whom a link to a campaign that is not open yet is meant."""

    note = TextField(120, missing=N_("Say for whom this link is"))


class ReplyForm(DeskForm):
    """A beginning for answers."""

    locale = ChoiceField(LOCALES, missing=N_("Choose a language"))
    title = TextField(LONGEST_SIGNATURE, missing=N_("Give it a title"))
    text = TextField(LONGEST_ANSWER, lines=True, missing=N_("Write the text"))


class MentionForm(DeskForm):
    """What was said elsewhere, by whom, and where to read it."""

    campaign = TextField(20, missing=N_("Choose a campaign"))
    source = TextField(LONGEST_SIGNATURE, missing=N_("Say who said it: the paper, the station, the person"))
    title = TextField(LONGEST_TITLE, missing=N_("Give its title"))
    url = TextField(LONGEST_ADDRESS, missing=N_("Paste the address of the page"))
    on = DayField()
    locale = ChoiceField(LOCALES, missing=N_("Choose a language"))
