"""Places under a capacity: booked, changed, waited for, given back; told by mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from crowdfund import clock
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.gifts.models import Gift
from crowdfund.invitations import service
from crowdfund.invitations.models import Booking, Gathering
from crowdfund.invitations.rules import first_that_fit, read_code, read_people, written_code
from crowdfund.invitations.service import GatheringDetails
from crowdfund.pledges.models import Pledge
from tests import factories
from tests.after import Museum, row


def details(**given: Any) -> GatheringDetails:
    starts = clock.now() + timedelta(days=5)
    values: dict[str, Any] = {
        "kind": "evening", "title": factories.texts("Evening"), "place": "Salle basse", "starts_at": starts,
        "ends_at": starts + timedelta(hours=2), "capacity": 3, "most_each": 3,
    }  # fmt: skip
    return GatheringDetails(**values | given)


def planned(museum: Museum, *, opened: bool = True, **given: Any) -> int:
    with museum.open() as session:
        made = service.plan_gathering(session, museum.campaign_id, details(**given))
        if opened:
            service.open_gathering(session, made.id)
        return made.id


def book(museum: Museum, gathering: int, gift: int, people: int) -> str:
    with museum.open() as session:
        return service.book(session, gathering, _pledge(session, museum, gift), people).state


def give_up(museum: Museum, gathering: int, gift: int) -> None:
    with museum.open() as session:
        service.give_up(session, gathering, _pledge(session, museum, gift))


def _pledge(session: Any, museum: Museum, gift: int) -> Pledge:
    return row(session, Pledge, museum, row(session, Gift, museum, gift).pledge_id)  # type: ignore[no-any-return]


def states(museum: Museum) -> list[tuple[str, int]]:
    return [(one.state, one.people) for one in museum.all(Booking)]


def test_who_does_not_fit_waits_and_gets_what_is_given_back(museum: Museum) -> None:
    gathering = planned(museum)
    first, second, third = (museum.give(donor={"email": f"{name}@example.org"}) for name in ("ada", "bob", "cleo"))
    assert book(museum, gathering, first, 2) == "booked"
    assert book(museum, gathering, second, 2) == "waiting"
    assert book(museum, gathering, third, 1) == "booked"  # the last place
    museum.hear()
    assert "waiting list" not in museum.sent_to("ada@example.org")[0].subject
    give_up(museum, gathering, first)
    give_up(museum, gathering, first)  # twice is once
    assert states(museum) == [("cancelled", 2), ("booked", 2), ("booked", 1)]
    museum.hear()
    assert [len(museum.sent_to(f"{name}@example.org")) for name in ("ada", "bob", "cleo")] == [2, 2, 1]


def test_a_booking_is_changed_and_what_is_not_free_leaves_it_as_it_was(museum: Museum) -> None:
    gathering = planned(museum)
    first, second = museum.give(), museum.give()
    assert book(museum, gathering, first, 2) == "booked"
    assert book(museum, gathering, second, 1) == "booked"
    with pytest.raises(Conflict):
        book(museum, gathering, first, 3)
    assert book(museum, gathering, first, 1) == "booked"
    assert book(museum, gathering, first, 1) == "booked"  # sent twice
    assert states(museum) == [("booked", 1), ("booked", 1)]


def test_the_database_lets_no_room_be_overfilled(museum: Museum) -> None:
    gathering = planned(museum)
    first, second = museum.give(), museum.give()
    book(museum, gathering, first, 2)
    with museum.open() as session:
        pledge = _pledge(session, museum, second)
    over = Booking(gathering_id=gathering, pledge_id=pledge.id, donor_id=pledge.donor_id, state="booked", people=2)
    with pytest.raises(IntegrityError), museum.open() as session:
        session.add(over)


def test_only_the_invited_book_and_only_in_time(museum: Museum) -> None:
    reward = museum.reward()
    chosen, other = museum.give(reward), museum.give()
    gathering = planned(museum, reward_id=reward)
    assert book(museum, gathering, chosen, 1) == "booked"
    with pytest.raises(NotFound):
        book(museum, gathering, other, 1)
    hidden = planned(museum, opened=False)
    with pytest.raises(NotFound):
        book(museum, hidden, chosen, 1)
    with clock.at(clock.now() + timedelta(days=6)), pytest.raises(Conflict):
        book(museum, gathering, chosen, 2)
    with clock.at(clock.now() + timedelta(days=6)), pytest.raises(Conflict):
        give_up(museum, gathering, chosen)
    with pytest.raises(NotFound):
        give_up(museum, gathering, other)


def test_a_gift_given_back_frees_its_places(museum: Museum) -> None:
    gathering = planned(museum, capacity=1)
    first, second = museum.give(), museum.give()
    book(museum, gathering, first, 1)
    book(museum, gathering, second, 1)
    museum.give_back(first)
    museum.hear()
    assert [state for state, _people in states(museum)] == ["cancelled", "booked"]
    with pytest.raises(NotFound):
        book(museum, gathering, first, 1)


def test_it_is_cancelled_for_everybody_and_stays_so(museum: Museum) -> None:
    gathering = planned(museum, capacity=1)
    first, second = (museum.give(donor={"email": f"{name}@example.org"}) for name in ("ada", "bob"))
    book(museum, gathering, first, 1)
    book(museum, gathering, second, 1)
    with museum.open() as session:
        service.cancel_gathering(session, gathering)
    museum.hear()
    assert "N’a pas lieu" in museum.sent_to("ada@example.org")[-1].subject
    assert "N’a pas lieu" in museum.sent_to("bob@example.org")[-1].subject
    for again in (service.open_gathering, service.cancel_gathering):
        with museum.open() as session, pytest.raises(Conflict):
            again(session, gathering)
    with pytest.raises(Conflict):
        book(museum, gathering, first, 1)
    with museum.open() as session, pytest.raises(Conflict):
        service.change_gathering(session, gathering, details())


def test_a_larger_room_lets_in_who_waits_and_none_is_smaller_than_its_guests(museum: Museum) -> None:
    gathering = planned(museum, capacity=1)
    first, second = museum.give(), museum.give()
    book(museum, gathering, first, 1)
    book(museum, gathering, second, 1)
    with museum.open() as session:
        service.change_gathering(session, gathering, details(capacity=2))
    assert states(museum) == [("booked", 1), ("booked", 1)]
    with museum.open() as session, pytest.raises(Refusal):
        service.change_gathering(session, gathering, details(capacity=1))
    for wrong in ({"ends_at": clock.now()}, {"starts_at": clock.now() - timedelta(days=1)}, {"reward_id": 999_999}):
        with museum.open() as session, pytest.raises(Refusal):
            service.change_gathering(session, gathering, details(**wrong))


def test_the_invited_are_written_to_once_each_and_never_who_has_a_place(museum: Museum) -> None:
    gathering = planned(museum)
    ada = museum.give(donor={"email": "ada@example.org"})
    museum.give(donor={"email": "bob@example.org"})
    museum.give(donor={"email": None})
    book(museum, gathering, ada, 1)
    for _time in range(2):
        with museum.open() as session:
            assert service.invite(session, gathering) == 2  # bob, and one who cannot be written to
        museum.hear()
    assert len(museum.sent_to("bob@example.org")) == 1
    assert "/fr/gifts/" in museum.sent_to("bob@example.org")[0].text
    assert all("invité" not in mail.subject for mail in museum.sent_to("ada@example.org"))
    with museum.open() as session:
        hidden = service.plan_gathering(session, museum.campaign_id, details()).id
    with museum.open() as session, pytest.raises(Conflict):
        service.invite(session, hidden)
    assert len(museum.all(Gathering)) == 2


def test_a_small_group_passes_a_large_one_that_does_not_fit() -> None:
    assert first_that_fit({1: 4, 2: 1, 3: 2}, 3) == [2, 3]
    assert first_that_fit({}, 3) == []


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("4f2a 91bc", "4f2a91bc"),
        ("4F2A-91BC", "4f2a91bc"),
        ("Of2a91bc", "0f2a91bc"),
        ("4f2a91b", None),
        ("", None),
        ("\x00", None),
    ],
)
def test_a_code_is_read_as_people_type_it(typed: str, code: str | None) -> None:
    assert read_code(typed) == code
    assert code is None or read_code(written_code(code)) == code


@pytest.mark.parametrize("typed", ["", "0", "4", "-1", "²", "1e1", "9999"])
def test_a_number_of_people_is_within_its_limits(typed: str) -> None:
    with pytest.raises(Refusal):
        read_people(typed, 3)
    assert read_people("3", 3) == 3
