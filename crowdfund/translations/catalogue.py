"""Load a language: its parts are merged and compiled once, and kept beside them as long as they do not change."""

from __future__ import annotations

import gettext
import hashlib
import io
import os
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent
TRANSLATED = ("fr", "it")


def parts(locale: str) -> list[Path]:
    """List the files of a language in a steady order."""
    return sorted((FOLDER / locale / "parts").glob("*.po"))


def read_part(path: Path, locale: str) -> Catalog:
    """Read one part."""
    with path.open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def merged(locale: str) -> Catalog:
    """Join the parts of a language; a message said twice keeps its first wording (the check refuses it)."""
    whole = Catalog(locale=locale, charset="utf-8")
    for path in parts(locale):
        for message in read_part(path, locale):
            if message.id and whole.get(message.id, message.context) is None:
                whole.add(message.id, message.string, context=message.context, flags=message.flags)
    return whole


def compiled(locale: str) -> bytes:
    """Compile a language to the binary form of gettext."""
    out = io.BytesIO()
    write_mo(out, merged(locale))
    return out.getvalue()


@cache
def load(locale: str) -> gettext.NullTranslations:
    """Give the words of a language. English has none of its own: its message ids are the words."""
    if locale not in TRANSLATED:
        return gettext.NullTranslations()
    mark = hashlib.sha256()
    for path in parts(locale):
        mark.update(path.read_bytes())
    kept = FOLDER / locale / f"messages-{mark.hexdigest()[:16]}.mo"
    try:
        binary = kept.read_bytes()
    except OSError:
        binary = compiled(locale)
        _keep(kept, binary)
    return gettext.GNUTranslations(io.BytesIO(binary))


def _keep(path: Path, binary: bytes) -> None:
    """Keep the compiled form for the next start, where the folder may be written to."""
    made = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        made.write_bytes(binary)
        made.replace(path)
        for old in path.parent.glob("messages-*.mo"):
            if old != path:
                old.unlink(missing_ok=True)
    except OSError:
        made.unlink(missing_ok=True)
