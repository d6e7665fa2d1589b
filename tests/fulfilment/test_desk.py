"""At the desk: what is owed, marked one by one and together, undone; labels, lists and what it comes to."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
from pypdf import PdfReader
from sqlalchemy import event

from crowdfund import clock
from crowdfund.fulfilment import finding
from crowdfund.fulfilment.models import Counterpart
from crowdfund.fulfilment.queries import liability
from crowdfund.fulfilment.rules import CounterpartState
from crowdfund.fulfilment.service import mark
from crowdfund.fulfilment.tables import plain, table
from crowdfund.money import Money
from tests.after import Museum


def _owed(museum: Museum, *names: str, **reward: object) -> tuple[int, list[int]]:
    made = museum.reward(**reward)
    for name in names:
        museum.give(made, donor={"first_name": name, "last_name": "Rey"})
    museum.hear()
    return made, [one.id for one in museum.all(Counterpart) if one.reward_id == made]


def test_what_is_owed_is_shown_by_reward_and_campaign(museum: Museum) -> None:
    desk = museum.desk()
    assert "Nobody has chosen it yet" not in desk.get("rewards").text
    reward, [first, second] = _owed(museum, "Ada", "Bob")
    _owed(museum, "Cleo", symbolic=True, fulfilment="wall", position=2)
    with museum.open() as session:
        mark(session, reward, [first], CounterpartState.HANDED_OVER, uuid4())
    assert 'class="side-n"' not in desk.get("rewards").text  # its time has not come
    with museum.open() as session:
        mark(session, reward, [second], CounterpartState.READY, uuid4())
    page = desk.get("rewards").text
    assert "1 of 2 given" in page
    assert "1 of 1 given" in page  # the wall's, by itself
    assert "Nothing to do" in page
    assert "€8" in page
    assert 'class="side-n">1<' in page


def test_rewards_of_all_campaigns_are_found_by_name_title_and_state(
    museum: Museum, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = museum.desk()
    _owed(museum, "Ada", "Bob", title={"en": "The swallow card"})
    other, [cleo] = _owed(museum, "Cleo", title={"en": "The evening"}, position=2)
    with museum.open() as session:
        mark(session, other, [cleo], CounterpartState.HANDED_OVER, uuid4())

    def names(query: str) -> list[str]:
        page = desk.get(f"rewards/find?{query}")
        assert page.status_code == 200
        return [name for name in ("Ada Rey", "Bob Rey", "Cleo Rey") if f">{name}</a>" in page.text]

    assert names("") == ["Ada Rey", "Bob Rey"]  # what is still owed
    assert names("q=rey&state=all") == ["Ada Rey", "Bob Rey", "Cleo Rey"]
    assert names("q=ad") == ["Ada Rey"]
    assert names("q=SWALLOW&state=all") == ["Ada Rey", "Bob Rey"]
    assert names("q=evening&state=handed_over") == ["Cleo Rey"]
    assert names("q=%00&state=nonsense") == ["Ada Rey", "Bob Rey"]
    assert "No reward is found" in desk.get("rewards/find?q=nobody").text
    monkeypatch.setattr(finding, "PAGE", 1)
    first = desk.get("rewards/find?q=rey").text
    assert "Bob Rey" in first
    following = re.search(r'rel="next" href="[^"]*(find[^"]*)"', first)
    assert following is not None
    assert names(unescape(following[1]).partition("?")[2]) == ["Ada Rey"]


def test_rows_are_marked_undone_and_a_form_sent_twice_marks_once(museum: Museum) -> None:
    reward, ids = _owed(museum, "Ada", "Bob")
    desk, act = museum.desk("desk"), str(uuid4())
    for _time in range(2):
        answer = desk.post(f"rewards/{reward}/mark", rows=ids, state="handed_over", act=act, tab="owed")
        assert answer.status_code == 303
    shown = desk.client.get(answer.location)
    assert "Nothing is owed here" in shown.text
    assert [one.state for one in museum.all(Counterpart)] == ["handed_over"] * 2
    assert desk.post(f"rewards/{reward}/undo", act=act).status_code == 303
    assert [one.state for one in museum.all(Counterpart)] == ["promised"] * 2
    assert desk.post(f"rewards/{reward}/undo", act=act).status_code == 409
    assert desk.post(f"rewards/{reward}/undo", act="x").status_code == 409


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"state": "handed_over"}, "Choose at least one row."),
        ({"state": "impossible", "rows": "own"}, "Say why: the donor may ask."),
        ({"rows": "own"}, "Say what became of them."),
        ({"rows": "own", "state": "cancelled"}, "Choose one of the answers shown."),
        ({"rows": "own", "state": "ready", "act": "x"}, "This page is too old"),
        ({"rows": "own", "state": "waived", "note": "x" * 301}, "This is too long"),
    ],
)
def test_what_is_missing_is_said_and_the_choice_is_kept(museum: Museum, form: dict[str, str], said: str) -> None:
    reward, [one] = _owed(museum, "Ada")
    rows = {"rows": [one]} if form.pop("rows", "") else {}
    answer = museum.desk().post(f"rewards/{reward}/mark", **{"act": str(uuid4())} | form | rows)
    assert answer.status_code == 422
    assert said in answer.text
    assert (f'value="{one}" checked' in answer.text) is bool(rows)
    assert museum.all(Counterpart)[0].state == "promised"


def test_only_those_who_serve_may_mark_and_only_what_is_there(museum: Museum) -> None:
    reward, [one] = _owed(museum, "Ada")
    sent = {"rows": [one], "state": "ready", "act": str(uuid4())}
    assert museum.desk("auditor").post(f"rewards/{reward}/mark", **sent).status_code == 403
    assert "Mark what is chosen" not in museum.desk("auditor").get(f"rewards/{reward}").text
    assert museum.desk("curator").get("rewards").status_code == 403
    desk = museum.desk()
    assert desk.post(f"rewards/{reward + 99}/mark", **sent).status_code == 404
    assert desk.post(f"rewards/{reward}/mark", **sent | {"rows": [one + 99]}).status_code == 404
    assert desk.get(f"rewards/{reward + 99}").status_code == 404
    museum.give_back(museum.all(Counterpart)[0].gift_id)
    museum.hear()
    assert desk.post(f"rewards/{reward}/mark", **sent).status_code == 409


def test_a_name_is_found_and_a_long_list_has_pages(museum: Museum, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdfund.fulfilment.queries.PAGE", 2)
    reward, ids = _owed(museum, "Ada", "Bob", "Cleo")
    desk = museum.desk()
    page = desk.get(f"rewards/{reward}").text
    assert ("Bob Rey" in page, "Cleo Rey" in page) == (True, False)
    assert f"after={ids[1]}" in page
    assert "Cleo Rey" in desk.get(f"rewards/{reward}?after={ids[1]}").text
    assert "Cleo Rey" in desk.get(f"rewards/{reward}?q=cleo").text
    assert "Nobody by this name" in desk.get(f"rewards/{reward}?q=%25").text


def test_the_list_takes_as_many_statements_however_long_it_is(museum: Museum) -> None:
    reward, _ids = _owed(museum, "Ada")
    desk, counts = museum.desk(), []
    engine = museum.app.extensions["database"].engine
    for _turn in range(2):
        seen: list[str] = []
        listener = lambda *args, seen=seen: seen.append(args[2])  # noqa: E731 - counts
        event.listen(engine, "before_cursor_execute", listener)
        assert desk.get(f"rewards/{reward}").status_code == 200
        event.remove(engine, "before_cursor_execute", listener)
        counts.append(len(seen))
        for name in ("Bob", "Cleo"):
            museum.give(reward, donor={"first_name": name})
        museum.hear()
    assert counts[0] == counts[1]


def test_labels_are_printed_on_sheets_of_twenty_one(museum: Museum) -> None:
    reward = museum.reward()
    museum.give(reward, donor={"first_name": "Ada", "last_name": "Rey"})
    museum.give(
        reward, donor={"first_name": "Bo", "last_name": "Li", "country": "CH", "city": "Genève", "postcode": "1200"}
    )
    museum.give(reward, donor={"first_name": "Lost", "address_line": None})
    museum.hear()
    desk = museum.desk()
    for path in (f"rewards/{reward}/labels.pdf?used=20", "rewards/labels.pdf?used=20"):
        answer = desk.get(path)
        assert answer.mimetype == "application/pdf"
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages]
        assert len(pages) == 2
        assert sum("Ada Rey" in page for page in pages) == 1
        assert sum("Bo Li" in page and "SWITZERLAND" in page for page in pages) == 1
        assert "Lost" not in "".join(pages)
    empty = museum.reward(position=2)
    assert desk.get(f"rewards/{empty}/labels.pdf").status_code == 404


def test_tables_hold_names_as_typed_and_no_formula(museum: Museum) -> None:
    reward = museum.reward(fulfilment="wall")
    museum.give(reward, wall="other", wall_name="=SUM(A1)  les Rey", dedication_name="Jean", dedication_kind="memory")
    museum.hear()
    desk = museum.desk()
    engraving = desk.get(f"rewards/{reward}/engraving.csv")
    assert engraving.mimetype == "text/csv"
    assert "'=SUM(A1)  les Rey;Jean" in engraving.get_data(as_text=True)
    assert "8 rue des Tanneurs, 73000 Chambéry" in desk.get(f"rewards/{reward}/list.csv").get_data(as_text=True)
    assert table(["a"], [["é;"]]) == b'\xef\xbb\xbfa\r\n"\xc3\xa9;"\r\n'
    assert [plain(one) for one in ("+1", "@x", "ok", 3)] == ["'+1", "'@x", "ok", "3"]


def test_what_was_owed_on_a_day_is_told_from_the_steps(museum: Museum) -> None:
    now = datetime(2026, 11, 10, 12, tzinfo=UTC)
    with clock.at(now):
        reward, [one, _two] = _owed(museum, "Ada", "Bob")
    with clock.at(now + timedelta(days=2)), museum.open() as session:
        mark(session, reward, [one], CounterpartState.HANDED_OVER, uuid4())
    with museum.open() as session:
        days = [liability(session, (now + timedelta(days=n)).date(), "Europe/Paris", "fr") for n in (-1, 0, 1, 2)]
    assert [sum(line.count for line in day.lines) for day in days] == [0, 2, 2, 1]
    assert days[1].sums == (Money(1600, "EUR"),)
    desk = museum.desk()
    assert "€16.00" in desk.get("rewards/liability?on=2026-11-11").text
    assert "2026-11-11;Title (en);Print (en);2;16.00;EUR" in desk.get("rewards/liability.csv?on=2026-11-11").get_data(
        as_text=True
    )
    assert "Nothing was owed" in desk.get("rewards/liability?on=2026-11-09").text
    wrong = desk.get("rewards/liability?on=yesterday")
    assert (wrong.status_code, "Write the day like this" in wrong.text) == (422, True)


def test_those_who_wait_are_written_to_from_the_page(museum: Museum) -> None:
    reward, ids = _owed(museum, "Ada", fulfilment="pick_up")
    desk = museum.desk()
    assert desk.post(f"rewards/{reward}/remind").status_code == 409
    desk.post(f"rewards/{reward}/mark", rows=ids, state="ready", act=str(uuid4()))
    answer = desk.post(f"rewards/{reward}/remind")
    assert "1 donor is being written to." in desk.client.get(answer.location).text
    museum.hear()
    assert len(museum.mailer.sent) == 1
