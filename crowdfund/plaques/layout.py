"""Set a plaque: where each line stands on each sheet, in millimetres, for the screen's picture and for print alike. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from crowdfund.errors import Refusal
from crowdfund.plaques.lettering import width
from crowdfund.plaques.rules import MOST_SHEETS, SIZES, TOO_MANY, Plan

EDGE = 0.07  # of the shorter side, left free all around
LETTER = 0.66  # of the height of a line
GUTTER = 0.8  # between columns, of the height of a line
INDENT = 0.7  # of the second line of a name
ASCENT = 0.74  # of the line: its letters stand on this height


@dataclass(frozen=True, slots=True)
class Words:
    """What stands above the names and below them, in the plaque's language."""

    museum: str
    heading: str
    caption: str
    others: str


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stay together: a name, or a heading with nothing to part it from the name after it."""

    lines: tuple[str, ...]
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A line of text: `x` and `y` of its left (or middle) end on the line its letters stand on, `size` of its letters."""

    text: str
    x: float
    y: float
    size: float
    kind: str = "name"  # name, heading, head
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a plaque."""

    width: int
    height: int
    lines: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class _Room:
    """Where names stand on a sheet: from `top` on, `rows` lines in each of `columns` columns of `wide` millimetres."""

    left: float
    top: float
    wide: float
    step: float
    rows: int


def column_width(plan: Plan) -> float:
    """Give the width of a column, in millimetres."""
    size = SIZES[plan.size]
    free = size.width - 2 * EDGE * min(size.width, size.height)
    return (free - (plan.columns - 1) * GUTTER * plan.line_mm) / plan.columns


def broken(name: str, plan: Plan) -> tuple[str, ...]:
    """Break a name into the lines of its column, at spaces; nothing when a word is wider than the column."""
    return tuple(_wrapped(name, plan.line_mm * LETTER, column_width(plan), INDENT * plan.line_mm))


def _wrapped(text: str, size: float, room: float, indent: float = 0) -> Iterator[str]:
    lines: list[str] = []
    for word in text.split():
        left = room - (indent if lines else 0)
        if lines and width(f"{lines[-1]} {word}", size) <= room - (indent if len(lines) > 1 else 0):
            lines[-1] = f"{lines[-1]} {word}"
        elif width(word, size) <= left:
            lines.append(word)
        else:
            return
    yield from lines


def lay_out(words: Words, sections: Sequence[tuple[str, Sequence[str]]], plan: Plan) -> tuple[Sheet, ...]:
    """Set the names of each section (heading, names) under the plaque's head. Raises Refusal for more sheets than fit a wall."""
    head, foot, room = _frame(words, plan)
    blocks = [block for heading, names in sections for block in _blocks(heading, names, plan)]
    sheets = list(_filled(blocks, room.rows, plan.columns))
    for fewer in range(1, room.rows):  # the columns of all sheets are of about one height
        even = list(islice(_filled(blocks, fewer, plan.columns), len(sheets) + 1))
        if len(even) == len(sheets):
            sheets = even
            break
    if len(sheets) > MOST_SHEETS:
        raise Refusal(TOO_MANY, field="size", params={"most": MOST_SHEETS})
    size = SIZES[plan.size]
    return tuple(
        Sheet(size.width, size.height, (*head, *_set(columns, room, plan), *(foot if last else ())))
        for columns, last in ((one, one is sheets[-1]) for one in sheets)
    )


def _frame(words: Words, plan: Plan) -> tuple[tuple[Placed, ...], tuple[Placed, ...], _Room]:
    """Set what stands above and below, and give the room between."""
    size, step = SIZES[plan.size], plan.line_mm
    edge = EDGE * min(size.width, size.height)
    middle, across = size.width / 2, size.width - 2 * edge
    y, head = edge, []
    for text, scale, after in ((words.museum, 1.15, 0.5), (words.heading, 1.9, 0.6), (words.caption, 1.0, 0.2)):
        letter = step * scale * LETTER
        for line in _wrapped(text, letter, across):
            head.append(Placed(line, middle, y + step * scale * ASCENT, letter, "head", centred=True))
            y += step * scale * 1.15
        y += step * after if text else 0
    top = y + step
    bottom, foot = size.height - edge, []
    for line in reversed(list(_wrapped(words.others, step * LETTER, across))):
        foot.append(Placed(line, middle, bottom - step * (1 - ASCENT), step * LETTER, "head", centred=True))
        bottom -= step
    rows = max(2, int((bottom - (step if foot else 0) - top) / step))
    return tuple(head), tuple(reversed(foot)), _Room(edge, top, column_width(plan), step, rows)


def _blocks(heading: str, names: Sequence[str], plan: Plan) -> Iterator[Block]:
    if heading and names:
        lines = tuple(_wrapped(heading, plan.line_mm * LETTER, column_width(plan))) or (heading,)
        yield Block(lines, is_heading=True)
    for name in names:
        yield Block(broken(name, plan) or (name,))


def _filled(blocks: Sequence[Block], rows: int, columns: int) -> Iterator[list[list[Block]]]:
    """Fill sheet after sheet; there is one even without a name."""
    place = 0
    while True:
        made, place = _columns(blocks, place, rows, columns)
        yield made
        if place >= len(blocks):
            return


def _columns(blocks: Sequence[Block], place: int, rows: int, columns: int) -> tuple[list[list[Block]], int]:
    """Fill the columns of one sheet from a block on; gives them, and the first block that is left."""
    made: list[list[Block]] = []
    for _column in range(columns):
        taken, used = [], 0
        while place < len(blocks):
            block = blocks[place]
            space = 1 if block.is_heading and used else 0
            needed = space + len(block.lines) + (_after(blocks, place) if block.is_heading else 0)
            if used and used + needed > rows:
                break
            taken.append(block)
            used += space + len(block.lines)
            place += 1
        made.append(taken)
    return made, place


def _after(blocks: Sequence[Block], place: int) -> int:
    """Count the lines of the name that a heading must not be parted from."""
    return len(blocks[place + 1].lines) if place + 1 < len(blocks) else 0


def _set(columns: Sequence[Sequence[Block]], room: _Room, plan: Plan) -> Iterator[Placed]:
    letter = plan.line_mm * LETTER
    for number, blocks in enumerate(columns):
        x, row = room.left + number * (room.wide + GUTTER * plan.line_mm), 0
        for block in blocks:
            row += 1 if block.is_heading and row else 0
            for place, line in enumerate(block.lines):
                indent = INDENT * plan.line_mm if place and not block.is_heading else 0
                y = room.top + (row + ASCENT) * room.step
                yield Placed(line, x + indent, y, letter, "heading" if block.is_heading else "name")
                row += 1
