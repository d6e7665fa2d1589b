"""HTML to tagged PDF/A-3 by WeasyPrint, through a fetcher that knows only the files in static/letters.

Fonts, style and images are read once in each process. The same input gives the same bytes: dates come from the caller,
and only the bundled fonts are used, save for signs that none of them has.
"""

from __future__ import annotations

import atexit
import io
import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pydyf
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from weasyprint import CSS, HTML, Attachment
from weasyprint.css import ColorProfile
from weasyprint.document import Document, DocumentMetadata
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

LETTERS = Path(__file__).parents[1] / "static" / "letters"
STYLE = "letter.css"
BASE = "base.css"
PROFILE = "output"
KEPT_PICTURES = 256
VARIANT = "pdf/a-3a"
TYPES = {".ttf": "font/ttf", ".css": "text/css", ".png": "image/png", ".svg": "image/svg+xml"}
# A fontconfig world without system fonts: what is bundled is all there is.
_BARE_FONTS = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig></fontconfig>'

# WeasyPrint's remarks on style are for those who write the letters, not for the log of a worker
logging.getLogger("weasyprint").setLevel(logging.ERROR)
logging.getLogger("fontTools").setLevel(logging.ERROR)


class PdfError(RuntimeError):
    """The document cannot be made: an asset is missing, or the layout failed."""


class TooLong(PdfError):
    """The document does not fit on the pages it may fill."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file carried inside the PDF. `relationship` is one of PDF/A-3's: Data, Source, Supplement, Alternative."""

    name: str
    content: bytes
    description: str
    relationship: str = "Data"


class AssetFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
    """Give the assets loaded at the start by `asset:name`, and nothing else: no file, no network, no redirect."""

    def __init__(self, assets: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=("asset",), allow_redirects=False, fail_on_errors=True)
        self._assets = assets

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002 - its shape
        """Give an asset. Raises ValueError, which WeasyPrint makes fatal, for every other address."""
        scheme, _, name = url.partition(":")
        if scheme != "asset" or name not in self._assets:
            raise ValueError(f"not an asset of the letters: {url[:80]}")
        media_type = TYPES.get(Path(name).suffix, "application/octet-stream")
        return URLFetcherResponse(url, self._assets[name], {"Content-Type": media_type})


class Page(HTML):  # type: ignore[misc]  # WeasyPrint has no types
    """A document whose elements are few: `base` says what they are, instead of a sheet for all of HTML."""

    base: CSS

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:  # noqa: ARG002, FBT001, FBT002 - WeasyPrint's hook
        return [self.base]


class _Pictures(dict[str, Any]):
    """The decoded pictures of one document: those of the process, and its own, which go with it."""

    def __init__(self, kept: dict[str, Any], passing: frozenset[str]) -> None:
        super().__init__(kept)
        self._kept = kept
        self._passing = passing

    def __setitem__(self, address: str, picture: Any) -> None:
        super().__setitem__(address, picture)
        # WeasyPrint keeps other data here too, under keys of its own: they belong to the document
        own = not address.startswith("asset:") or address in self._passing
        if picture is not None and not own and len(self._kept) < KEPT_PICTURES:
            self._kept[address] = picture

    def check(self) -> None:
        """Raise PdfError when a picture could not be read: WeasyPrint would leave it out."""
        for address, picture in self.items():
            if picture is None:
                raise PdfError(f"not a picture: {address}")


