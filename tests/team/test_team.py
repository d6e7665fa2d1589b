"""A team: invitations that work once, roles, who leaves, a lost second factor; each way it is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import clock, outbox
from crowdfund.accounts import passwords
from crowdfund.accounts import service as accounts
from crowdfund.accounts.models import Account
from crowdfund.audit import AuditEntry
from crowdfund.institutions.models import Member
from crowdfund.institutions.rules import Permission, Role
from crowdfund.outbox import OutboxRow
from crowdfund.team import service, tasks
from crowdfund.team.models import FactorReset, Invitation
from crowdfund.tenancy import PlatformScope, transaction
from tests.desk import PASSWORD, code, enter, form_token, make_colleague, make_person, sign_in
from tests.factories import make_institution, scope
from tests.receipts.conftest import MailKeeper, mails

__all__ = ["mails"]
NEW = "nora@example.org"
WORDS = "lanterns under the plane trees"


@dataclass
class Desk:
    """A museum's team page in an owner's browser."""

    app: Flask
    museum: int
    slug: str
    owner: int
    client: FlaskClient
    mails: MailKeeper
    _tokens: dict[int, str] = field(default_factory=dict)

    @property
    def here(self) -> str:
        return f"/staff/{self.slug}/team"

    def post(self, path: str, client: FlaskClient | None = None, /, **form: str) -> Any:
        asked = client or self.client
        token = form_token(asked, "/account/")
        return asked.post(f"{self.here}{path}", data={"csrf_token": token} | form)

    def invite(self, **form: str) -> Any:
        return self.post(
            "/invite", None, **({"name": "Nora Vial", "email": NEW, "role": "desk", "locale": "it"} | form)
        )

    def work(self) -> None:
        """Deliver what the team's listeners wait for and is due."""
        with transaction(scope(self.museum)) as session:
            rows = session.execute(
                select(OutboxRow.id).where(
                    OutboxRow.delivered_at.is_(None), OutboxRow.listener.startswith("team."),
                    OutboxRow.not_before <= clock.now(),
                ).order_by(OutboxRow.id)
            ).scalars().all()  # fmt: skip
        for outbox_id in rows:
            outbox.deliver(self.museum, outbox_id)

    def link(self) -> str:
        """Read the link of the last invitation."""
        self.work()
        body = self.mails.kept[-1][1].get_body(("plain",))
        assert body is not None
        found = re.search(r"http\S+(/account/join/\S+)", body.get_content())
        assert found is not None
        return found[1]

    def offers(self) -> list[Invitation]:
        with transaction(scope(self.museum)) as session:
            return list(session.scalars(select(Invitation).order_by(Invitation.id)))

    def member(self, account_id: int) -> Member:
        with transaction(scope(self.museum)) as session:
            return session.scalars(select(Member).where(Member.account_id == account_id)).one()

    def acts(self) -> list[str]:
        with transaction(scope(self.museum)) as session:
            return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


@pytest.fixture
def desk(app: Flask, mails: MailKeeper) -> Desk:
    museum = make_institution(slug="tilleuls", name="Musée des Tilleuls")
    owner = make_colleague(museum, Role.OWNER, "owner@example.org")
    return Desk(app, museum, "tilleuls", owner, enter(app, owner), mails)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    real = clock.now
    moved = [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])

    def move(**by: float) -> None:
        moved[0] += timedelta(**by)

    yield move
    moved[0] = timedelta()


def join(app: Flask, link: str, password: str = WORDS) -> Any:
    client = app.test_client()
    page = client.get(link)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return client.post(link, data={"csrf_token": found[1], "password": password})


def test_what_a_role_may_do_is_said_in_words(desk: Desk) -> None:
    page = desk.client.get("/staff/tilleuls/team").text
    table = page[page.index("Enter the desk and see the team") :]
    codes = {str(code) for code in (*Permission, *Role)}
    assert codes.isdisjoint(one.strip() for one in re.findall(r">([^<]*)<", table))


