"""What a receipt states: every printed value, gathered from the rows as they are at the moment of issue."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy.orm import Session

from config import Config
from crowdfund import formats
from crowdfund.campaigns.models import Reward
from crowdfund.donors.models import Donor
from crowdfund.institutions.colours import oklch
from crowdfund.institutions.models import Issuer
from crowdfund.money import Money
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import RewardState
from crowdfund.receipts.eligibility import Case, legal_method
from crowdfund.receipts.holds import Verdict
from crowdfund.receipts.letter import LANGUAGES, amount_in_words
from crowdfund.receipts.models import Receipt
from crowdfund.receipts.numbering import check_address, printed_number
from crowdfund.receipts.snapshot import DonorBlock, GiftBlock, IssuerBlock, Pairs, Snapshot
from crowdfund.storage import Storage
from crowdfund.tax import it
from crowdfund.tax.countries import RULES_VERSION
from crowdfund.tenancy import museum_of

REGISTRATIONS = {
    "siren": "SIREN", "siret": "SIRET", "rna": "RNA", "codice_fiscale": "Codice fiscale", "partita_iva": "Partita IVA",
    "runts": "RUNTS",
}  # fmt: skip
SOMETHING_IN_RETURN = {"fr": "Contrepartie remise", "it": "Controprestazione consegnata"}


def draft(session: Session, case: Case, verdict: Verdict, moment: datetime, before: Receipt | None) -> Snapshot:
    """Gather all that the receipt prints, save its number and its code."""
    decision = verdict.decision
    if decision is None or decision.form is None or case.donor is None:
        raise ValueError("a receipt is written on a decision that says yes")
    template = decision.form.template
    language = LANGUAGES[template]
    institution, config = case.institution, _config()
    pledge = session.get(Pledge, (museum_of(session), case.gift.pledge_id)) if case.gift.pledge_id else None
    day = moment.astimezone(ZoneInfo(case.issuer.time_zone)).date()
    return Snapshot(
        template=template,
        form=decision.form.code,
        form_revision=decision.form.revision,
        regime=verdict.regime,
        legal_articles=decision.legal_articles,
        number="",
        series=case.issuer.series,
        year=day.year,
        issued_at=moment,
        issued_on=day,
        locale=pledge.locale if pledge else case.donor.locale,
        issuer=_issuer(case.issuer, language),
        museum_name=institution.name,
        campaign=in_language(case.campaign.title, language, institution.default_locale),
        donor=_donor(case.donor, case.issuer.jurisdiction, language),
        gift=_gift(session, case, pledge, decision.amount, language),
        amount_words=amount_in_words(decision.amount, template),
        verification_url="",
        verification_code="",
        rules_version=RULES_VERSION,
        platform_name=config.platform_name,
        art_bonus_intervention=case.campaign.art_bonus_id or "",
        stamp_duty=_stamp_duty(case, decision.amount),
        replaces=printed_number(before) if before else "",
        tint=oklch(0.958, institution.wall_chroma * 0.24, institution.wall_hue),
        ink=oklch(0.35, institution.wall_chroma, institution.wall_hue),
        signature_png=_signature(case.issuer),
    )


def numbered(snapshot: Snapshot, number: str, code: str) -> Snapshot:
    """Put the number and the code into a draft."""
    address = check_address(code, LANGUAGES[snapshot.template])
    return dataclasses.replace(snapshot, number=number, verification_code=code, verification_url=address)


def in_language(texts: Mapping[str, str], language: str, otherwise: str) -> str:
    """Choose a museum's text: in the language, else in the museum's own, else in any."""
    return texts.get(language) or texts.get(otherwise) or next(iter(texts.values()), "")


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config


def _issuer(issuer: Issuer, language: str) -> IssuerBlock:
    return IssuerBlock(
        legal_name=issuer.legal_name,
        kind=issuer.kind,
        identifiers=tuple(
            (REGISTRATIONS.get(name, name.upper()), _grouped(name, number))
            for name, number in sorted(issuer.registrations.items())
        ),
        address_lines=_address(issuer.address_line, issuer.postcode, issuer.city, issuer.country, language),
        purpose=in_language(issuer.purpose, language, language),
        category=in_language(issuer.category, language, language),
        signatory_name=issuer.signatory_name or "",
        signatory_quality=issuer.signatory_quality or "",
        place=issuer.city,
    )


def _donor(donor: Donor, jurisdiction: str, language: str) -> DonorBlock:
    company = donor.kind == "company"
    name = donor.company_name if company else f"{donor.first_name or ''} {donor.last_name or ''}"
    return DonorBlock(
        kind=donor.kind,
        name=(name or "").strip(),
        address_lines=_address(donor.address_line, donor.postcode, donor.city, donor.country, language),
        legal_form=(donor.legal_form or "") if company else "",
        identifiers=_identifiers(donor, jurisdiction),
    )


def _identifiers(donor: Donor, jurisdiction: str) -> Pairs:
    if jurisdiction == "IT":
        number = (donor.tax_number or "").strip().upper()
        return (("Partita IVA" if number.isdigit() else "Codice fiscale", number),) if number else ()
    number = (donor.company_number or "").strip()
    if donor.kind != "company" or not number:
        return ()
    digits = "".join(number.split())
    if donor.country != "FR":
        return (("N° d’entreprise", number),)
    return (("SIRET" if len(digits) == 14 else "SIREN", _grouped("siren", number)),)


def _grouped(name: str, number: str) -> str:
    """Write a SIREN or SIRET in groups of three, as people read it; other numbers as they are."""
    digits = "".join(number.split())
    if name not in {"siren", "siret"} or not digits.isdigit() or len(digits) not in {9, 14}:
        return number
    return " ".join(part for part in (digits[:3], digits[3:6], digits[6:9], digits[9:]) if part)


def _address(
    line: str | None, postcode: str | None, city: str | None, country: str | None, language: str
) -> tuple[str, ...]:
    parts = [(line or "").strip(), f"{postcode or ''} {city or ''}".strip()]
    if any(parts) and country:  # a country alone is no address
        parts.append(formats.country_name(country, language))
    return tuple(filter(None, parts))


def _gift(session: Session, case: Case, pledge: Pledge | None, amount: Money, language: str) -> GiftBlock:
    gift = case.gift
    reward = None
    if pledge is not None and pledge.reward_id is not None and pledge.reward_state == RewardState.CLAIMED:
        reward = session.get(Reward, (museum_of(session), pledge.reward_id))
    title = in_language(reward.title, language, case.institution.default_locale) if reward else ""
    if gift.counterpart_minor and not title:
        title = SOMETHING_IN_RETURN[language]
    return GiftBlock(
        amount_minor=amount.minor,
        currency=amount.currency,
        date=gift.gift_date,
        method=legal_method(session, gift) or "",
        counterpart=title,
        counterpart_minor=gift.counterpart_minor,
        counterpart_waived=pledge is not None and pledge.reward_state == RewardState.WAIVED,
    )


def _stamp_duty(case: Case, amount: Money) -> str:
    if case.issuer.jurisdiction != "IT" or not case.issuer.stamp_duty_policy:
        return ""
    return it.stamp_duty(case.issuer.stamp_duty_policy, amount, case.gift.gift_date).ground


def _signature(issuer: Issuer) -> str:
    """Read the picture of the signature, as it is today, so that a later one changes no old receipt."""
    if not issuer.signature_asset:
        return ""
    storage: Storage = current_app.extensions["storage"]
    return base64.b64encode(storage.read(issuer.signature_asset)).decode()
