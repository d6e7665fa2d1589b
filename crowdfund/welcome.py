"""What the person sees once the house is up: addresses, who may sign in, what to try first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crowdfund.programs import Plan, plain_address

MOST_ACCOUNTS = 6
COLUMNS = ("role", "museum", "email", "password")


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
        lines += ["", "  Sign in as"]
        lines += _table(accounts[:MOST_ACCOUNTS])
        if len(accounts) > MOST_ACCOUNTS:
            lines.append(f"    and {len(accounts) - MOST_ACCOUNTS} more: .venv/bin/flask demo credentials")
    if plan.simulator:
        lines += [
            "",
            f"  First: open {url}/, choose a campaign, give 50 € with the card 4242 4242 4242 4242 (any date to come,",
            f"  any code), then read the thank-you and the tax receipt at {url}/_mail/view/.",
        ]
    return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])


def _table(accounts: Sequence[Mapping[str, object]]) -> list[str]:
    rows = [[str(account.get(column, "") or "") for column in COLUMNS] for account in accounts]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    return [
        "    " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
