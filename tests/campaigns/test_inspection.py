"""What a PDF may be: read whole by a child process, refused with what to do about it when it acts or is broken."""

from __future__ import annotations

import pikepdf
import pytest

from crowdfund.campaigns.inspection import NOTHING, REASONS, inspect
from crowdfund.errors import Refusal
from crowdfund.i18n import N_
from tests.campaigns import papers


@pytest.mark.parametrize(
    ("content", "pages"),
    [
        (papers.paper(), 1),
        (papers.paper(papers.clicked("URI", URI="https://example.org/")), 1),
        (papers.paper(papers.carrying("factur-x.xml")), 1),
        (papers.paper(encryption=pikepdf.Encryption(user="", owner="o")), 1),
    ],
    ids=["plain", "link", "invoice", "printing forbidden"],
)
def test_a_paper_that_only_says_something_is_taken(content: bytes, pages: int) -> None:
    assert inspect(content) == pages


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", NOTHING),
        (b"%PDF-1.7\nnothing\n%%EOF\n", REASONS["broken"]),
        (papers.paper()[:150] + b"%%EOF", REASONS["broken"]),
        (papers.paper(papers.opening), REASONS["active"]),
        (papers.paper(papers.opening, object_stream_mode=pikepdf.ObjectStreamMode.generate), REASONS["active"]),
        (papers.paper(papers.clicked("Launch", F="x")), REASONS["active"]),
        (papers.paper(papers.clicked("SubmitForm", F="https://example.org/")), REASONS["active"]),
        (papers.paper(papers.form_of_its_own), REASONS["active"]),
        (papers.paper(papers.carrying("letter.exe")), REASONS["carries"]),
        (papers.paper(encryption=pikepdf.Encryption(user="u", owner="o")), REASONS["locked"]),
        (papers.paper(papers.many), REASONS["pages"]),
        (b"GIF89a", N_("This file is not a PDF, or a part of it is missing.")),
    ],
    ids=[
        "empty",
        "a claim",
        "half",
        "opens",
        "opens, packed",
        "starts",
        "sends",
        "form",
        "carries",
        "locked",
        "long",
        "gif",
    ],
)
def test_a_paper_that_acts_or_cannot_be_read_is_refused_with_what_to_do(content: bytes, reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        inspect(content)
    assert (refused.value.message, refused.value.field) == (reason, "file")


def test_a_page_that_swells_ends_the_child_and_nothing_else() -> None:
    with pytest.raises(Refusal) as refused:
        inspect(papers.paper(papers.bomb, compress_streams=True))
    assert refused.value.message in {REASONS["broken"], REASONS["slow"]}
