"""Draw what others show of a campaign: the picture under a shared link, and the small total for a museum's own site.

Both are drawn from the same values as the page, in its language; the shared picture anew at each step of 5 %.
"""

from __future__ import annotations

import io
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from PIL import Image, ImageDraw

from crowdfund.campaigns.art import (
    CARD,
    DISPLAY,
    DOT,
    DOT_ON_WALL,
    INK,
    INK_2,
    INK_3,
    ON_WALL,
    ON_WALL_2,
    RING,
    TRACK,
    UI,
    UI_BOLD,
    bare,
    dithered,
    font,
    hang,
    paint_wall,
)
from crowdfund.i18n import current_locale
from crowdfund.reach.rules import step_of
from crowdfund.reach.view import Appeal

WIDTH, HEIGHT = 1200, 630
TOTAL_WIDTH, TOTAL_HEIGHT = 360, 110  # in the page's pixels; drawn with twice as many
FINE = 2  # drawn larger and brought down, so that circles are round
END = 0.965  # where the dot comes to rest
MOST_LINES = 3
SPACES = re.compile("([ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}])")
KEPT = 60  # some 15 MB


class Kept:
    """The pictures drawn last, by what they show."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._guard = threading.Lock()
        self._drawing: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, draw: Callable[[], bytes]) -> bytes:
        """Give a picture; one request draws what is not there, the others wait for it."""
        with self._guard:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
            drawing = self._drawing.setdefault(key, threading.Lock())
        with drawing:
            with self._guard:
                found = self._kept.get(key)
            if found is None:
                found = draw()
            with self._guard:
                self._kept[key] = found
                self._drawing.pop(key, None)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return found


def version_of(appeal: Appeal) -> str:
    """Name the state a shared picture shows: the phase while it tells more than the sum, the step, the texts' version."""
    phase = "" if appeal.phase == "live" else appeal.phase[0]
    return f"{phase}{step_of(appeal.progress.percent)}-{appeal.version}"


def key_of(appeal: Appeal) -> Hashable:
    """Tell when two shared pictures are the same."""
    return current_locale(), appeal.path, version_of(appeal)


def shared_picture(appeal: Appeal, platform: str) -> bytes:
    """Draw the picture under a shared link: PNG, 1200 by 630."""
    image = paint_wall((WIDTH, HEIGHT), appeal.wall)
    framed = appeal.picture.hanging == "framed"
    hang(image, appeal.picture, (612, 70, 1140, 560) if framed or bare(appeal.picture) else (585, 40, 1190, 612))
    fine = image.resize((WIDTH * FINE, HEIGHT * FINE), Image.Resampling.BICUBIC)
    pen = Pen(fine, FINE)
    title, size = fitted(appeal.title, 492, (74, 64, 56, 48, 42))
    label = 174 if appeal.shows_bar else 128
    block = 40 + len(title) * round(size * 1.04) + 34 + label + 24 + 40
    y = max(34, (HEIGHT - block) // 2)
    pen.write((60, y), appeal.museum.name, UI, 25, ON_WALL_2, width=500)
    y += 44
    for line in title:
        pen.write((58, y), line, DISPLAY, size, ON_WALL)
        y += round(size * 1.04)
    y += 28
    _label(pen, appeal, (60, y, 552, y + label))
    pen.write((60, y + label + 18), platform, DISPLAY, 32, ON_WALL)
    end = 60 + pen.width_of(platform, DISPLAY, 32)
    pen.dot((end + 8, y + label + 24), 6, DOT_ON_WALL)
    return png(dithered(fine.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)))


