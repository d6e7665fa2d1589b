"""Look into a PDF that a museum sends. A program of its own, started by `inspection` and by nothing else.

It knows nothing of the house and inherits none of its settings. It sets its own limits before it reads a byte, reads `source` in
the folder it is given, and says in one line of JSON how many pages it has, or in one word why it is not taken.

What acts is refused, not cut out: a signed act of the council keeps its signature only when not a byte of it changes.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf

MEMORY = 512 * 1024 * 1024
SECONDS = 10
PAGES = 300
# ISO 32000-2, 12.6.4 and 12.5.6: what runs, starts, sends or plays something. Links to addresses and pages are none of these.
ACTIONS = {
    "/JavaScript",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/GoToE",
    "/Rendition",
    "/Movie",
    "/Sound",
    "/RichMediaExecute",
}
NOTES = {"/RichMedia", "/3D", "/Movie", "/Sound", "/Screen", "/FileAttachment"}
DATA = ".xml"  # an electronic invoice carries its figures beside the page (EN 16931)


class Refused(Exception):
    """The paper is not taken; the message is one word."""


def bind() -> None:
    """Bound what this process may use, whatever the file makes of it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def look(source: Path) -> dict[str, int]:
    """Read the whole file as qpdf does. Raises Refused."""
    try:
        with pikepdf.open(source, attempt_recovery=False) as pdf:
            pages = len(pdf.pages)
            if not 1 <= pages <= PAGES:
                raise Refused("pages" if pages else "broken")
            for one in pdf.objects:
                check(one)
            if any(problem.startswith("ERROR") for problem in pdf.check_pdf_syntax()):
                raise Refused("broken")
    except pikepdf.PasswordError:
        raise Refused("locked") from None
    except (pikepdf.PdfError, MemoryError, ValueError, TypeError, RecursionError):
        raise Refused("broken") from None
    return {"pages": pages}


def check(whole: Any) -> None:
    """Refuse an object that acts, or carries another file, with all that stands in it directly."""
    waiting = [whole]
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Stream):
            one = one.stream_dict
        if isinstance(one, pikepdf.Dictionary):
            judge(one)
            waiting += direct(value for _name, value in one.items())
        elif isinstance(one, pikepdf.Array):
            waiting += direct(iter(one))


def direct(found: Iterator[Any]) -> Iterator[Any]:
    """Leave out what is referred to: it comes by itself."""
    return (one for one in found if isinstance(one, pikepdf.Object) and not one.is_indirect)


def judge(one: pikepdf.Dictionary) -> None:
    """Refuse one dictionary that acts or carries a file."""
    acts = str(one.get("/S", "")) in ACTIONS or str(one.get("/Subtype", "")) in NOTES
    if acts or "/JS" in one or "/XFA" in one:
        raise Refused("active")
    if "/EF" in one and not str(one.get("/UF", one.get("/F", ""))).lower().endswith(DATA):
        raise Refused("carries")


if __name__ == "__main__":
    bind()
    try:
        sys.stdout.write(json.dumps(look(Path(sys.argv[1], "source"))))
    except Refused as refused:
        sys.stdout.write(str(refused))
        sys.exit(3)
