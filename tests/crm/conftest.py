"""A museum, its owner at the desk, and a hand that sends the forms of a donor's record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from crowdfund.institutions.rules import Role
from crowdfund.tenancy import transaction
from tests.desk import enter, form_token, make_colleague
from tests.factories import make_institution, scope


@pytest.fixture
def museum(app: Flask) -> int:
    return make_institution(slug="arvieres", name="Musée d’Arvières")


@pytest.fixture
def client(app: Flask, museum: int) -> FlaskClient:
    return enter(app, make_colleague(museum, Role.OWNER, "owner@arvieres.example"))


@pytest.fixture
def post(client: FlaskClient) -> Callable[..., Any]:
    token = form_token(client, "/account/")
    return lambda path, **data: client.post(f"/staff/arvieres/donors{path}", data={"csrf_token": token, **data})


@contextmanager
def opened(museum: int) -> Iterator[Session]:
    with transaction(scope(museum)) as session:
        yield session
