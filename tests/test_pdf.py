"""HTML to PDF: closed to the world, tagged, the same bytes every time."""

from __future__ import annotations

import io
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from crowdfund.pdf import LETTERS, AssetFetcher, Embedded, PdfError, Renderer, TooLong, renderer

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PAGE = '<!DOCTYPE html><html lang="fr"><head><title>x</title></head><body>{}</body></html>'


def render(body: str, **more: object) -> bytes:
    arguments = {"title": "Reçu", "lang": "fr", "created_at": NOW} | more
    return renderer().render(PAGE.format(body), **arguments)  # type: ignore[arg-type]


def png(colour: str = "black", size: int = 16) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(drawn, "PNG")
    return drawn.getvalue()


def test_the_pdf_is_archival_and_tagged() -> None:
    with pikepdf.open(io.BytesIO(render("<h1>Reçu</h1><p>Cinquante euros</p>"))) as pdf:
        metadata = pdf.open_metadata()
        assert metadata["pdfaid:part"] == "3"
        assert metadata["pdfaid:conformance"] == "A"
        assert metadata["dc:title"] == "Reçu"
        assert str(pdf.Root.Lang) == "fr"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        roles = [str(child.S) for child in pdf.Root.StructTreeRoot.K[0].K]
        assert roles == ["/H1", "/P"]
        assert "/OutputIntents" in pdf.Root
        assert str(pdf.docinfo["/CreationDate"]) == "D:20261122093000Z"


def test_same_input_same_bytes_and_another_date_another_file() -> None:
    first = render("<p>a</p>", attachments=[Embedded("a.json", b"{}", "data")])
    again = Renderer().render(
        PAGE.format("<p>a</p>"),
        title="Reçu",
        lang="fr",
        created_at=NOW,
        attachments=[Embedded("a.json", b"{}", "data")],
    )
    assert first == again
    assert first != render("<p>a</p>", created_at=NOW.replace(hour=10))


def test_files_are_embedded_with_their_relationship() -> None:
    pdf_bytes = render("<p>a</p>", attachments=[Embedded("data.json", b'{"a": 1}', "The data", "Source")])
    with pikepdf.open(io.BytesIO(pdf_bytes)) as pdf:
        assert pdf.attachments["data.json"].get_file().read_bytes() == b'{"a": 1}'
        [file] = list(pdf.Root.AF)
        assert str(file.AFRelationship) == "/Source"
        assert str(file.Desc) == "The data"


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:9/x.png",
        "https://example.org/x.png",
        "data:image/png;base64,AAAA",
        "asset:missing.png",
        "asset:../letters/letter.css",
        "asset:%2e%2e/config.py",
        "missing.png",
        "//example.org/x.png",
    ],
)
def test_nothing_but_assets_is_ever_fetched(address: str) -> None:
    with pytest.raises(PdfError):
        render(f'<img src="{address}" alt="x">')


@pytest.mark.parametrize(
    "body",
    [
        '<link rel="stylesheet" href="https://example.org/a.css">',
        "<style>@import url(file:///etc/passwd);</style>",
        "<style>p { background: url(http://127.0.0.1:9/a.png) }</style><p>x</p>",
        '<link rel="attachment" href="file:///etc/passwd">',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd" width="9" height="9"/></svg>',
    ],
)
def test_no_way_around_the_fetcher(body: str) -> None:
    try:
        pdf = render(body)
    except PdfError:
        return
    with pikepdf.open(io.BytesIO(pdf)) as opened:  # WeasyPrint left it out
        assert not list(opened.attachments)
        assert "/XObject" not in opened.pages[0].Resources or not dict(opened.pages[0].Resources.XObject)


def test_the_fetcher_knows_its_assets() -> None:
    fetcher = AssetFetcher({"a.css": b"p{}", "b": b"?"})
    assert fetcher.fetch("asset:a.css").content_type == "text/css"
    assert fetcher.fetch("asset:b").content_type == "application/octet-stream"
    assert fetcher.fetch("asset:b").read() == b"?"


def test_a_picture_that_cannot_be_read_fails_the_letter() -> None:
    with pytest.raises(PdfError, match="not a picture"):
        render('<img src="asset:broken.png" alt="x">', images={"broken.png": b"no picture"})


def test_pictures_of_one_document_do_not_stay_for_the_next() -> None:
    body = '<img src="asset:passing.png" alt="x">'
    black = render(body, passing={"passing.png": png("black")})
    white = render(body, passing={"passing.png": png("white")})
    assert black != white
    assert render(body, passing={"passing.png": png("black")}) == black
    with pytest.raises(PdfError):
        render(body)


def test_pictures_are_not_interpolated() -> None:
    with pikepdf.open(io.BytesIO(render('<img src="asset:p.png" alt="x">', passing={"p.png": png()}))) as pdf:
        [picture] = pdf.pages[0].Resources.XObject.values()
        assert not bool(picture.Interpolate)


def test_too_many_pages_are_told() -> None:
    long = "<p>line</p>" * 200
    with pytest.raises(TooLong):
        render(long, pages=1)
    with pikepdf.open(io.BytesIO(render(long))) as pdf:
        assert len(pdf.pages) > 1


@pytest.mark.parametrize(
    "text", ["Łódź", "Ελένη", "Пётр", "Nguyễn", "דוד", "أحمد", "1 234,50\u202f€", "œuvre – « don »"]
)
def test_the_bundled_fonts_write_names_of_europe_and_around(text: str) -> None:
    assert renderer().covers(text)
    with pikepdf.open(io.BytesIO(render(f"<p>{text}</p>"))) as pdf:
        fonts = {str(font.BaseFont).split("+")[1] for font in pdf.pages[0].Resources.Font.values()}
    assert fonts <= {"Hedvig", "Instrument", "Noto", "Noto-Hebrew", "Noto-Arabic"}


def test_other_scripts_fall_back_on_what_the_machine_has() -> None:
    assert not renderer().covers("山田")
    assert render("<p>山田</p>").startswith(b"%PDF-1.7")


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FONTCONFIG_FILE", "/somewhere/fonts.conf")
    Renderer()
    assert os.environ["FONTCONFIG_FILE"] == "/somewhere/fonts.conf"
    monkeypatch.delenv("FONTCONFIG_FILE")
    Renderer()
    assert "FONTCONFIG_FILE" not in os.environ


def test_a_missing_font_is_found_at_the_start(tmp_path: Path) -> None:
    for file in LETTERS.iterdir():
        if file.name != "noto.ttf":
            (tmp_path / file.name).symlink_to(file)
    with pytest.raises(PdfError, match=r"noto\.ttf"):
        Renderer(tmp_path)


def test_threads_share_one_renderer() -> None:
    results: list[bytes] = []
    threads = [threading.Thread(target=lambda: results.append(render("<p>a</p>"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert len(set(results)) == 1
