"""Write to donors about their gifts: build the message from rows; sending is done elsewhere."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import Config
from crowdfund.campaigns import art
from crowdfund.campaigns.models import Artwork, Campaign, CampaignTotal, Reward
from crowdfund.campaigns.relief import net
from crowdfund.campaigns.relief import relief as promised
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import Picture, picture_at
from crowdfund.donors.models import Consent, Donor
from crowdfund.donors.rules import ConsentKind
from crowdfund.gifts.chain import of_the_first
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.thanking import rule_for, words_in
from crowdfund.gifts.view import GiftMail
from crowdfund.i18n import N_, gettext, use_locale
from crowdfund.institutions.colours import Wall, oklch
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.ledger import service as ledger
from crowdfund.mail import Inline, Mail
from crowdfund.money import Money
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import RewardState
from crowdfund.tax import countries
from crowdfund.tenancy import museum_of

NO_RELIEF = N_("Gifts to this campaign open no tax relief, so there is no receipt.")
DETAILS_MISSING = N_("Some of your details are missing. Add them on your gift’s page and the receipt leaves at once.")
MUSEUM_NOT_READY = N_("The museum still has something to put in order before it may issue receipts.")
# As on the site: white words stand on it at 7 to 1, whatever the hue.
WALL_LIGHTNESS = 0.35
# How long a donor has to answer when a reward was gone.
ANSWER_WITHIN = timedelta(days=14)
WORK = "work"  # what the HTML calls the picture that comes with it
_MANY_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")

ReceiptWord = Literal["coming", "held", "not_wanted", "none"]


@dataclass(frozen=True, slots=True)
class Around:
    """What a mail about a gift speaks of besides it. `pledge` is none for gifts at the desk."""

    museum: Institution
    issuer: Issuer
    campaign: Campaign
    donor: Donor
    pledge: Pledge | None

    @property
    def locale(self) -> str:
        """Give the language to write in: that of the pledge, else the donor's."""
        return self.pledge.locale if self.pledge else self.donor.locale


def around(session: Session, campaign_id: int, donor_id: int | None, pledge_id: int | None) -> Around | None:
    """Read what surrounds a gift; None when nobody can be written to."""
    museum = museum_of(session)
    donor = session.get(Donor, (museum, donor_id)) if donor_id is not None else None
    if donor is None or donor.email is None or donor.erased_at is not None:
        return None
    campaign = session.get_one(Campaign, (museum, campaign_id))
    return Around(
        museum=session.get_one(Institution, museum),
        issuer=session.get_one(Issuer, (museum, campaign.issuer_id)),
        campaign=campaign,
        donor=donor,
        pledge=session.get(Pledge, (museum, pledge_id)) if pledge_id is not None else None,
    )


def written(content: GiftMail, whole: Around, *pictures: Inline) -> Mail:
    """Write a mail to the donor of a gift, in their language."""
    mail = written_to(
        content, whole.museum, locale=whole.locale, to=whole.donor.email or "", to_name=name_of(whole.donor)
    )
    return replace(mail, pictures=pictures)


def written_to(content: GiftMail, museum: Institution, *, locale: str, to: str, to_name: str) -> Mail:
    """Write a mail from its two templates. The subject is a block of the HTML one."""
    with use_locale(locale):
        page = current_app.jinja_env.get_template(f"mail/{content.kind}.html")
        text = current_app.jinja_env.get_template(f"mail/{content.kind}.txt").render(mail=content)
        subject = "".join(page.blocks["subject"](page.new_context({"mail": content})))
        return Mail(
            kind=content.kind,
            to=to,
            to_name=to_name,
            from_name=museum.name,
            subject=html.unescape(subject).strip(),
            text=_MANY_BLANK_LINES.sub("\n\n", text).strip() + "\n",
            html=page.render(mail=content),
            locale=locale,
            reply_to=museum.contact_email,
        )


def name_of(donor: Donor) -> str:
    """Give a donor's whole name."""
    return donor.company_name or f"{donor.first_name or ''} {donor.last_name or ''}".strip()


