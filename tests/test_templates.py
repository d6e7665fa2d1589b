"""Every template, in every language, with undefined names as errors, read back as strict HTML."""

from __future__ import annotations

import re
import zlib
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask, g

from crowdfund import assets, i18n
from crowdfund.campaigns.view import AmountChoice, Progress
from crowdfund.money import Money
from crowdfund.pages.view.campaign import Calculator
from tests import preview

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
SVG_CLOSED = {"path", "circle", "rect", "line", "polygon", "polyline"}
TEMPLATES = Path(__file__).parent.parent / "templates"
OTHERS = ("letters/",)  # the receipts' own tests look at these


class Page(HTMLParser):
    """Reads a page and notes what is wrong with it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.refs: list[tuple[str, str]] = []
        self.headings: list[int] = []
        self.names: set[str] = set()
        self.links: list[str] = []
        self.inline: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element and look at its attributes."""
        found = dict(attrs)
        if len(found) != len(attrs):
            self.faults.append(f"<{tag}> says an attribute twice: {attrs}")
        if tag not in VOID:
            self.open.append(tag)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        for name in ("for", "aria-labelledby", "aria-describedby"):
            self.refs.extend((name, one) for one in (found.get(name) or "").split())
        if tag == "a" and (found.get("href") or "").startswith("#"):
            self.refs.append(("href", str(found["href"])[1:]))
        if tag == "a":
            self.links.append(found.get("href") or "")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "img" and "alt" not in found:
            self.faults.append(f"an image has no alt: {found}")
        self.inline.extend(name for name in found if name == "style" or name.startswith("on"))
        data = found.get("type") == "application/ld+json"  # a data block: no browser runs it
        if tag == "style" or (tag == "script" and "src" not in found and not data):
            self.inline.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, which must be the one opened last."""
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing (line {self.getpos()[0]})")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read `<path/>`, which is right in SVG only."""
        self.handle_starttag(tag, attrs)
        if tag in SVG_CLOSED:
            self.open.pop()
        elif tag not in VOID:
            self.faults.append(f"<{tag}/> is not HTML")

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        if "style" not in self.open:
            self.words.append(data)


@pytest.fixture(scope="module")
def app() -> Flask:
    """Build the application of the preview, once."""
    return preview.create_app()


def render(app: Flask, name: str, lang: str) -> str:
    """Render a case in a language, as a request of that address would."""
    template, build = preview.CASES[name]
    with app.test_request_context(f"/{lang}/preview/{name}"):
        g.lang = lang
        return app.jinja_env.get_template(template).render(**build())


PAGES = [name for name in preview.CASES if not name.startswith(("text-", "sign-in-notice-txt"))]
TEXTS = [name for name in preview.CASES if name not in PAGES]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_in_every_language(app: Flask, name: str) -> None:
    """Elements close, ids are unique and found, headings go down by one, nothing is inline."""
    for lang in i18n.LOCALES:
        page = Page()
        page.feed(render(app, name, lang))
        page.close()
        assert page.faults == []
        assert page.open == []
        assert len(page.ids) == len(set(page.ids)), "an id is used twice"
        assert [ref for ref in page.refs if ref[1] not in page.ids] == []
        assert page.headings.count(1) == 1
        assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
        assert "#" not in page.links
        assert "" not in page.links
        if not name.startswith(("mail-", "sign-in-notice")):
            assert page.inline == []
        words = " ".join(page.words)
        assert lang == "en" or "None" not in words.split(), "a missing value was printed"
        assert "%(" not in words
        assert "!" not in words.replace("Mille\u202f!", "").replace("Mille !", ""), "no exclamation marks"


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_holds_no_markup(app: Flask, name: str) -> None:
    """The text part of a mail is words only."""
    for lang in i18n.LOCALES:
        text = render(app, name, lang)
        assert "<" not in text
        assert "&#" not in text
        assert "%(" not in text


MAILS = [name for name in preview.CASES if name.startswith("mail-")]


@pytest.mark.parametrize("name", MAILS)
def test_a_subject_is_one_line_of_words(app: Flask, name: str) -> None:
    template, build = preview.CASES[name]
    for lang in i18n.LOCALES:
        with app.test_request_context(f"/{lang}/preview/{name}"):
            g.lang = lang
            page = app.jinja_env.get_template(template)
            subject = unescape("".join(page.blocks["subject"](page.new_context(build())))).strip()
        assert subject
        assert len(subject.splitlines()) == 1
        assert len(subject) < 90
        assert "<" not in subject
        assert "%(" not in subject


def test_every_template_is_looked_at() -> None:
    """A new template needs a case in preview.py, directly or through one that uses it."""
    roots = {template for template, _build in preview.CASES.values()} | {"theme.css"}
    seen, waiting = set(), set(roots)
    while waiting:
        one = waiting.pop()
        seen.add(one)
        source = (TEMPLATES / one).read_text(encoding="utf-8")
        waiting |= {name for name in re.findall(r'"(\w[\w/]*\.(?:html|txt))"', source) if name not in seen}
    seen |= {"pages/campaign_live.html", "pages/campaign_still.html"}  # chosen by name
    there = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.*") if path.is_file()}
    assert {name for name in there - seen if not name.startswith(OTHERS)} == set()


