"""The museums side by side: counts and sums come out, people do not, and who may look is a peer or has a seat."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.accounts.rules import Level
from crowdfund.closing import service as closing
from crowdfund.closing.view import LessonsText
from crowdfund.conversation.models import Question
from crowdfund.errors import NotFound
from crowdfund.gifts import service as gifts
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.gifts.rules import Method
from crowdfund.institutions.rules import Role
from crowdfund.money import Money
from crowdfund.network import queries, rules, service
from crowdfund.network.rules import Sign
from crowdfund.network.view import Network
from crowdfund.payments.models import QuarantinedCharge
from crowdfund.receipts.models import ReceiptHold
from crowdfund.tenancy import PlatformScope, transaction
from tests.desk import enter, make_colleague, make_person
from tests.factories import make_campaign, make_donor, make_gift, make_institution, make_pledge, scope


def receive(session: Session, campaign_id: int, amount: int, name: str) -> None:
    gifts.receive_gift(
        session,
        MoneyReceived(
            reference=f"test:{name}", campaign_id=campaign_id, amount=Money(amount, "EUR"), method=Method.CARD,
            received_at=clock.now(), donor_id=make_donor(session, last_name=name).id,
        ),
    )  # fmt: skip


@pytest.fixture
def before(app: Flask) -> Network:
    """Read the network before the museums of the test: a race of another test has kept rows that all may see."""
    return queries.read_network()


def added(before: Network, after: Network) -> tuple[int, int, dict[str, int]]:
    """Tell what came between: campaigns that run, campaigns that ended, minor units by currency."""
    was = {one.currency: one.minor for one in before.sums}
    sums = {one.currency: one.minor - was.get(one.currency, 0) for one in after.sums}
    return (
        after.running - before.running,
        after.ended - before.ended,
        {currency: minor for currency, minor in sums.items() if minor},
    )


@pytest.fixture
def museums(app: Flask) -> tuple[int, int]:
    """Found one museum with six donors and one with two."""
    big, small = make_institution(slug="arvieres", name="Arvières"), make_institution(slug="mirevaux", name="Mirevaux")
    for museum, donors in ((big, 6), (small, 2)):
        with transaction(scope(museum)) as session:
            campaign = make_campaign(session, state="live", goal_minor=100_000)
            for number in range(donors):
                receive(session, campaign.id, 1000, f"Quatrebarbes{museum}-{number}")
    return big, small


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, None), (4, None), (5, 5), (900, 900)])
def test_few_people_are_not_counted_out(count: int, shown: int | None) -> None:
    assert rules.cell(count) == shown


def test_a_share_is_rounded_down_and_needs_a_goal() -> None:
    assert [rules.share(7999, 10_000), rules.share(8000, 10_000), rules.share(5, None), rules.share(5, 0)] == [
        79,
        80,
        None,
        None,
    ]


def test_sums_are_the_funds_and_few_supporters_stay_hidden(before: Network, museums: tuple[int, int]) -> None:
    network = queries.read_network()
    assert added(before, network) == (2, 0, {"EUR": 8000})
    by_name = {museum.slug: museum.campaigns[0] for museum in network.museums}
    assert (by_name["arvieres"].supporters, by_name["mirevaux"].supporters) == (6, None)
    assert by_name["arvieres"].spark[-1] == 100
    assert set(by_name["mirevaux"].spark) == {0}  # two gifts on a day are too few to draw


def test_who_gives_to_two_museums_of_one_joint_campaign_is_one_person(before: Network, app: Flask) -> None:
    for slug, joint in (("arvieres", "plate"), ("mirevaux", "plate"), ("alone", None)):
        with transaction(scope(make_institution(slug=slug))) as session:
            campaign = make_campaign(session, state="live", joint_code=joint)
            for name, email in (
                ("Ada", "ada@example.org"),
                ("Ada", "ada@example.org"),
                ("Bo", None),
                ("Cy", f"{slug}@x.org"),
            ):
                donor = make_donor(session, last_name=name, email=email)
                make_gift(session, campaign, donor=donor, donor_id=donor.id)
    assert queries.read_network().supporters - before.supporters == 3 + 4 + 4


def test_no_name_of_a_donor_is_on_the_page(app: Flask, museums: tuple[int, int]) -> None:
    page = enter(app, make_colleague(museums[0], Role.OWNER, "owner@example.org")).get("/network/")
    assert page.status_code == 200
    assert "Quatrebarbes" not in page.text
    assert "fewer than 5" in page.text
    assert page.headers["Cache-Control"] == "private, no-store"


def notices(of: str) -> dict[Sign, int | None]:
    return {
        one.sign: one.count for museum in queries.read_network().museums if museum.slug == of for one in museum.notices
    }


def test_what_waits_too_long_stands_out_and_names_its_own_desk(museums: tuple[int, int]) -> None:
    big, _small = museums
    assert notices("arvieres") == {}
    long_ago = clock.now() - timedelta(days=40)
    with transaction(scope(big)) as session:
        quiet = make_campaign(
            session, state="live", goal_minor=1000, opens_at=long_ago, closes_at=clock.now() + timedelta(days=3)
        )
        ended = make_campaign(session, state="succeeded", opens_at=long_ago - timedelta(days=9), closes_at=long_ago)
        for number in range(6):
            session.add(
                ReceiptHold(
                    gift_id=make_gift(session, quiet, received_at=long_ago).id, outcome="hold", reason=f"r{number}"
                )
            )
        session.add(
            QuarantinedCharge(
                charge="ch", account="a", amount_minor=1, currency="EUR", reason="paid_twice", created_at=long_ago
            )
        )
        session.add(
            Question(
                campaign_id=ended.id,
                state="new",
                text="?",
                locale="fr",
                holds_link=False,
                fingerprint="f",
                asked_at=long_ago,
            )
        )
    assert notices("arvieres") == {
        Sign.ASIDE: None, Sign.RECEIPTS_HELD: 6, Sign.ENDS_FAR: 0, Sign.QUIET: None, Sign.QUESTIONS: None, Sign.NOT_SIGNED: None,
    }  # fmt: skip
    assert notices("mirevaux") == {}
    urls = [one.url for museum in queries.read_network().museums for one in museum.notices]
    assert all(url.startswith("/staff/arvieres/") for url in urls)


def test_only_shared_lessons_leave_their_museum(app: Flask, museums: tuple[int, int]) -> None:
    for museum, shared in zip(museums, (True, False), strict=True):
        with transaction(scope(museum)) as session:
            campaign = make_campaign(session, state="ended")
            closing.write_lessons(
                session, campaign.id, 1, LessonsText("Trams", "May", f"Advice of {museum}", shared=shared)
            )
    lessons = queries.read_network().lessons
    assert [one.advice for one in lessons] == [f"Advice of {museums[0]}"]


@pytest.mark.parametrize("role", list(Role))
def test_who_answers_for_a_museum_may_look_and_others_find_nothing(
    app: Flask, museums: tuple[int, int], role: Role
) -> None:
    client = enter(app, make_colleague(museums[0], role, "here@example.org"))
    assert client.get("/network/").status_code == (200 if role in {Role.OWNER, Role.DIRECTOR} else 404)


def test_a_seat_opens_the_page_until_it_ends_and_never_a_desk(app: Flask, museums: tuple[int, int]) -> None:
    person = make_person("anne@example.org", second_factor=True)
    client = enter(app, person)
    assert client.get("/network/").status_code == 404
    with transaction(PlatformScope()) as session:
        service.give_seat(session, "anne@example.org")
        service.give_seat(session, "anne@example.org")
    assert client.get("/network/").status_code == 200
    assert client.get("/staff/arvieres/gifts").status_code == 404
    with transaction(PlatformScope()) as session:
        service.end_seat(session, "anne@example.org")
    assert client.get("/network/").status_code == 404
    with pytest.raises(NotFound), transaction(PlatformScope()) as session:
        service.end_seat(session, "anne@example.org")
    with pytest.raises(NotFound), transaction(PlatformScope()) as session:
        service.give_seat(session, "nobody@example.org")


def test_signing_in_and_the_second_factor_come_first(app: Flask, client: FlaskClient, museums: tuple[int, int]) -> None:
    assert client.get("/network/").location.startswith("/account/sign-in")
    person = make_person("anne@example.org")
    with transaction(PlatformScope()) as session:
        service.give_seat(session, "anne@example.org")
    answer = enter(app, person, Level.FULL).get("/network/")
    assert (answer.status_code, "second-factor" in answer.location) == (303, True)


def test_the_operator_gives_and_ends_seats(app: Flask) -> None:
    make_person("anne@example.org")
    run = app.test_cli_runner().invoke
    assert run(args=["network", "seat", "anne@example.org"]).output == "given\n"
    assert run(args=["network", "seat", "anne@example.org", "--end"]).output == "ended\n"
    refused = run(args=["network", "seat", "nobody@example.org"])
    assert (refused.exit_code, "no account" in refused.output) == (1, True)


def test_a_museum_without_a_campaign_is_still_a_peer(before: Network, museums: tuple[int, int]) -> None:
    make_institution(slug="new-one", name="New")
    with transaction(scope(museums[0])) as session:
        make_pledge(session, make_campaign(session, state="draft"))
    network = queries.read_network()
    assert [museum.campaigns for museum in network.museums if museum.slug == "new-one"] == [()]
    assert added(before, network)[0] == 2