def content(kind: str, whole: Around, amount: Money) -> GiftMail:
    """Give what every mail about a gift says; the caller adds its own."""
    config: Config = current_app.extensions["config"]
    museum, issuer = whole.museum, whole.issuer
    address = f"{config.public_url}/{whole.locale}/{museum.slug}/{whole.campaign.slug}/"
    page = address
    if whole.pledge is not None:
        page = f"{config.public_url}/{whole.locale}/gifts/{pledges.gift_token(whole.pledge)}"
    return GiftMail(
        kind=kind,
        museum_name=museum.name,
        museum_address=f"{issuer.address_line}, {issuer.postcode} {issuer.city}",
        campaign_title=in_their_words(whole, whole.campaign.title),
        campaign_url=address,
        gift_url=page,
        first_name=whole.donor.first_name or whole.donor.company_name or "",
        amount=amount,
        timezone=museum.time_zone,
        wall=oklch(WALL_LIGHTNESS, museum.wall_chroma, museum.wall_hue),
    )


def in_their_words(whole: Around, texts: dict[str, str]) -> str:
    """Give a museum's text in the language of the mail."""
    with use_locale(whole.locale):
        return str(said(texts, whole.museum.default_locale))


def thanks(session: Session, gift: Gift, whole: Around) -> GiftMail:
    """Say thank you, and honestly what becomes of the receipt, which comes in a mail of its own."""
    receipt, reason = _receipt(gift, whole)
    cost = None
    if receipt in {"coming", "held"}:
        cost = net(gift.amount, whole.campaign.tax_regime, whole.donor.kind, gift.gift_date)
    relief = gift.amount - cost if cost is not None else None
    # The scheme's own rate: one computed back from rounded cents may be a point off.
    scheme = promised(whole.campaign.tax_regime, whole.donor.kind, gift.gift_date, gift.currency)
    rule = rule_for(session, gift, whole.donor, whole.locale)
    return replace(
        content("thanks", whole, gift.amount),
        own_words=words_in(rule, whole.locale),
        signed_by=rule.signed_by if rule else "",
        signed_as=rule.signed_as if rule else "",
        given_at=gift.received_at,
        rank=_supporters(session, gift),
        missing=missing(session, whole.campaign),
        net=cost,
        relief=relief,
        relief_percent=scheme.percent if scheme is not None and relief is not None else None,
        reward=_reward(session, whole),
        receipt=receipt,
        receipt_reason=reason,
        wants_news=_wants_news(session, whole.donor),
        **(of_the_first(session, whole.pledge) if whole.pledge else {}),
    )


def with_the_work(session: Session, content: GiftMail, whole: Around) -> Mail:
    """Write a mail with the work on the museum's wall at its head; without a picture, its title stands there."""
    hung = hung_on(session, whole)
    if hung is None:
        return written(content, whole)
    artwork = session.get_one(Artwork, (whole.campaign.institution_id, whole.campaign.artwork_id))
    alt = in_their_words(whole, artwork.image_alt)
    shown = replace(content, picture_url=f"cid:{WORK}", picture_alt=alt, picture_height=art.MAIL[1])
    return written(shown, whole, Inline(WORK, partial(art.for_mail, *hung)))


def hung_on(session: Session, whole: Around) -> tuple[Picture, Wall] | None:
    """Give the work's picture and the museum's wall, to be drawn; None without a picture."""
    artwork = session.get_one(Artwork, (whole.campaign.institution_id, whole.campaign.artwork_id))
    if not artwork.image:
        return None
    museum = whole.museum
    picture = picture_at(artwork.image, artwork.image_width or 0, artwork.image_height or 0)
    return picture, Wall(museum.wall_hue, museum.wall_chroma, museum.wall_shift)


