"""Check that every word of the interface is said in every language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from babel.messages.extract import extract_from_dir

from crowdfund.translations.catalogue import FOLDER, TRANSLATED, parts, read_part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from babel.messages.catalog import Message

ROOT = FOLDER.parent.parent
SOURCES = {
    "crowdfund": [("**.py", "python")],
    "templates": [("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.css", "jinja2")],
}
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "lazy": None,
    "_n": (1, 2),
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
OPTIONS = {"**": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}

Key = tuple[str | None, str]
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
_BAD_FRENCH = re.compile(r" [;!?%»:](?!\S)|« |\w'\w")


def used(root: Path = ROOT) -> dict[Key, str]:
    """Find every message in code and templates, with the place where it is first said."""
    found: dict[Key, str] = {}
    for folder, methods in SOURCES.items():
        extracted = extract_from_dir(
            root / folder, methods, OPTIONS if folder == "templates" else {}, KEYWORDS, directory_filter=_own_words
        )
        for name, line, message, _comments, context in extracted:
            msgid = message if isinstance(message, str) else message[0]
            found.setdefault((context, msgid), f"{folder}/{name}:{line}")
    return found


def _own_words(folder: str) -> bool:
    return not folder.endswith(("__pycache__", "translations"))


def key(message: Message) -> Key:
    """Name a message by its context and its singular."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def placeholders(text: str) -> set[str]:
    """List the names that a message fills in."""
    return set(_PLACEHOLDER.findall(text))


def problems(root: Path = ROOT) -> list[str]:
    """List everything that is wrong with the translations, one sentence each; empty is good."""
    said = used(root)
    found: list[str] = []
    for locale in TRANSLATED:
        seen: dict[Key, Path] = {}
        for path in parts(locale):
            for message in read_part(path, locale):
                if not message.id:
                    continue
                where = f"{path.relative_to(FOLDER)}: {key(message)[1]!r}"
                if key(message) in seen:
                    found.append(f"{where} is said in {seen[key(message)].name} already")
                seen[key(message)] = path
                if key(message) not in said:
                    found.append(f"{where} is not used any more")
                found.extend(f"{where} {fault}" for fault in _faults(message, locale))
        found.extend(f"{locale}: {one[1]!r} ({place}) is missing" for one, place in said.items() if one not in seen)
    return found


def _faults(message: Message, locale: str) -> Iterator[str]:
    originals = [message.id] if isinstance(message.id, str) else list(message.id)
    words = [message.string] if isinstance(message.string, str) else list(message.string or ())
    if message.fuzzy:
        yield "is fuzzy"
    if not words or not all(words):
        yield "is empty"
        return
    if isinstance(message.id, str) != isinstance(message.string, str):
        yield "mixes singular and plural"
    needed = set().union(*(placeholders(text) for text in originals))
    for text in words:
        if placeholders(text) - needed or (placeholders(originals[-1]) - placeholders(text)) - {"n"}:
            yield f"has other placeholders than the original: {text!r}"
        if locale == "fr" and _BAD_FRENCH.search(text):
            yield f"breaks French typography (spaces before signs, apostrophe): {text!r}"
