"""Write the mails of the conversation: build each from rows; sending is done elsewhere."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import picture_at
from crowdfund.conversation.models import Dispatch, Follower, News, NewsText, Question
from crowdfund.conversation.rules import FollowState, NewsState, Purpose, QuestionState, TextStatus, paragraphs
from crowdfund.conversation.tokens import absolute, follow_token, stop_token
from crowdfund.conversation.view import TalkMail
from crowdfund.donors.models import Consent, Donor
from crowdfund.donors.rules import ConsentKind
from crowdfund.i18n import use_locale
from crowdfund.institutions.colours import oklch
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.mail import Mail
from crowdfund.tenancy import museum_of

WALL_LIGHTNESS = 0.35  # as in the mails about gifts
_MANY_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True)
class About:
    """The campaign a mail speaks of, and its museum."""

    museum: Institution
    issuer: Issuer
    campaign: Campaign


def _about(session: Session, campaign_id: int) -> About:
    museum = museum_of(session)
    campaign = session.get_one(Campaign, (museum, campaign_id))
    issuer = session.get_one(Issuer, (museum, campaign.issuer_id))
    return About(session.get_one(Institution, museum), issuer, campaign)


def _content(kind: str, about: About, locale: str) -> TalkMail:
    """Give what every mail of the conversation says; the caller adds its own."""
    museum, issuer = about.museum, about.issuer
    address = absolute(f"/{locale}/{museum.slug}/{about.campaign.slug}/")
    with use_locale(locale):
        title = str(said(about.campaign.title, museum.default_locale))
    return TalkMail(
        kind=kind,
        museum_name=museum.name,
        museum_address=f"{issuer.address_line}, {issuer.postcode} {issuer.city}",
        campaign_title=title,
        campaign_url=address,
        page_url=address,
        timezone=museum.time_zone,
        wall=oklch(WALL_LIGHTNESS, museum.wall_chroma, museum.wall_hue),
    )


def _written(content: TalkMail, about: About, to: str, locale: str) -> Mail:
    """Write a mail from its two templates, in the reader's language. What can be stopped says so to mail programs too."""
    with use_locale(locale):
        page = current_app.jinja_env.get_template(f"mail/{content.kind}.html")
        text = current_app.jinja_env.get_template(f"mail/{content.kind}.txt").render(mail=content)
        subject = "".join(page.blocks["subject"](page.new_context({"mail": content})))
        headers = (
            ("List-Unsubscribe", f"<{content.stop_url}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        )
        return Mail(
            kind=content.kind,
            to=to,
            to_name="",
            from_name=about.museum.name,
            subject=html.unescape(subject).strip(),
            text=_MANY_BLANK_LINES.sub("\n\n", text).strip() + "\n",
            html=page.render(mail=content),
            locale=locale,
            reply_to=about.museum.contact_email,
            headers=headers if content.stop_url else (),  # RFC 8058
        )


def confirm_mail(session: Session, follower_id: int) -> Mail | None:
    """Ask whether an address is its owner's. None when it has answered already."""
    follower = session.get(Follower, (museum_of(session), follower_id))
    if follower is None or follower.state != FollowState.WAITING or follower.email is None:
        return None
    about = _about(session, follower.campaign_id)
    token = follow_token(follower.institution_id, follower.key)
    content = replace(
        _content("follow_confirm", about, follower.locale),
        page_url=absolute(f"/{follower.locale}/follow/{token}"),
        next_time=follower.purpose == Purpose.NEXT_TIME,
    )
    return _written(content, about, follower.email, follower.locale)


def answer_mail(session: Session, question_id: int) -> Mail | None:
    """Bring the answer to who asked. None when no address was left, or it is forgotten."""
    question = session.get_one(Question, (museum_of(session), question_id))
    if question.state != QuestionState.ANSWERED or question.asker_email is None:
        return None
    about = _about(session, question.campaign_id)
    content = _content("answered", about, question.locale)
    content = replace(
        content,
        page_url=f"{content.campaign_url}#question-{question.id}",
        question=question.text,
        paragraphs=paragraphs(question.answer or ""),
        lang=question.answer_locale if question.answer_locale and question.answer_locale != question.locale else "",
        signed_by=question.answered_by or "",
        signed_as=question.answered_as or "",
    )
    return _written(content, about, question.asker_email, question.locale)


def dispatch_mail(session: Session, dispatch_id: int) -> Mail | None:
    """Write one mail of a mailing. None when its reader has stopped meanwhile, or there is nothing to tell any more."""
    sent = session.get_one(Dispatch, (museum_of(session), dispatch_id))
    to = _reader(session, sent)
    if to is None:
        return None
    about = _about(session, sent.campaign_id)
    content = replace(
        _content("opened" if sent.news_id is None else "news", about, sent.locale),
        stop_url=absolute(
            f"/{sent.locale}/unsubscribe/{stop_token(sent.institution_id, sent.occasion, sent.address_hash)}"
        ),
    )
    told = _opening(content, about) if sent.news_id is None else _news(session, content, about, sent)
    return None if told is None else _written(told, about, to, sent.locale)


def _reader(session: Session, sent: Dispatch) -> str | None:
    """Give the address, while its owner still wants the mail."""
    follower = session.get(Follower, (sent.institution_id, sent.follower_id)) if sent.follower_id else None
    if follower is not None and follower.state == FollowState.CONFIRMED:
        return follower.email
    if sent.donor_id is None:
        return None
    agreed = select(Consent.id).where(
        Consent.donor_id == sent.donor_id, Consent.kind == ConsentKind.NEWS_MUSEUM, Consent.withdrawn_at.is_(None)
    )
    donor = session.get_one(Donor, (sent.institution_id, sent.donor_id))
    return donor.email if donor.erased_at is None and session.scalar(agreed.limit(1)) is not None else None


def _opening(content: TalkMail, about: About) -> TalkMail | None:
    if about.campaign.state != CampaignState.LIVE:
        return None
    return replace(content, closes_at=about.campaign.closes_at)


def _news(session: Session, content: TalkMail, about: About, sent: Dispatch) -> TalkMail | None:
    news = session.get_one(News, (sent.institution_id, sent.news_id))
    texts = {
        one.locale: one
        for one in session.scalars(
            select(NewsText)
            .where(NewsText.news_id == news.id, NewsText.status == TextStatus.APPROVED)
            .order_by(NewsText.id)
        )
    }
    if news.state != NewsState.PUBLISHED or not texts:
        return None
    chosen = texts.get(sent.locale) or texts.get(about.museum.default_locale) or next(iter(texts.values()))
    drawn = picture_at(news.image, news.image_width, news.image_height).src if news.image else ""
    jpeg = drawn if drawn.endswith((".jpg", ".png")) else ""  # what every mail program shows
    with use_locale(sent.locale):
        alt = str(said(news.image_alt, about.museum.default_locale))
    return replace(
        content,
        page_url=f"{content.campaign_url}news/{news.id}",
        heading=chosen.title,
        news_kind=news.kind,
        paragraphs=paragraphs(chosen.text),
        lang="" if chosen.locale == sent.locale else chosen.locale,
        picture_url=absolute(jpeg if jpeg.startswith("/") else f"/static/{jpeg}") if jpeg else "",
        picture_alt=alt,
        picture_height=600 * (news.image_height or 1) // (news.image_width or 2),
    )
