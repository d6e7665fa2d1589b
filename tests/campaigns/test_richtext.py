"""The story: what people write, and what a page may show of it."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from crowdfund.campaigns import richtext
from crowdfund.errors import Refusal

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert&#40;1&#41;</script></svg>",
    "<math><mtext></p><style><img src=x onerror=alert(1)></style></mtext></math>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java&#115;cript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<base href="https://evil.example/">',
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<form action="https://evil.example"><input name="p"></form>',
    '<p style="background:url(javascript:alert(1))" onclick="alert(1)">x</p>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "![x](https://evil.example/pixel.gif)",
    '<a href="file:///etc/passwd">x</a>',
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_would_act_in_a_page_is_gone(payload: str) -> None:
    shown = "".join(str(richtext.shown(block)) for block in richtext.blocks_of(f"Before\n\n{payload}\n\nAfter"))
    assert "Before" in shown
    assert "After" in shown
    low = shown.lower()
    for sign in (
        "<script",
        "<img",
        "<svg",
        "<math",
        "<base",
        "<link",
        "<iframe",
        "<form",
        "<input",
        "<style",
        "style=",
        "onclick",
    ):
        assert sign not in low
    for scheme in ('href="javascript', 'href="data', 'href="file'):
        assert scheme not in low


def test_markdown_becomes_a_few_plain_tags() -> None:
    [block] = richtext.blocks_of(
        "# Who is it?\n\nA **woman** at _work_.\n\n- one\n- two\n\n[More](https://example.org/)"
    )
    assert richtext.shown(block) == Markup(
        "<h3>Who is it?</h3>\n<p>A <strong>woman</strong> at <em>work</em>.</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"
        '<p><a href="https://example.org/" rel="noopener noreferrer">More</a></p>'
    )


def test_quotations_and_pictures_stand_alone() -> None:
    source = "First.\n\n> We sought someone from here.\n> — Solène Favre, curator\n\n[picture:12 The back]\n\nLast."
    blocks = richtext.blocks_of(source)
    assert [block["kind"] for block in blocks] == ["html", "quote", "figure", "html"]
    assert (blocks[1]["text"], blocks[1]["by"]) == ("We sought someone from here.", "Solène Favre, curator")
    assert richtext.pictures_in(blocks) == [12]
    assert richtext.source_of(blocks) == source


def test_a_story_written_in_blocks_can_be_written_on() -> None:
    blocks = [{"heading": "Who", "text": "She worked."}, {"kind": "quote", "text": "Here.", "by": "S. F."}]
    assert richtext.source_of(blocks) == "## Who\n\nShe worked.\n\n> Here.\n> — S. F."


def test_a_text_of_another_cleaner_is_cleaned_again() -> None:
    old = {"kind": "html", "source": "Hello", "text": "<script>alert(1)</script>", "cleaner": "an older one"}
    assert richtext.shown(old) == Markup("<p>Hello</p>")


@pytest.mark.parametrize("source", ["x" * 60_001, "<div>" * 101, "<b>" * 500, "[" * 7000, "*_" * 4000, "<" * 7000])
def test_what_costs_too_much_is_refused_before_it_is_cleaned(source: str) -> None:
    with pytest.raises(Refusal) as refused:
        richtext.blocks_of(source)
    assert refused.value.field == "story"


def test_only_one_place_makes_markup_of_what_a_museum_wrote() -> None:
    from tests.test_house import CODE, _name  # noqa: PLC0415

    makers = {_name(path) for path in CODE if "Markup(" in path.read_text(encoding="utf-8")}
    assert "crowdfund/campaigns/richtext.py" in makers
    assert makers <= {"crowdfund/campaigns/richtext.py", *OTHERS}


# What we make ourselves, of texts that are escaped.
# A letter is what its template made: autoescaped, as tests/thanks sees in print. A code on one line escapes what it wraps.
OTHERS = {
    "crowdfund/reach/linked.py",
    "crowdfund/demo/documents.py",
    "crowdfund/thanks/letters.py",
    "crowdfund/i18n.py",
}