def test_an_invited_person_chooses_a_password_and_is_a_member(desk: Desk) -> None:
    assert desk.invite().status_code == 303
    link = desk.link()
    message = desk.mails.kept[-1][1]
    assert (message["To"], message["Content-Language"]) == (f"Nora Vial <{NEW}>", "it")
    shown = desk.app.test_client().get(link).text
    assert "Musée des Tilleuls" in shown
    assert "Sportello" in shown  # the role, in the language of the invitation
    assert join(desk.app, link).location == "/account/sign-in"
    with transaction(PlatformScope()) as session:
        account = accounts.account_by_email(session, NEW)
    assert account is not None
    assert (desk.member(account.id).role, account.locale, account.name) == ("desk", "it", "Nora Vial")
    (offer,) = desk.offers()
    assert (offer.email, offer.account_id) == (None, account.id)
    client = desk.app.test_client()
    assert sign_in(client, NEW, WORDS).location == "/staff/"
    assert client.get(desk.here).location.startswith("/account/second-factor")  # nobody without a second step


def test_a_link_works_once_and_says_no_more_than_that_it_is_over(desk: Desk) -> None:
    desk.invite()
    link = desk.link()
    join(desk.app, link)
    over = desk.app.test_client().get(link, headers={"Accept-Language": "en"})
    assert over.status_code == 404
    assert "This invitation is over" in over.text
    for wrong in ("/account/join/x", "/account/join/1-" + "a" * 26, "/account/join/" + "z" * 40):
        assert desk.app.test_client().get(wrong).status_code == 404
        assert NEW not in desk.app.test_client().get(wrong).text


def test_a_link_runs_out_is_sent_again_and_the_old_one_is_dead(desk: Desk, later: Callable[..., None]) -> None:
    desk.invite()
    first = desk.link()
    (offer,) = desk.offers()
    later(days=7, seconds=1)
    assert desk.app.test_client().get(first).status_code == 404
    owner = enter(desk.app, desk.owner)
    assert "run out" in owner.get(desk.here).text
    assert desk.post(f"/invitations/{offer.id}/send", owner).status_code == 303
    second = desk.link()
    assert second != first
    assert desk.app.test_client().get(first).status_code == 404
    assert join(desk.app, second).status_code == 303


def test_a_link_is_sent_five_times_at_most(desk: Desk) -> None:
    desk.invite()
    (offer,) = desk.offers()
    assert [desk.post(f"/invitations/{offer.id}/send").status_code for _ in range(5)] == [303, 303, 303, 303, 409]


def test_a_withdrawn_link_is_dead_and_its_address_forgotten(desk: Desk) -> None:
    desk.invite()
    link = desk.link()
    (offer,) = desk.offers()
    assert desk.post(f"/invitations/{offer.id}/withdraw").status_code == 303
    assert desk.app.test_client().get(link).status_code == 404
    assert desk.offers()[0].email is None
    for again in ("send", "withdraw"):
        assert desk.post(f"/invitations/{offer.id}/{again}").status_code == 409
    assert desk.invite().status_code == 303  # the same address may be invited anew


def test_a_mail_for_an_offer_that_is_over_is_not_sent(desk: Desk) -> None:
    desk.invite()
    (offer,) = desk.offers()
    desk.post(f"/invitations/{offer.id}/withdraw")
    desk.work()
    assert desk.mails.kept == []


def test_who_never_comes_is_forgotten(desk: Desk, later: Callable[..., None]) -> None:
    desk.invite()
    later(days=36)
    tasks.forget_old_invitations(desk.museum)
    assert desk.offers()[0].email == NEW
    later(days=2)
    tasks.forget_old_invitations(desk.museum)
    assert desk.offers()[0].email is None


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": ""}, "Say who it is."),
        ({"email": ""}, "Type an e-mail address"),
        ({"email": "nora@"}, "This is not an email address"),
        ({"role": ""}, "Choose a role."),
        ({"role": "emperor"}, "Choose one of the answers shown."),
    ],
)
def test_a_wrong_invitation_is_told_beside_its_field_and_kept(desk: Desk, form: dict[str, str], said: str) -> None:
    answer = desk.invite(**form)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Nora Vial"' in answer.text or "name" in form
    assert desk.offers() == []


def test_a_member_or_somebody_invited_is_not_invited_again(desk: Desk) -> None:
    assert desk.invite(email="owner@example.org").status_code == 409
    desk.invite()
    again = desk.invite()
    assert again.status_code == 409
    assert "invited already" in again.text
    assert len(desk.offers()) == 1


