"""A donor's card: made at their wish, telling what the wall tells, gone when they want it gone."""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, update

from crowdfund.errors import Conflict
from crowdfund.gifts import cards
from crowdfund.gifts.models import Gift
from crowdfund.links import digest, token_for
from crowdfund.me import erasure
from crowdfund.pages import views
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import transaction
from tests.payments.conftest import Scene
from tests.payments.test_give import hidden


@pytest.fixture
def token(scene: Scene) -> str:
    """Give the token of a paid gift of 50 by somebody on the wall, in memory of Jean."""
    views._cache.__init__()  # type: ignore[misc]
    scene.app.wsgi_app.forget()  # type: ignore[attr-defined]
    attempt = uuid4()
    made = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(attempt))
    scene.given(
        attempt=attempt, token_hash=digest(made), wall="short", dedication_kind="memory", dedication_name="Jean"
    )
    return made


@pytest.fixture
def client(scene: Scene) -> FlaskClient:
    return scene.app.test_client()


def send(client: FlaskClient, token: str, **form: str) -> Any:
    page = client.get(f"/en/gifts/{token}").text
    return client.post(f"/en/gifts/{token}/share", data={"csrf_token": hidden(page)["csrf_token"]} | form)


def own(scene: Scene) -> str:
    with transaction(scene.scope) as session:
        return cards.card_token(session.scalars(select(Pledge)).one())


def test_nothing_is_public_before_the_donor_makes_it(client: FlaskClient, scene: Scene, token: str) -> None:
    assert "Make my card" in client.get(f"/en/gifts/{token}").text
    assert client.get(f"/en/cards/{own(scene)}").status_code == 404
    assert client.get(f"/share/gifts/{own(scene)}.wide.en.png").status_code == 404


def test_a_card_tells_name_and_dedication_and_no_amount(client: FlaskClient, scene: Scene, token: str) -> None:
    assert send(client, token, act="make").status_code == 303
    card = own(scene)
    assert card != token
    page = client.get(f"/en/cards/{card}")
    assert page.status_code == 200
    assert "Camille R. is buying it with others" in page.text
    assert "In memory of Jean" in page.text
    assert "€" not in page.text
    assert token not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in page.headers
    for shape, size in (("wide", (1200, 630)), ("square", (1080, 1080))):
        picture = client.get(f"/share/gifts/{card}.{shape}.fr.png")
        assert picture.mimetype == "image/png"
        assert Image.open(io.BytesIO(picture.data)).size == size
        assert picture.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    saved = client.get(f"/share/gifts/{card}.square.fr.png?download=1")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert f"/en/cards/{card}" in client.get(f"/en/gifts/{token}").text


def test_the_amount_is_told_only_when_asked_for(client: FlaskClient, scene: Scene, token: str) -> None:
    send(client, token, act="make", show_amount="1")
    assert "With a gift of €50" in client.get(f"/en/cards/{own(scene)}").text
    send(client, token, act="make")
    assert "€50" not in client.get(f"/en/cards/{own(scene)}").text


def test_who_became_anonymous_is_not_named(client: FlaskClient, scene: Scene, token: str) -> None:
    send(client, token, act="make")
    with transaction(scene.scope) as session:
        session.execute(update(Pledge).values(wall="anonymous"))
    page = client.get(f"/en/cards/{own(scene)}").text
    assert "Camille" not in page
    assert "I am buying it with others" in page


@pytest.mark.parametrize("how", ["taken down", "refunded", "erased"])
def test_a_card_is_gone_at_once(client: FlaskClient, scene: Scene, token: str, how: str) -> None:
    send(client, token, act="make")
    card = own(scene)
    if how == "taken down":
        send(client, token, act="take_down")
    with transaction(scene.scope) as session:
        if how == "refunded":
            session.execute(update(Gift).values(state="refunded"))
        if how == "erased":
            erasure._take_down(session, session.scalars(select(Pledge)).one())
    assert client.get(f"/en/cards/{card}").status_code == 404
    assert client.get(f"/share/gifts/{card}.wide.en.png").status_code == 404


def test_a_forged_form_makes_nothing(client: FlaskClient, scene: Scene, token: str) -> None:
    assert client.post(f"/en/gifts/{token}/share", data={"csrf_token": "forged", "act": "make"}).status_code == 422
    assert client.post(f"/en/gifts/{token[:-1]}!/share", data={"act": "make"}).status_code == 404
    assert client.get(f"/en/cards/{token}").status_code == 404  # the gift's own token opens no card


def test_an_unpaid_gift_has_no_card(client: FlaskClient, scene: Scene) -> None:
    attempt = uuid4()
    made = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(attempt))
    scene.pledge(attempt=attempt, token_hash=digest(made))
    page = client.get(f"/en/gifts/{made}").text
    assert "Make my card" not in page
    with transaction(scene.scope) as session:
        number = session.scalars(select(Pledge.id)).one()
    with transaction(scene.scope) as session, pytest.raises(Conflict):
        cards.make_card(session, number, show_amount=False)
