"""Draw a donor's card: who, which piece, for whom, and the work on its wall. PNG, wide for links or square for phones."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from crowdfund.campaigns.art import DISPLAY, DOT_ON_WALL, ON_WALL, ON_WALL_2, UI, bare, dithered, hang, paint_wall
from crowdfund.gifts.cards import DonorCard
from crowdfund.i18n import gettext, money
from crowdfund.reach.share import FINE, Pen, fitted, png
from crowdfund.reach.view import Appeal

SHAPES = {"wide": (1200, 630), "square": (1080, 1080)}
LEADING = 1.06


@dataclass(frozen=True, slots=True)
class Words:
    """What the card says, line by line; empty lines are left out."""

    head: str
    dedication: str
    amount: str
    work: str

    @property
    def sentence(self) -> str:
        """Say it in one line, for those who do not see it."""
        return ". ".join(line for line in (self.head, self.dedication, self.amount, self.work) if line)


def words_of(card: DonorCard, appeal: Appeal) -> Words:
    """Write a card in the page's language."""
    dedication = ""
    if card.dedication == "honour":
        dedication = gettext("In honour of %(name)s", name=card.dedicated_to)
    elif card.dedication == "memory":
        dedication = gettext("In memory of %(name)s", name=card.dedicated_to)
    amount = gettext("With a gift of %(amount)s", amount=money(card.amount)) if card.amount else ""
    return Words(_head(card), dedication, amount, appeal.title)


def _head(card: DonorCard) -> str:
    if card.name and card.piece:
        return gettext("%(name)s has adopted: %(piece)s", name=card.name, piece=card.piece)
    if card.piece:
        return gettext("Adopted: %(piece)s", piece=card.piece)
    return (
        gettext("%(name)s is buying it with others", name=card.name)
        if card.name
        else gettext("I am buying it with others")
    )


def drawn(words: Words, appeal: Appeal, platform: str, shape: str) -> bytes:
    """Draw the card in a shape."""
    width, height = SHAPES[shape]
    image = paint_wall((width, height), appeal.wall)
    text = _hang_wide(image, appeal) if shape == "wide" else _hang_square(image, appeal)
    fine = image.resize((width * FINE, height * FINE), Image.Resampling.BICUBIC)
    pen = Pen(fine, FINE)
    left, top, right, bottom = text
    y = top
    pen.write((left, y), appeal.museum.name, UI, 25, ON_WALL_2, width=right - left)
    y += 46
    lines, size = fitted(words.head, right - left, (68, 60, 52, 46, 40, 34))
    for line in lines:
        pen.write((left - 2, y), line, DISPLAY, size, ON_WALL)
        y += round(size * LEADING)
    y += 18
    for line in filter(None, (words.dedication, words.amount)):
        pen.write((left, y), line, DISPLAY, 32, ON_WALL, width=right - left)
        y += 42
    pen.write((left, y + 6), words.work, UI, 25, ON_WALL_2, width=right - left)
    pen.write((left, bottom - 34), platform, DISPLAY, 32, ON_WALL)
    pen.dot((left + pen.width_of(platform, DISPLAY, 32) + 8, bottom - 28), 6, DOT_ON_WALL)
    return png(dithered(fine.resize((width, height), Image.Resampling.LANCZOS)))


def _hang_wide(image: Image.Image, appeal: Appeal) -> tuple[int, int, int, int]:
    framed = appeal.picture.hanging == "framed" or bare(appeal.picture)
    hang(image, appeal.picture, (660, 70, 1140, 560) if framed else (640, 60, 1170, 600))
    return 60, 96, 610, 576


def _hang_square(image: Image.Image, appeal: Appeal) -> tuple[int, int, int, int]:
    hang(image, appeal.picture, (150, 70, 930, 590))
    return 70, 640, 1010, 1030
