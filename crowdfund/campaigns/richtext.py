"""The story as a museum writes it (Markdown, or plain HTML), and as a page may show it.

A story is a list of blocks: cleaned text beside its source and the cleaner's version, quotations, pictures. What a cleaner of another
version has cleaned is cleaned again from its source. Here, and nowhere else, a museum's text becomes markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from crowdfund.errors import Refusal
from crowdfund.i18n import N_

LONGEST = 60_000  # characters: nesting costs a cleaner time that grows with its square
DEEPEST = 100
MOST_MARKS = 6_000
TAGS = set("a b blockquote br em h3 h4 hr i li ol p strong ul sub sup".split())
SCHEMES = {"http", "https", "mailto"}
CLEANER = f"nh3 {version('nh3')}, 1"

TOO_LONG = N_("This story is longer than 60,000 signs.")
TOO_DEEP = N_("This text is nested too deeply. Paste it again as plain text.")

_FIGURE = re.compile(r"\[picture:([0-9]{1,18})(?: ([^\[\]]{0,300}))?\]")
_VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
_OPENED = re.compile(rf"<(/?)(?!(?:{_VOID})\b)[a-zA-Z][^<>]*(?<!/)>")
_markdown = MarkdownIt("commonmark", {"html": True, "maxNesting": 40}).disable(["image", "code", "fence"])

Block = dict[str, Any]


def blocks_of(source: str) -> list[Block]:
    """Turn a story's source into blocks. Raises Refusal for one that is too long or nested too deeply."""
    if len(source) > LONGEST:
        raise Refusal(TOO_LONG, field="story")
    if sum(source.count(mark) for mark in "[*_<") > MOST_MARKS:  # unfinished ones cost a parser their square
        raise Refusal(TOO_DEEP, field="story")
    return list(_blocks(source.replace("\r\n", "\n")))


def source_of(blocks: Iterable[Mapping[str, Any]]) -> str:
    """Give back the source of a story, of one that was written in blocks too."""
    return "\n\n".join(_written(block) for block in blocks)


def pictures_in(blocks: Iterable[Mapping[str, Any]]) -> list[int]:
    """List the pictures that a story shows."""
    return [int(block["picture"]) for block in blocks if block.get("kind") == "figure"]


def shown(block: Mapping[str, Any]) -> Markup:
    """Give a block's text for a page."""
    text = block["text"] if block.get("cleaner") == CLEANER else clean(block["source"])
    return Markup(text)  # noqa: S704 - cleaned by nh3 a line above, or when it was kept


def clean(source: str) -> str:
    """Write Markdown as HTML of a few harmless tags. Raises Refusal for what is nested too deeply."""
    tokens = _markdown.parse(source)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:  # the page's own headings stand above
            token.tag = "h4" if token.tag not in {"h1", "h2"} else "h3"
    written = _markdown.renderer.render(tokens, _markdown.options, {})
    if _depth(written) > DEEPEST:
        raise Refusal(TOO_DEEP, field="story")
    return nh3.clean(
        written, tags=TAGS, attributes={"a": {"href"}}, url_schemes=SCHEMES, link_rel="noopener noreferrer"
    ).strip()


def _depth(text: str) -> int:
    """Count how deep the tags are nested, before a cleaner looks at them."""
    depth = deepest = 0
    for found in _OPENED.finditer(text):
        depth = max(0, depth - 1) if found[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _blocks(source: str) -> Iterator[Block]:
    text: list[str] = []
    for part in re.split(r"\n[ \t]*\n+", source.strip("\n")):
        block = _figure(part) or _quotation(part)
        if block is None:
            text.append(part)
            continue
        yield from _text(text)
        text = []
        yield block
    yield from _text(text)


def _text(parts: list[str]) -> Iterator[Block]:
    source = "\n\n".join(parts).strip("\n")
    if source.strip():
        yield {"kind": "html", "source": source, "text": clean(source), "cleaner": CLEANER}


def _figure(part: str) -> Block | None:
    found = _FIGURE.fullmatch(part.strip())
    return {"kind": "figure", "text": found[2] or "", "picture": int(found[1])} if found else None


def _quotation(part: str) -> Block | None:
    """Take lines that all start with ">" as a quotation; a last one with a dash names who said it."""
    lines = [line.strip() for line in part.split("\n")]
    if not all(line.startswith(">") for line in lines):
        return None
    said = [line.removeprefix(">").strip() for line in lines]
    by = said.pop().lstrip("—–- ").strip() if len(said) > 1 and said[-1].startswith(("—", "–", "-- ")) else ""
    if any(line.startswith((">", "#", "-", "*")) for line in said):
        return None  # more than words
    return {"kind": "quote", "text": " ".join(said), "by": by}


def _written(block: Mapping[str, Any]) -> str:
    match block.get("kind", "text"):
        case "html":
            return str(block["source"])
        case "figure":
            words = f" {block['text']}" if block["text"] else ""
            return f"[picture:{block['picture']}{words}]"
        case "quote":
            by = f"\n> — {block['by']}" if block.get("by") else ""
            return f"> {block['text']}{by}"
        case _:
            heading = f"## {block['heading']}\n\n" if block.get("heading") else ""
            return f"{heading}{block['text']}"
