"""PDFs as museums send them, good ones and others, made by pikepdf."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

Change = Callable[[pikepdf.Pdf], object]


def paper(change: Change = lambda _pdf: None, **how: Any) -> bytes:
    """Make a paper of one page, changed before it is written."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    change(pdf)
    written = io.BytesIO()
    pdf.save(written, **how)
    return written.getvalue()


def note(**what: Any) -> Change:
    """Put something on the page that a reader may click on."""
    return lambda pdf: pdf.pages[0].obj.__setattr__(
        "Annots", Array([Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], **what)])
    )


def clicked(kind: str, **more: Any) -> Change:
    """Let a click on the page do something."""
    return note(A=Dictionary(S=Name("/" + kind), **more))


def carrying(name: str) -> Change:
    """Put another file inside."""
    return lambda pdf: pdf.attachments.__setitem__(name, b"data")


def opening(pdf: pikepdf.Pdf) -> None:
    """Run a program as soon as it is opened."""
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert(1)")


def form_of_its_own(pdf: pikepdf.Pdf) -> None:
    """Hold a form that brings its own program."""
    pdf.Root.AcroForm = Dictionary(Fields=Array(), XFA=pdf.make_stream(b"<xdp/>"))


def many(pdf: pikepdf.Pdf) -> None:
    """Have one page too many."""
    for _page in range(300):
        pdf.add_blank_page()


def bomb(pdf: pikepdf.Pdf) -> None:
    """Hold a page whose 600 MB are 600 kB in the file."""
    pdf.pages[0].Contents = pdf.make_stream(b" " * (600 * 1024 * 1024))