def test_names_of_people_are_escaped(app: Flask) -> None:
    """What a donor typed is text, never markup."""
    page = render(app, "campaign", "fr")
    assert "<b>Viviane H.</b>" not in page
    assert "&lt;b&gt;Viviane H.&lt;/b&gt;" in page


def test_no_amount_stands_beside_a_name(app: Flask) -> None:
    """Everybody on the wall has the same height."""
    page = render(app, "campaign", "fr")
    wall = page[page.index('class="names"') : page.index('class="words"')]
    assert "€" not in wall


def test_nothing_is_ticked_that_costs_consents_or_collects(app: Flask) -> None:
    """The second step starts empty."""
    page = render(app, "give-2", "it")
    for name in ("wants_receipt", "cover_fees", "news_museum", "news_network", "wall"):
        assert not re.search(rf'<input[^>]*name="{name}"[^>]* checked', page), name


def test_an_error_is_said_in_title_summary_and_field(app: Flask) -> None:
    """The title says so, the summary links to the field, the field says the same words."""
    page = render(app, "give-2-wrong", "fr")
    assert "<title>Erreur — " in page
    assert page.count(preview.WRONG["email"]) == 2
    assert 'href="#email"' in page
    assert re.search(r'id="email"[^>]*aria-invalid="true"[^>]*aria-describedby="e-email h-email"', page)
    assert 'value="camille.rey@exemple"' in page


def test_a_retry_is_the_same_attempt(app: Flask) -> None:
    """When the provider is down, the button sends everything again under the same attempt."""
    page = render(app, "give-paused", "en")
    assert 'name="attempt" value="5f0c2c1e-7a51-4a8e-9d0e-0d3f3c0f1a2b"' in page
    assert 'name="first_name" value="Camille"' in page
    assert page.count('name="attempt"') == 1


def test_a_picture_has_its_mark() -> None:
    """A changed file has a new address; an address stays what it is."""
    address = assets.asset("css/ui.css")
    assert re.fullmatch(r"/static/css/ui\.css\?v=[0-9a-f]{12}", address)
    assert assets.asset("/files/1.webp") == "/files/1.webp"
    assert assets.asset("fonts/instrument-sans.woff2") == "/static/fonts/instrument-sans.woff2"
    with pytest.raises(FileNotFoundError):
        assets.asset("css/nowhere.css")


def test_stylesheets_name_files_that_are_there() -> None:
    """Each url() of a stylesheet is a file."""
    for sheet in (assets.FOLDER / "css").glob("*.css"):
        for target in re.findall(r'url\("([^"]+)"\)', sheet.read_text(encoding="utf-8")):
            assert (sheet.parent / target).resolve().is_file(), f"{sheet.name}: {target}"


def test_the_first_view_of_a_campaign_is_light(app: Flask) -> None:
    """Page, styles, scripts and fonts together stay under the budget, even before compression of text."""
    files = [assets.FOLDER / "css" / f"{name}.css" for name in ("tokens", "ui", "pages")]
    files += [assets.FOLDER / "js" / f"{name}.js" for name in ("campaign", "copy", "live", "tax", "numbers")]
    files += list((assets.FOLDER / "fonts").glob("*.woff2"))
    texts = [path.read_bytes() for path in files if path.suffix != ".woff2"] + [render(app, "campaign", "fr").encode()]
    fonts = sum(path.stat().st_size for path in files if path.suffix == ".woff2")
    assert fonts + sum(len(zlib.compress(text, 6)) for text in texts) < 150_000


def test_progress_never_claims_too_much() -> None:
    """One cent short is 99 %, and the dot rests at the end of its travel."""

    def eur(minor: int) -> Money:
        return Money(minor, "EUR")

    short = Progress(eur(9_999_999), eur(10_000_000))
    assert (short.percent, short.reached, short.missing) == (99, False, eur(1))
    over = Progress(eur(12_000_000), eur(10_000_000))
    assert (over.percent, over.exceeded, over.head, over.arc) == (120, True, "96.50%", 100)
    assert Progress(eur(50), None).head == "0.00%"
    assert AmountChoice(eur(1250)).typed == "12.50"
    assert AmountChoice(eur(5000)).typed == "50"
    assert AmountChoice(Money(500, "JPY")).typed == "500"
    assert Calculator(eur(10_000), eur(3_400), ()).kept == 34


def test_the_form_of_what_is_shown_is_folded_until_something_asks_for_it(app: Flask) -> None:
    def folded(**more: object) -> bool:
        with app.test_request_context("/en/gifts/x"):
            g.locale = "en"
            page = {"gift": preview.gift(), "errors": {}, "values": {}, "csrf_token": "signed", "kept": False} | more
            text = app.jinja_env.get_template("gifts/show.html").render(page)
        return '<details class="more more--big">' in text

    assert folded()
    assert not folded(kept=True)
    assert not folded(errors={"wall_name": "Tell us the name"})


def test_the_title_of_a_form_with_errors_says_so_once(app: Flask) -> None:
    with app.test_request_context("/en/gifts/x"):
        g.locale = "en"
        text = app.jinja_env.get_template("gifts/show.html").render(
            gift=preview.gift(), errors={"wall": "Choose"}, values={}, csrf_token="signed", kept=False
        )
    assert re.search("<title>(.*?)</title>", text, re.DOTALL)[1].count("Erreur") == 1  # type: ignore[index]
