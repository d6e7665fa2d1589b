"""The pieces of a work at the desk: drawn, typed, divided, pasted, moved and taken away, and what holds once one is adopted."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Route
from sqlalchemy import select

from crowdfund import clock
from crowdfund.campaigns import adopting, drafts, illustration
from crowdfund.campaigns.editing import Author
from crowdfund.campaigns.models import Artwork, Campaign, Piece, Reward
from crowdfund.campaigns.pieces import take_piece
from crowdfund.campaigns.rules import CampaignState
from crowdfund.pages import views
from crowdfund.tenancy import transaction
from tests.editor.test_campaigns import Desk
from tests.factories import make_campaign, make_institution, make_picture, make_pledge, make_reward, scope
from tests.pictures import hostile

LEFT = {
    "title-new": "Aile gauche",
    "price-new": "50",
    "x-new": "10",
    "y-new": "12,5",
    "width-new": "30",
    "height-new": "40",
}


@pytest.fixture
def desk(house: Flask, app: Flask) -> Desk:
    views._cache.__init__()  # type: ignore[misc] # empties it, as a new process begins
    house.wsgi_app.forget()  # type: ignore[attr-defined] # the gate that keeps public pages
    museum = make_institution(slug="atelier", name="Atelier", code="ATE")
    with transaction(scope(museum)) as session:
        campaign = make_campaign(session, state="draft", slug="pastel", opens_at=clock.now() + timedelta(days=9))
        artwork = session.get_one(Artwork, (museum, campaign.artwork_id))
        illustration.hang(artwork, make_picture(session))
        number = campaign.id
    return Desk(app, museum, number)


def pieces(desk: Desk) -> list[Piece]:
    with transaction(scope(desk.museum)) as session:
        return list(session.scalars(select(Piece).where(Piece.campaign_id == desk.campaign).order_by(Piece.id)))


def rewards(desk: Desk) -> dict[int, tuple[int | None, str]]:
    """Give stock and state of the rewards by price."""
    with transaction(scope(desk.museum)) as session:
        found = session.scalars(select(Reward).where(Reward.campaign_id == desk.campaign))
        return {one.price_minor: (one.stock, one.state) for one in found}


def table(desk: Desk) -> dict[str, str]:
    """Read the table as the page shows it."""
    page = desk.get("pieces")
    found = re.findall(r'name="((?:title|price|shares|x|y|width|height)-\d+|revision)" value="([^"]*)"', page)
    return dict(found)


def adopt(desk: Desk, piece: Piece) -> None:
    with transaction(scope(desk.museum)) as session:
        take_piece(session, piece.reward_id, piece.id)


def test_a_piece_is_kept_where_it_was_drawn_and_its_price_makes_a_reward(desk: Desk) -> None:
    assert "Add a piece" in desk.get("pieces")
    assert desk.send("pieces/add", LEFT).status_code == 303
    [piece] = pieces(desk)
    assert (piece.title, piece.shares) == ({"fr": "Aile gauche"}, 1)
    assert (piece.x, piece.y, piece.width, piece.height) == (1000, 1250, 3000, 4000)
    assert rewards(desk) == {5000: (1, "offered")}
    page = desk.get("pieces")
    assert f'data-piece="{piece.id}"><rect x="100" y="93" width="300" height="300"/>' in page
    assert 'value="12.5"' in page
    assert desk.send("pieces/add", LEFT | {"price-new": "80", "shares-new": "3"}).status_code == 303
    assert rewards(desk) == {5000: (1, "offered"), 8000: (3, "offered")}
    assert "Pieces 1 and 2 overlap." in desk.get("pieces")
    shown = desk.get("page?lang=fr")
    assert 'class="piece-map"' in shown
    assert "Aile gauche" in shown.split('class="piece-map"')[1]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"price-new": ""}, "price-new"),
        ({"price-new": "much"}, "price-new"),
        ({"shares-new": "0"}, "shares-new"),
        ({"title-new": "x" * 121}, "title-new"),
        ({"x-new": "ten"}, "x-new"),
        ({"x-new": "1e1"}, "x-new"),
        ({"height-new": ""}, "height-new"),
        ({"width-new": "0"}, "width-new"),
        ({"x-new": "71"}, "x-new"),
        ({"y-new": "60.01"}, "y-new"),
        ({"width-new": "100.5"}, "width-new"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    desk: Desk, typed: dict[str, str], field: str
) -> None:
    answer = desk.send("pieces/add", LEFT | {"title-new": "Aile"} | typed)
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text
    assert next(iter(typed.values())) in answer.text
    assert pieces(desk) == []
    assert rewards(desk) == {}


def test_the_table_moves_names_and_prices_pieces_and_the_stock_follows(desk: Desk) -> None:
    desk.send("pieces/list", {"list": "Aile gauche; 50\nAile droite;50\nTête\t120"})
    assert [one.title["fr"] for one in pieces(desk)] == ["Aile gauche", "Aile droite", "Tête"]
    assert rewards(desk) == {5000: (2, "offered"), 12000: (1, "offered")}
    left, right, head = pieces(desk)
    form = table(desk) | {f"shares-{left.id}": "4", f"price-{right.id}": "120", f"title-{head.id}": ""}
    form |= {f"{side}-{left.id}": "25" for side in ("x", "y", "width", "height")}
    told = json.loads(desk.send("pieces", form, script=True).text)
    assert told["said"].startswith("Kept at")
    assert rewards(desk) == {5000: (4, "offered"), 12000: (2, "offered")}
    left, right, head = pieces(desk)
    assert (left.x, left.height, left.shares) == (2500, 2500, 4)
    assert (right.reward_id, right.number) == (head.reward_id, 2)
    assert "A piece of the work (fr), no. 1" in desk.get("pieces") or "no. 1" in desk.get("pieces")
    assert desk.send("pieces", table(desk) | {"remove": str(left.id)}).status_code == 303
    assert rewards(desk)[5000][1] == "draft"  # its last piece is gone
    page = desk.get("versions")
    assert "A piece: What it is called" in page
    assert desk.send("versions/1/restore").status_code == 303
    assert rewards(desk) == {5000: (2, "offered"), 12000: (1, "offered")}
    assert [one.title["fr"] for one in pieces(desk)] == ["Aile gauche", "Aile droite", "Tête"]


def test_a_picture_is_divided_and_pieces_without_a_place_come_first(desk: Desk) -> None:
    desk.send("pieces/list", {"list": "Ciel; 30"})
    assert desk.send("pieces/grid", {"columns": "3", "rows": "2"}).status_code == 422  # the others need a price
    assert desk.send("pieces/grid", {"columns": "21", "rows": ""}).status_code == 422
    assert desk.send("pieces/grid", {"columns": "3", "rows": "2", "price-grid": "30"}).status_code == 303
    found = pieces(desk)
    assert [(one.x, one.y) for one in found] == [(0, 0), (3333, 0), (6666, 0), (0, 5000), (3333, 5000), (6666, 5000)]
    assert {(one.x or 0) + (one.width or 0) for one in found if one.x == 6666} == {10_000}
    assert found[0].title == {"fr": "Ciel"}
    assert rewards(desk) == {3000: (6, "offered")}
    assert "overlap" not in desk.get("pieces")


@pytest.mark.parametrize("text", ["", "Aile", "Aile; 50\n; 50", "Aile; 50\nTête; much", "Aile; 50; 60", "Aile; -5"])
def test_a_list_with_a_wrong_line_is_not_taken_and_stays(desk: Desk, text: str) -> None:
    answer = desk.send("pieces/list", {"list": text})
    assert answer.status_code == 422
    assert 'id="e-list"' in answer.text
    assert pieces(desk) == []
    if "\n" in text:
        assert "Line 2" in answer.text
        assert "Aile; 50" in answer.text


def test_an_adopted_piece_stays_with_its_price_and_its_places(desk: Desk) -> None:
    desk.send("pieces/add", LEFT | {"shares-new": "2"})
    [piece] = pieces(desk)
    adopt(desk, piece)
    adopt(desk, piece)
    assert desk.send("pieces", table(desk) | {"remove": str(piece.id)}).status_code == 409
    assert desk.send("pieces", table(desk) | {f"price-{piece.id}": "60"}).status_code == 409
    few = desk.send("pieces", table(desk) | {f"shares-{piece.id}": "1"})
    assert few.status_code == 422
    assert f'id="e-shares-{piece.id}"' in few.text
    reward = f"reward/{piece.reward_id}"
    dearer = {"title": "x", "price_minor": "60", "fulfilment": "wall", "state": "offered", "symbolic": "1"}
    assert desk.send(reward, dearer, revision="9").status_code == 409
    assert desk.send(f"{reward}/remove").status_code == 409
    assert desk.send("pieces", table(desk) | {f"title-{piece.id}": "Aile", f"x-{piece.id}": "0"}).status_code == 303
    assert (pieces(desk)[0].title, pieces(desk)[0].x, rewards(desk)) == ({"fr": "Aile"}, 0, {5000: (2, "offered")})


def test_a_reward_takes_its_pieces_along_and_its_stock_is_theirs(desk: Desk) -> None:
    desk.send("pieces/list", {"list": "A; 50\nB; 50"})
    reward = f"reward/{pieces(desk)[0].reward_id}"
    assert "Its pieces say how many there are." in desk.get(reward)
    said = {"title": "Un os", "price_minor": "55", "fulfilment": "wall", "state": "offered", "stock": "99"}
    assert desk.send(reward, said, revision="9").status_code == 303
    assert rewards(desk) == {5500: (2, "offered")}
    assert desk.send(f"{reward}/remove").status_code == 303
    assert pieces(desk) == []
    assert desk.send("versions/2/restore").status_code == 303
    assert (len(pieces(desk)), rewards(desk)) == (2, {5500: (2, "offered")})


def test_what_a_promise_once_named_is_not_taken_away(desk: Desk) -> None:
    desk.send("pieces/add", LEFT)
    [piece] = pieces(desk)
    with transaction(scope(desk.museum)) as session:
        campaign = session.get_one(Campaign, (desk.museum, desk.campaign))
        make_pledge(session, campaign, state="expired", reward_id=piece.reward_id, piece_id=piece.id)
    answer = desk.send("pieces", table(desk) | {"remove": str(piece.id)})
    assert answer.status_code == 409
    assert "A promise names it" in answer.text
    assert len(pieces(desk)) == 1


def test_two_people_at_the_same_piece_see_both(desk: Desk) -> None:
    desk.send("pieces/list", {"list": "A; 50\nB; 50"})
    first, second = pieces(desk)
    mine, theirs = table(desk), table(desk)
    desk.send("pieces", theirs | {f"title-{first.id}": "By Léa"})
    clash = desk.send("pieces", mine | {f"title-{first.id}": "By Solène"})
    assert clash.status_code == 409
    assert "By Léa" in clash.text
    assert 'value="By Solène"' in clash.text
    assert desk.send("pieces", mine | {f"title-{second.id}": "Mine"}).status_code == 303  # another one is no clash
    assert [one.title["fr"] for one in pieces(desk)] == ["By Léa", "Mine"]


def test_an_open_campaign_asks_for_a_reason_and_the_page_leads_to_adopting(desk: Desk, client: FlaskClient) -> None:
    desk.send("pieces/list", {"list": "A; 50\nB; 50"})
    with transaction(scope(desk.museum)) as session:
        for state in (CampaignState.SCHEDULED, CampaignState.LIVE):
            campaign = session.get_one(Campaign, (desk.museum, desk.campaign))
            campaign.state, campaign.opens_at = state, clock.now() - timedelta(days=1)
            session.flush()
    grid = {"columns": "2", "rows": "1"}
    assert desk.send("pieces/grid", grid).status_code == 422
    assert desk.send("pieces/grid", grid | {"note": "Drawn at last"}).status_code == 303
    one, other = pieces(desk)
    adopt(desk, one)
    page = client.get("/fr/atelier/pastel/").text
    board = page.split('class="piece-map"')[1].split("</svg>")[0]
    assert f'mark--here" data-piece="{one.id}"' in board
    assert f"&amp;piece={other.id}" in board
    assert f"&amp;piece={one.id}" not in board
    assert page.split("</svg>", 1)[1].count(f"&amp;piece={other.id}") >= 1  # the list is equal to the picture


def test_pieces_are_drawn_on_another_picture_of_the_museum_alone(desk: Desk) -> None:
    with transaction(scope(desk.museum)) as session:
        own = make_picture(session)
    with transaction(scope(make_institution())) as session:
        foreign = make_picture(session).id
    assert desk.send("pieces/picture", picture=str(own.id)).status_code == 303
    assert f"/pictures/{own.digest}/" in desk.get("pieces").split("data-draw")[1].split("</svg>")[0]
    assert desk.send("pieces/picture", picture=str(foreign)).status_code == 404
    assert desk.send("pieces/picture", picture="").status_code == 303
    assert desk.row().pieces_image is None


def test_another_campaigns_piece_is_not_there_and_four_hundred_are_enough(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.send("pieces/list", {"list": "A; 50"})
    [piece] = pieces(desk)
    with transaction(scope(desk.museum)) as session:
        elsewhere = make_campaign(session, state="draft").id
    here, desk.campaign = desk.campaign, elsewhere
    assert desk.send("pieces", {"remove": str(piece.id)}).status_code == 404
    desk.campaign = here
    monkeypatch.setattr(adopting, "MOST_PIECES", 1)
    assert desk.send("pieces/add", LEFT).status_code == 422
    assert len(pieces(desk)) == 1


def test_a_copy_offers_the_same_pieces_and_nobody_has_adopted_them(desk: Desk) -> None:
    desk.send("pieces/list", {"list": "A; 50\nB; 80"})
    desk.send("pieces/grid", {"columns": "2", "rows": "1"})
    adopt(desk, pieces(desk)[0])
    with transaction(scope(desk.museum)) as session:
        make_reward(session, session.get_one(Campaign, (desk.museum, desk.campaign)), price_minor=6000)
        desk.campaign = drafts.copy_campaign(session, desk.campaign, "Encore", author=Author(None, "Léa")).id
    first, second = pieces(desk)
    assert [(one.title["fr"], one.x, one.claimed) for one in (first, second)] == [("A", 0, 0), ("B", 5000, 0)]
    assert rewards(desk)[5000][0] == rewards(desk)[8000][0] == 1
    assert len(rewards(desk)) == 3


@pytest.mark.browser
def test_a_piece_is_drawn_by_pointer_and_by_keyboard(desk: Desk, browser: Browser) -> None:
    photo = hostile.photo(800, 600)

    def answer(route: Route) -> None:
        asked = route.request
        path = asked.url.removeprefix("http://localhost")
        if path.startswith("/pictures/"):
            route.fulfill(body=photo, content_type="image/jpeg")
            return
        told = desk.client.open(
            path,
            method=asked.method,
            data=asked.post_data_buffer,
            content_type=asked.headers.get("content-type"),
            follow_redirects=True,
        )
        route.fulfill(status=told.status_code, headers=dict(told.headers), body=told.data)
        told.close()

    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.route("**/*", answer)
    page.goto(f"http://localhost{desk.url('pieces')}")
    box = page.locator("[data-draw] svg").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.1)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.6, steps=4)
    page.mouse.up()
    page.keyboard.type("Drawn")  # the name is asked for next
    page.keyboard.press("Tab")
    page.keyboard.type("50")
    page.keyboard.press("Enter")
    page.wait_for_selector("legend:has-text('Drawn')")
    page.focus("#title-new")
    for typed in ("Typed", "60", "1", "", "0", "70", "20", "20"):
        if typed:
            page.keyboard.press("ControlOrMeta+a")
            page.keyboard.type(typed)
        else:
            page.keyboard.press("Enter")  # the fold that holds the place opens
        page.keyboard.press("Tab")
    page.focus("#x-new")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_selector("legend:has-text('Typed')")
    page.close()
    drawn, typed_one = pieces(desk)
    assert (drawn.title, drawn.x, drawn.y, drawn.width, drawn.height) == ({"fr": "Drawn"}, 2500, 1000, 5000, 5000)
    assert (typed_one.x, typed_one.y, typed_one.width, typed_one.height) == (50, 7000, 2000, 2000)