def _label(pen: Pen, appeal: Appeal, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    pen.card(box)
    x = left + 29
    if appeal.phase == "succeeded":
        pen.dot((x + 11, top + 50), 11, DOT)
        x += 36
    size = next((s for s in (55, 46, 40, 34, 29) if pen.width_of(appeal.headline, DISPLAY, s) <= right - x - 24), 26)
    pen.write((x, top + 24 + (55 - size) // 2), appeal.headline, DISPLAY, size, INK)
    pen.write((left + 29, top + 92), appeal.line, UI, 21, INK_2, width=right - left - 54)
    if appeal.shows_bar:
        pen.bar((left + 29, bottom - 36, right - 32), appeal)


def small_total(appeal: Appeal, platform: str) -> bytes:
    """Draw the total for a site that takes a picture and nothing else: PNG, 720 by 220, shown at half its size."""
    fine = Image.new("RGB", (TOTAL_WIDTH * FINE, TOTAL_HEIGHT * FINE), CARD)
    pen = Pen(fine, FINE)
    ImageDraw.Draw(fine).rectangle((0, 0, fine.width - 1, fine.height - 1), outline=TRACK, width=FINE)
    [title], size = fitted(appeal.title, 328, (19, 17, 15, 13), lines=1)
    pen.write((16, 10), title, DISPLAY, size, INK)
    width = pen.width_of(appeal.headline, UI_BOLD, 16)
    pen.write((16, 42), appeal.headline, UI_BOLD, 16, INK)
    days = appeal.days_in_words
    room = 344 - pen.width_of(days, UI, 13) - (16 + width + 6) - 8
    if pen.width_of(appeal.line, UI, 13) <= room:
        pen.write((16 + width + 6, 44), appeal.line, UI, 13, INK_2)
        rest = ""
    else:
        rest = appeal.line
    pen.write((344 - pen.width_of(days, UI, 13), 44), days, UI, 13, INK_2)
    if appeal.shows_bar:
        pen.bar((16, 74, 344), appeal, thin=True)
    pen.write((16, 90), rest or appeal.museum.name, UI, 11, INK_3, width=250)
    name = pen.width_of(platform, DISPLAY, 13)
    pen.write((336 - name, 88), platform, DISPLAY, 13, INK_2)
    pen.dot((341, 92), 2.5, DOT)
    return png(fine)


class Pen:
    """Writes and draws on a picture that has `fine` times as many pixels as its measures say."""

    def __init__(self, image: Image.Image, fine: int) -> None:
        self._image, self._fine = image, fine
        self._draw = ImageDraw.Draw(image)

    def width_of(self, text: str, name: str, size: int) -> int:
        """Measure a line."""
        return round(measure(text, name, size * self._fine) / self._fine)

    def write(
        self, at: tuple[int, int], text: str, name: str, size: int, colour: tuple[int, int, int], width: int = 0
    ) -> None:
        """Write a line; with a `width`, as small as it needs to be for it."""
        while width and size > 8 and self.width_of(text, name, size) > width:
            size -= 1
        face, x, y = font(name, size * self._fine), float(at[0] * self._fine), at[1] * self._fine
        for part in SPACES.split(text):
            self._draw.text((x, y), part, colour, font=face)
            x += face.getlength(part)

    def dot(self, middle: tuple[float, float], radius: float, colour: tuple[int, int, int]) -> None:
        """Draw a full circle."""
        x, y = middle
        box = [round(one * self._fine) for one in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse((box[0], box[1], box[2], box[3]), fill=colour)

    def card(self, box: tuple[int, int, int, int]) -> None:
        """Cut a label."""
        fine = self._fine
        left, top, right, bottom = (one * fine for one in box)
        self._draw.rounded_rectangle((left, top, right, bottom), 2 * fine, fill=CARD)

    def bar(self, place: tuple[int, int, int], appeal: Appeal, *, thin: bool = False) -> None:
        """Draw the progress: a track, what has come, the dot at its head, the ring it is on its way to."""
        left, y, right = place
        half, head, ring = (2, 5, 6) if thin else (4, 9, 10)
        full = left + (right - left) * END
        goal = appeal.progress.goal
        share = min(1.0, appeal.progress.raised.minor / goal.minor) if goal else 0.0
        here = left + (right - left) * END * share
        self._line(left, y, right, half, TRACK)
        if not appeal.progress.reached:
            self._ring((full, y), ring)
        self._line(left, y, here, half, DOT)
        self.dot((here, y), head + 2, CARD)
        self.dot((here, y), head + (1 if appeal.progress.reached else 0), DOT)

    def _line(self, left: float, y: int, right: float, half: int, colour: tuple[int, int, int]) -> None:
        fine = self._fine
        self._draw.rounded_rectangle(
            (round(left * fine), (y - half) * fine, round(right * fine), (y + half) * fine), half * fine, fill=colour
        )

    def _ring(self, middle: tuple[float, float], radius: int) -> None:
        fine = self._fine
        x, y = (one * fine for one in middle)
        box = (x - radius * fine, y - radius * fine, x + radius * fine, y + radius * fine)
        self._draw.ellipse(box, fill=CARD)
        for start in range(0, 360, 30):
            self._draw.arc(box, start, start + 17, fill=RING, width=round(1.5 * fine))


def measure(text: str, name: str, size: int) -> float:
    """Measure a line in pixels. Words stand apart as browsers set them: fonts would pull a figure to the space before it."""
    face = font(name, size)
    return sum(face.getlength(part) for part in SPACES.split(text))


def fitted(text: str, width: int, sizes: tuple[int, ...], lines: int = MOST_LINES) -> tuple[list[str], int]:
    """Break a text into lines of a width, in the largest size that needs no more than `lines`; the last is cut."""
    for size in sizes:
        found = _broken(text, width, size)
        if len(found) <= lines and all(measure(line, DISPLAY, size) <= width for line in found):
            return _balanced(text, width, size, found), size
    cut = _broken(text, width, sizes[-1])[:lines]
    while cut[-1] and measure(f"{cut[-1]}…", DISPLAY, sizes[-1]) > width:
        cut[-1] = cut[-1][:-1].rstrip()
    return [*cut[:-1], f"{cut[-1]}…"], sizes[-1]


def _balanced(text: str, width: int, size: int, found: list[str]) -> list[str]:
    """Make the lines as even as they can be without one more of them."""
    for narrower in range(width, width // 3, -12):
        tried = _broken(text, narrower, size)
        if len(tried) > len(found) or any(measure(line, DISPLAY, size) > width for line in tried):
            break
        found = tried
    return found


def _broken(text: str, width: int, size: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and measure(longer, DISPLAY, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def png(image: Image.Image) -> bytes:
    """Write a picture as PNG."""
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()
