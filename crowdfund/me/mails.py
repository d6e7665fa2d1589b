"""Write to a donor about their own way in, in their language: the link, and the last mail."""

from __future__ import annotations

import html
from datetime import datetime
from typing import Any

from flask import current_app

from config import Config
from crowdfund.donors.models import Donor
from crowdfund.i18n import supported, use_locale
from crowdfund.mail import Mail


def link_mail(donor: Donor, token: str, *, until: datetime, timezone: str) -> Mail:
    """Write the mail that brings a link."""
    config: Config = current_app.extensions["config"]
    url = f"{config.public_url}/{supported(donor.locale)}/me/link/{token}"
    name = donor.company_name or f"{donor.first_name or ''} {donor.last_name or ''}".strip()
    return _written("me_link", donor.email or "", name, donor.locale, url=url, until=until, timezone=timezone)


def erased_mail(email: str, locale: str) -> Mail:
    """Write the last mail: it says what was done, and names nobody."""
    return _written("me_erased", email, "", locale)


def _written(kind: str, to: str, to_name: str, locale: str, **said: Any) -> Mail:
    config: Config = current_app.extensions["config"]
    with use_locale(locale):
        page = current_app.jinja_env.get_template(f"mail/{kind}.html")
        subject = "".join(page.blocks["subject"](page.new_context(said)))
        return Mail(
            kind=kind,
            to=to,
            to_name=to_name,
            from_name=config.platform_name,
            subject=html.unescape(subject).strip(),
            text=current_app.jinja_env.get_template(f"mail/{kind}.txt").render(**said).strip() + "\n",
            html=page.render(**said),
            locale=supported(locale),
        )