def test_somebody_with_an_account_joins_signed_in_and_nobody_else_does(desk: Desk) -> None:
    known = make_person(NEW, second_factor=True)
    desk.invite(role="curator")
    link = desk.link()
    stranger = desk.app.test_client()
    page = stranger.get(link)
    assert "Sign in to join" in page.text or "Accedi per accettare" in page.text
    assert 'name="password"' not in page.text
    other = enter(desk.app, make_person("someone@example.org", second_factor=True))
    assert "someone@example.org" in other.get(link).text
    token = form_token(other, "/account/")
    assert other.post(link, data={"csrf_token": token, "password": WORDS}).status_code == 200
    assert not _works_here(desk, known)
    own = enter(desk.app, known)
    assert own.post(link, data={"csrf_token": form_token(own, link)}).status_code == 303
    assert desk.member(known).role == "curator"


def _works_here(desk: Desk, account_id: int) -> bool:
    with transaction(scope(desk.museum)) as session:
        return session.scalar(select(Member.id).where(Member.account_id == account_id)) is not None


def test_a_forged_or_weak_answer_makes_nobody_a_member(desk: Desk) -> None:
    desk.invite()
    link = desk.link()
    assert desk.app.test_client().post(link, data={"password": WORDS}).status_code == 400
    assert join(desk.app, link, "short").status_code == 422
    assert join(desk.app, link, "nora vial nora").status_code == 422
    with transaction(PlatformScope()) as session:
        assert accounts.account_by_email(session, NEW) is None


def test_a_role_is_changed_the_sessions_end_and_the_owners_are_told(desk: Desk) -> None:
    account_id = make_colleague(desk.museum, Role.DESK, "desk@example.org")
    there = enter(desk.app, account_id)
    member = desk.member(account_id)
    assert desk.post(f"/{member.id}/role", role="finance").status_code == 303
    assert desk.member(account_id).role == "finance"
    assert there.get(desk.here).status_code == 303
    desk.work()
    told = {str(message["To"]): str(message["Subject"]) for _key, message in desk.mails.kept}
    assert {to.rpartition("<")[2].strip(">") for to in told} == {"owner@example.org", "desk@example.org"}
    assert "member.role_changed" in desk.acts()
    before = len(desk.mails.kept)
    desk.post(f"/{member.id}/role", role="finance")
    desk.work()
    assert len(desk.mails.kept) == before  # the same role again changes nothing
    assert desk.post(f"/{member.id}/role", role="").status_code == 422
    assert desk.post(f"/{2**40}/role", role="").status_code == 404


def test_the_last_owner_stays_and_the_page_says_why(desk: Desk) -> None:
    me = desk.member(desk.owner)
    for path, form in ((f"/{me.id}/role", {"role": "desk"}), (f"/{me.id}/remove", {})):
        answer = desk.post(path, None, **form)
        assert answer.status_code == 409
        assert "A museum keeps at least one owner" in answer.text
    second = make_colleague(desk.museum, Role.OWNER, "second@example.org")
    assert desk.post(f"/{desk.member(second).id}/remove").status_code == 303
    assert desk.member(second).state == "left"
    desk.work()
    assert len(desk.mails.kept) == 2  # the owner who stays and the one who has gone


def test_who_is_no_owner_sees_the_team_and_changes_nothing(desk: Desk) -> None:
    account_id = make_colleague(desk.museum, Role.DIRECTOR, "director@example.org")
    there = enter(desk.app, account_id)
    page = there.get(desk.here)
    assert page.status_code == 200
    assert "Person owner" in page.text
    assert "owner@example.org" not in page.text
    assert f'action="{desk.here}' not in page.text
    member = desk.member(desk.owner)
    for path in (
        "/invite",
        f"/{member.id}/role",
        f"/{member.id}/remove",
        f"/{member.id}/reset",
        f"/{member.id}/reset/stop",
    ):
        assert desk.post(path, there).status_code == 403


