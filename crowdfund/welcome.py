"""What the person sees once the house is up: addresses, who may sign in, what to try first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from crowdfund.programs import Plan, plain_address

COLUMNS = ("role", "name", "email", "password", "totp_secret")
SHARED = {"password": "password", "totp_secret": "second step"}


def welcome(plan: Plan, accounts: Sequence[Mapping[str, object]], seconds: float) -> str:
    """Write the short table shown after the start."""
    url = plan.config.public_url
    lines = ["", f"{plan.config.platform_name} is ready after {seconds:.1f} s.", ""]
    addresses = [("Site", f"{url}/"), ("Staff", f"{url}/account/sign-in")]
    if plan.mailbox:
        addresses.append(("Mails sent", f"{url}/_mail/view/"))
    if plan.simulator:
        addresses.append(("Payments (simulated)", plan.environ["SIMULATOR_URL"]))
    addresses += [
        ("Database", "embedded" if plan.embedded else plain_address(plan.config.database_url)),
        ("Data and logs", str(plan.config.data_dir)),
    ]
    lines += [f"  {name:<22}{value}" for name, value in addresses]
    if accounts:
        lines += _sign_ins(accounts)
    if plan.simulator:
        lines += [
            "",
            f"  First: open {url}/, choose a campaign, give 50 € with the card 4242 4242 4242 4242 (any date to come,",
            f"  any code), then read the thank-you and the tax receipt at {url}/_mail/view/.",
        ]
    return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])


def _sign_ins(accounts: Sequence[Mapping[str, object]]) -> list[str]:
    """Show one museum, the one with most roles; what all its people share stands below once."""
    museums = Counter(account.get("museum") for account in accounts)
    shown = [account for account in accounts if account.get("museum") == museums.most_common(1)[0][0]]
    lines = ["", "  Sign in as", *_table(shown, [column for column in COLUMNS if not _shared(shown, column)])]
    for column, title in SHARED.items():
        if _shared(shown, column):
            lines.append(f"    {title:<20}{shown[0][column]}")
    if _shared(shown, "totp_secret"):
        lines.append(
            "    The sign-in page shows the code of the moment; an authenticator application makes it of that key."
        )
    if len(accounts) > len(shown):
        lines.append(f"    {len(accounts) - len(shown)} more: .venv/bin/flask demo credentials")
    return lines


def _shared(accounts: Sequence[Mapping[str, object]], column: str) -> bool:
    values = {account.get(column) for account in accounts}
    return column in SHARED and len(values) == 1 and None not in values


def _table(accounts: Sequence[Mapping[str, object]], columns: Sequence[str]) -> list[str]:
    rows = [[str(account.get(column) or "") for column in columns] for account in accounts]
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    return [
        "    " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