class Renderer:
    """Fonts, style and images of the letters, kept for all documents of the process."""

    def __init__(self, folder: Path = LETTERS) -> None:
        self.assets = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in TYPES}
        self._lock = threading.Lock()  # Pango's font maps serve one thread at a time
        self._images: dict[str, Any] = {}
        self._base = CSS(string=self.assets[BASE].decode())
        with _no_system_fonts():
            self._bundled = self._dress()
        self._any: tuple[FontConfiguration, CSS] | None = None
        self._signs = _signs(self.assets)

    def _dress(self) -> tuple[FontConfiguration, CSS]:
        fonts = FontConfiguration()
        with _own_errors():
            style = CSS(
                string=self.assets[STYLE].decode(),
                url_fetcher=AssetFetcher(self.assets),
                font_config=fonts,
                base_url="asset:",
            )
        return fonts, style

    def covers(self, text: str) -> bool:
        """Say whether the bundled fonts have every sign of a text."""
        return self._signs.issuperset(text)

    def _dress_for(self, html: str) -> tuple[FontConfiguration, CSS]:
        if self.covers(html):
            return self._bundled
        if self._any is None:
            self._any = self._dress()
        return self._any

    def render(
        self,
        html: str,
        *,
        title: str,
        lang: str,
        created_at: datetime,
        attachments: Sequence[Embedded] = (),
        images: Mapping[str, bytes] | None = None,
        passing: Mapping[str, bytes] | None = None,
        pages: int | None = None,
    ) -> bytes:
        """Make a tagged PDF/A-3 of a document. Same input, same bytes.

        `images` adds pictures to the assets (PNG): their names must tell their content, as decoded pictures are kept.
        `passing` adds those of this document alone. Raises TooLong above `pages` pages, PdfError when a picture is
        missing or cannot be read.
        """
        fetcher = AssetFetcher({**self.assets, **(images or {}), **(passing or {})})
        with self._lock, _own_errors():
            pictures = _Pictures(self._images, frozenset(f"asset:{name}" for name in passing or ()))
            document = self._lay_out(html, fetcher, pictures)
            pictures.check()
            if pages is not None and len(document.pages) > pages:
                raise TooLong(f"{len(document.pages)} pages instead of {pages}")
            moment = created_at.astimezone(UTC)
            _describe(document.metadata, title=title, lang=lang, moment=moment)
            pdf: bytes = document.write_pdf(
                pdf_variant=VARIANT,
                output_intent=PROFILE,
                cache=pictures,
                attachments=[_attach(embedded, moment) for embedded in attachments],
                finisher=_finish,
            )
        return pdf

    def _lay_out(self, html: str, fetcher: AssetFetcher, pictures: _Pictures) -> Document:
        fonts, style = self._dress_for(html)
        page = Page(string=html, url_fetcher=fetcher, base_url="asset:")
        page.base = self._base
        return page.render(
            font_config=fonts,
            stylesheets=[style],
            cache=pictures,
            color_profiles={PROFILE: _profile()},
            output_intent=PROFILE,
            pdf_variant=VARIANT,
        )


@cache
def renderer() -> Renderer:
    """Give the process's renderer, made at the first call."""
    made = Renderer()
    # the fonts lie in a temporary folder, which is removed while Python still can
    atexit.register(renderer.cache_clear)
    return made


@cache
def _profile() -> ColorProfile:
    """Read the colour profile that PDF/A asks for. WeasyPrint would open its file for each document and leave it so."""
    content = (resources.files("weasyprint.pdf") / "sRGB2014.icc").read_bytes()
    return ColorProfile(io.BytesIO(content), "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"]))


def _describe(metadata: DocumentMetadata, *, title: str, lang: str, moment: datetime) -> None:
    metadata.title = title
    metadata.lang = lang
    metadata.created = metadata.modified = moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _attach(embedded: Embedded, moment: datetime) -> Attachment:
    return Attachment(
        string=embedded.content,
        name=embedded.name,
        description=embedded.description,
        created=moment,
        modified=moment,
        relationship=embedded.relationship,
    )


def _finish(_document: object, pdf: pydyf.PDF) -> None:
    """Name each embedded file once in the catalogue (WeasyPrint does it twice), and show the title in the window."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    pdf.catalog.setdefault("ViewerPreferences", pydyf.Dictionary())["DisplayDocTitle"] = "true"


def _signs(assets: Mapping[str, bytes]) -> frozenset[str]:
    """Collect the signs that the bundled fonts can draw, and those that are never drawn."""
    signs = set("\t\n\r\u00ad\u200b\u200c\u200d\u200e\u200f\u2060")
    with NamedTemporaryFile(suffix=".ttf") as file:
        for name, content in assets.items():
            if name.endswith(".ttf"):
                Path(file.name).write_bytes(content)
                with TTFont(file.name, lazy=True) as font:
                    signs.update(map(chr, font.getBestCmap()))
    return frozenset(signs)


@contextmanager
def _no_system_fonts() -> Iterator[None]:
    """Let fontconfig start without system fonts; it reads this variable only when a configuration is made."""
    before = os.environ.get("FONTCONFIG_FILE")
    with NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(_BARE_FONTS)
        file.flush()
        os.environ["FONTCONFIG_FILE"] = file.name
        try:
            yield
        finally:
            if before is None:
                del os.environ["FONTCONFIG_FILE"]
            else:
                os.environ["FONTCONFIG_FILE"] = before


@contextmanager
def _own_errors() -> Iterator[None]:
    """Turn WeasyPrint's fatal error, a BaseException that would end a worker, into ours."""
    try:
        yield
    except FatalURLFetchingError as error:
        raise PdfError(str(error)) from error
