"""Codes, steps and names of ways, and QR codes as readers see them."""

from __future__ import annotations

import io

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from crowdfund import qr
from crowdfund.ambassadors.rules import ALPHABET, DRAWN
from crowdfund.reach.rules import draw_code, museum_of_code, museum_prefix, step_of, way_of


@given(st.integers(0, len(ALPHABET) ** 3 - 1))
def test_a_code_tells_its_museum(number: int) -> None:
    code = draw_code(number)
    assert museum_of_code(code) == number
    assert museum_of_code(code.upper()) == number
    assert len(code) == len(museum_prefix(number)) + DRAWN


def test_no_sign_of_a_code_looks_like_another() -> None:
    assert not set(ALPHABET) & set("0o1il5s2z8bguvae")


@pytest.mark.parametrize("typed", ["", "t6k", "3" * 40, "\x00", "t6k4!", "é6k4x", "null", "-1", "ooooo"])
def test_what_cannot_be_a_code_names_no_museum(typed: str) -> None:
    assert museum_of_code(typed) is None


@pytest.mark.parametrize(
    ("percent", "step"), [(0, 0), (4, 0), (5, 5), (68, 65), (99, 95), (100, 100), (101, 105), (149, 105), (150, 155)]
)
def test_a_picture_is_drawn_anew_at_each_step(percent: int, step: int) -> None:
    assert step_of(percent) == step


@pytest.mark.parametrize(
    ("name", "way"),
    [("Arrêt Préfecture", "arret-prefecture"), ("  Hall  ", "hall"), ("???", ""), ("a" * 100, "a" * 40)],
)
def test_a_way_is_named_by_its_place(name: str, way: str) -> None:
    assert way_of(name) == way


def test_a_reader_reads_the_code_on_paper() -> None:
    image = Image.open(io.BytesIO(qr.png("https://cimaise.example/c/t6k4x?c=hall"))).convert("L")
    [found] = zxingcpp.read_barcodes(image)
    assert (found.text, found.ec_level) == ("https://cimaise.example/c/t6k4x?c=hall", "Q")


def test_a_reader_reads_the_code_on_a_screen() -> None:
    drawn = qr.draw("https://cimaise.example/fr/arvieres/hirondelles/?c=screen")
    image = Image.new("L", (drawn.size * 8, drawn.size * 8), 255)
    pen = ImageDraw.Draw(image)
    for run in drawn.path.removeprefix("M").split("M"):
        start, _, rest = run.partition("h")
        x, y = (int(one) for one in start.split())
        pen.rectangle((x * 8, y * 8, (x + int(rest.partition("v")[0])) * 8 - 1, y * 8 + 7), fill=0)
    [found] = zxingcpp.read_barcodes(image)
    assert found.text == "https://cimaise.example/fr/arvieres/hirondelles/?c=screen"