def _receipt(gift: Gift, whole: Around) -> tuple[ReceiptWord, str]:
    """Say what may be expected, from what is known on this floor: the law's own answer comes with the receipt."""
    with use_locale(whole.locale):
        if not gift.wants_receipt:
            return "not_wanted", ""
        regime = whole.campaign.tax_regime
        if regime is None or countries.regime_for(regime, whole.donor.kind) is None:
            return "none", gettext(NO_RELIEF)
        wanted = countries.required_identity(whole.issuer.jurisdiction, whole.donor.kind)
        if not all(getattr(whole.donor, field, None) for field in wanted):
            return "held", gettext(DETAILS_MISSING)
        if whole.issuer.mandate_signed_on is None or whole.issuer.mandate_revoked_on is not None:
            return "held", gettext(MUSEUM_NOT_READY)
        return "coming", ""


def _supporters(session: Session, gift: Gift) -> int | None:
    """Count the supporters, from the campaign's totals: no gift is read."""
    count = session.scalar(
        select(func.sum(CampaignTotal.supporters)).where(
            CampaignTotal.institution_id == gift.institution_id, CampaignTotal.campaign_id == gift.campaign_id
        )
    )
    return int(count) if count else None


def missing(session: Session, campaign: Campaign) -> Money | None:
    """Tell what is still to be found; None without a goal, or when it is met."""
    if campaign.goal is None:
        return None
    wanting = campaign.goal - ledger.received(session, campaign.code)
    return wanting if wanting.minor > 0 else None


def _reward(session: Session, whole: Around) -> str:
    pledge = whole.pledge
    if pledge is None or pledge.reward_id is None or pledge.reward_state != RewardState.CLAIMED:
        return ""
    return in_their_words(whole, session.get_one(Reward, (pledge.institution_id, pledge.reward_id)).title)


def _wants_news(session: Session, donor: Donor) -> bool:
    found = session.scalars(
        select(Consent.id).where(
            Consent.donor_id == donor.id, Consent.kind == ConsentKind.NEWS_MUSEUM, Consent.withdrawn_at.is_(None)
        )
    ).first()
    return found is not None


def refunded(gift: Gift, refund: Refund, whole: Around) -> GiftMail:
    """Say that money went back."""
    return replace(
        content("refunded", whole, gift.amount),
        given_at=gift.received_at,
        refunded=Money(refund.amount_minor, refund.currency),
    )


def two_gifts(first: Gift, second: Gift, whole: Around) -> GiftMail:
    """Ask whether two gifts shortly after one another were both meant."""
    base = content("two_gifts", whole, second.amount)
    return replace(
        base,
        given_at=second.received_at,
        other_amount=first.amount,
        refund_url=_answer(whole, N_("Please give one of my two gifts back"), base.gift_url),
    )


def reward_unavailable(session: Session, gift: Gift, whole: Around) -> GiftMail | None:
    """Say that the last reward had gone when the money came, and ask what the donor prefers."""
    pledge = whole.pledge
    if pledge is None or pledge.reward_id is None or pledge.reward_state != RewardState.UNAVAILABLE:
        return None
    base = content("reward_unavailable", whole, gift.amount)
    until = (gift.received_at + ANSWER_WITHIN).astimezone(ZoneInfo(whole.museum.time_zone)).date()
    return replace(
        base,
        given_at=gift.received_at,
        reward=in_their_words(whole, session.get_one(Reward, (pledge.institution_id, pledge.reward_id)).title),
        answer_by=until,
        change_url=_answer(whole, N_("I would like another reward"), base.gift_url),
        refund_url=_answer(whole, N_("Please give my gift back"), base.gift_url),
    )


def not_finished(session: Session, whole: Around) -> GiftMail | None:
    """Remind once of a payment that was begun; only those who agreed to be written to."""
    if whole.pledge is None or not _wants_news(session, whole.donor):
        return None
    base = content("not_finished", whole, whole.pledge.amount)
    return replace(base, retry_url=base.gift_url, wants_news=True)


def _answer(whole: Around, subject: str, page: str) -> str:
    """Link a mail to the museum, its subject filled in and the gift named by its page."""
    with use_locale(whole.locale):
        words = quote(gettext(subject))
    return f"mailto:{whole.museum.contact_email}?subject={words}&body={quote(page)}"
