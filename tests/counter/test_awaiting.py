"""Money that nobody has approved yet: its donor is listed as waiting, and shown nowhere in public."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from crowdfund import clock
from crowdfund.institutions.rules import Role
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.references import printed
from tests.counter.conftest import House
from tests.counter.test_statements import camt, lines_of, paid, take_in

pytestmark = pytest.mark.filterwarnings("ignore:.*sRGB2014.icc:pytest.PytestUnraisableExceptionWarning")


def _cheque_of(museum: House, pledge: Pledge) -> str:
    """Enter and count a cheque; give where it is approved."""
    batch = museum.desk.post("/cheques", issuer=str(museum.issuer_id), attempt=str(uuid4())).location
    path = "/cheques/" + batch.rsplit("/", 1)[1].partition("?")[0]
    form = {"attempt": str(uuid4()), "received_on": "2026-11-10", "reference": printed(pledge.reference or "")}
    assert museum.desk.post(f"{path}/rows", form, amount="50").status_code == 303
    assert museum.desk.post(f"{path}/count", control_count="1", control_total="50").status_code == 303
    return f"{path}/approve"


def _transfer_of(museum: House, pledge: Pledge) -> str:
    """Match a transfer; give where it is approved."""
    take_in(museum.desk, museum, camt(paid(pledge)))
    assert museum.desk.post("/lines/sure").status_code == 303
    return "/lines/approve"


@pytest.mark.parametrize(("method", "enter"), [("cheque", _cheque_of), ("bank_transfer", _transfer_of)])
def test_money_that_nobody_approved_shows_its_donor_as_waiting_and_never_in_public(
    museum: House, method: str, enter: Callable[[House, Pledge], str]
) -> None:
    pledge = museum.promise(method=method)
    to_approve = enter(museum, pledge)
    owner = museum.person(Role.OWNER)
    site, here = f"/fr/{museum.slug}/{museum.campaign}", f"/staff/{museum.slug}/donors"
    seen = []
    for approved in (False, True):
        if approved:
            assert museum.finance.post(to_approve, line=[str(one.id) for one in lines_of(museum)]).status_code == 303
            museum.work()
        with clock.at(clock.now() + timedelta(minutes=11)):  # names appear at full ten minutes
            pages = (f"{site}/?names=all", f"{site}/?name=odette", f"/totals/{museum.slug}/{museum.campaign}.json")
            shown = [museum.app.test_client().get(page).text for page in pages]
        listed = owner.client.get(here).text
        person = owner.client.get(f"{here}/{pledge.donor_id}").text
        export = owner.client.post(f"{here}/export", data={"csrf_token": owner.token, "format": "csv"})
        head, row = csv.reader(io.StringIO(export.data.decode("utf-8-sig"), newline=""))
        assert "1 donor" in listed
        told = dict(zip(head, row, strict=True))["Waits for approval"]
        named = any("Odette C" in page for page in shown)
        states = ("of whom 1 waits" in listed, ">Waits for approval<" in listed, "waits for approval" in person)
        seen.append((*states, told, named))
    assert seen == [(True, True, True, "yes", False), (False, False, False, "", True)]