def test_changing_the_team_asks_again_who_is_there_and_comes_back(desk: Desk, later: Callable[..., None]) -> None:
    later(minutes=11)
    page = desk.client.get(desk.here)
    assert "/account/confirm?next=" in page.text
    assert f'action="{desk.here}/invite"' not in page.text
    answer = desk.invite()
    assert answer.location.startswith("/account/confirm?next=")
    assert desk.offers() == []
    with transaction(PlatformScope()) as session:
        session.get_one(Account, desk.owner).password_hash = passwords.hash_password(PASSWORD)
    token = form_token(desk.client, answer.location)
    signed = re.search(r'name="next" value="([^"]+)"', desk.client.get(answer.location).text)
    assert signed is not None
    done = desk.client.post("/account/confirm", data={"csrf_token": token, "password": PASSWORD, "next": signed[1]})
    assert done.location == desk.here  # not the address that only takes what is sent


def test_a_lost_second_step_is_set_anew_after_a_day(desk: Desk, later: Callable[..., None]) -> None:
    account_id = make_colleague(desk.museum, Role.FINANCE, "finance@example.org")
    make_colleague(desk.museum, Role.OWNER, "second@example.org")
    member = desk.member(account_id)
    assert desk.post(f"/{member.id}/reset").status_code == 303
    assert desk.post(f"/{member.id}/reset").status_code == 409
    desk.work()
    told = sorted(str(message["To"]).rpartition("<")[2].strip(">") for _key, message in desk.mails.kept)
    assert told == ["finance@example.org", "owner@example.org", "second@example.org"]
    later(hours=23, minutes=59)
    desk.work()
    with transaction(scope(desk.museum)) as session:
        assert service.carry_out_reset(session, session.scalars(select(FactorReset.id)).one()) is None
    assert _has_factor(account_id)
    later(minutes=2)
    there = enter(desk.app, account_id)
    desk.work()
    assert not _has_factor(account_id)
    assert there.get(desk.here).location.startswith("/account/sign-in")
    desk.work()
    assert len(desk.mails.kept) == 6
    assert {"second_factor.reset_asked", "second_factor.reset"} <= set(desk.acts())


def _has_factor(account_id: int) -> bool:
    with transaction(PlatformScope()) as session:
        return accounts.has_second_factor(session, account_id)


@pytest.mark.parametrize("who", ["owner", "person"])
def test_anybody_concerned_stops_it(desk: Desk, later: Callable[..., None], who: str) -> None:
    account_id = make_colleague(desk.museum, Role.DESK, "desk@example.org")
    member = desk.member(account_id)
    desk.post(f"/{member.id}/reset")
    there = enter(desk.app, account_id)
    assert "Stop the new second step" in there.get(desk.here).text
    assert desk.post(f"/{member.id}/reset/stop", there if who == "person" else desk.client).status_code == 303
    assert desk.post(f"/{member.id}/reset/stop").status_code == 409
    later(hours=25)
    desk.work()
    assert _has_factor(account_id)


def test_nobody_starts_it_for_themselves_or_for_who_has_none(desk: Desk) -> None:
    assert desk.post(f"/{desk.member(desk.owner).id}/reset").status_code == 409
    account_id = make_colleague(desk.museum, Role.DESK, "desk@example.org")
    with transaction(PlatformScope()) as session:
        accounts.drop_second_factor(session, account_id)
    assert desk.post(f"/{desk.member(account_id).id}/reset").status_code == 409


def test_who_left_meanwhile_keeps_their_second_step(desk: Desk, later: Callable[..., None]) -> None:
    account_id = make_colleague(desk.museum, Role.DESK, "desk@example.org")
    member = desk.member(account_id)
    desk.post(f"/{member.id}/reset")
    desk.post(f"/{member.id}/remove")
    later(hours=25)
    desk.work()
    assert _has_factor(account_id)


def test_the_demonstrations_second_step_opens_a_desk(desk: Desk) -> None:
    account_id = make_person("marthe@example.org", second_factor=True)
    with transaction(scope(desk.museum)) as session:
        session.add(Member(account_id=account_id, role=Role.CURATOR, state="active"))
    client = desk.app.test_client()
    sign_in(client, "marthe@example.org")
    token = form_token(client, "/account/sign-in/code")
    client.post("/account/sign-in/code", data={"csrf_token": token, "code": code()})
    assert client.get(desk.here).status_code == 200
