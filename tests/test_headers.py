"""One snapshot of the headers for each class of path, and the cross-site check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import Flask, Response

from config import Config
from crowdfund import headers

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self' {checkout}; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'"
)
CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
CHECKOUT = "http://127.0.0.1:8001"
EMBED = PAGE.replace("'self' {checkout}", "'none'").replace("frame-ancestors 'none'", "frame-ancestors *")

# class, path, policy, caching, referrer, shared with others
SNAPSHOTS = (
    ("static", "/static/css/ui.css", CLOSED, "public, max-age=86400", "strict-origin-when-cross-origin", "same-origin"),
    (
        "theme",
        "/theme/arvieres.css",
        CLOSED,
        "public, max-age=3600, stale-while-revalidate=86400",
        "strict-origin-when-cross-origin",
        "same-origin",
    ),
    (
        "theme",
        "/theme.css",
        CLOSED,
        "public, max-age=3600, stale-while-revalidate=86400",
        "strict-origin-when-cross-origin",
        "same-origin",
    ),
    (
        "totals",
        "/totals/a/b.json",
        CLOSED,
        "public, max-age=10, stale-while-revalidate=30",
        "strict-origin-when-cross-origin",
        "cross-origin",
    ),
    (
        "document",
        "/fr/arvieres/pastel/documents/7",
        f"{CLOSED}; sandbox",
        "public, max-age=300",
        "strict-origin-when-cross-origin",
        "same-origin",
    ),
    (
        "picture",
        "/pictures/a/480.webp",
        CLOSED,
        "public, max-age=31536000, immutable",
        "strict-origin-when-cross-origin",
        "cross-origin",
    ),
    ("share", "/share/a/b.fr.png", CLOSED, "public, max-age=3600", "strict-origin-when-cross-origin", "cross-origin"),
    (
        "embed",
        "/embed/a/b",
        EMBED,
        "public, max-age=60, stale-while-revalidate=600",
        "strict-origin-when-cross-origin",
        "cross-origin",
    ),
    ("machine", "/webhooks/stripe/connected", CLOSED, "no-store", "strict-origin-when-cross-origin", "same-origin"),
    ("machine", "/health/live", CLOSED, "no-store", "strict-origin-when-cross-origin", "same-origin"),
    ("staff", "/staff/a/gifts", PAGE, "private, no-store", "no-referrer", "same-origin"),
    ("staff", "/account/sign-in", PAGE, "private, no-store", "no-referrer", "same-origin"),
    ("token", "/fr/gifts/abc", PAGE, "private, no-store", "no-referrer", "same-origin"),
    ("token", "/it/receipts/abc", PAGE, "private, no-store", "no-referrer", "same-origin"),
    ("form", "/fr/a/b/give", PAGE, "private, no-store", "strict-origin-when-cross-origin", "same-origin"),
    (
        "public",
        "/",
        PAGE,
        "public, max-age=60, stale-while-revalidate=600",
        "strict-origin-when-cross-origin",
        "same-origin",
    ),
    (
        "public",
        "/fr/a/b/",
        PAGE,
        "public, max-age=60, stale-while-revalidate=600",
        "strict-origin-when-cross-origin",
        "same-origin",
    ),
)


def config(public_url: str = "http://127.0.0.1:8000") -> Config:
    """Read settings of the tests."""
    return Config.from_environ({"APP_ENV": "test", "PUBLIC_URL": public_url, "SECRET_KEY": "s", "SIGNING_KEYS": "k"})


@pytest.mark.parametrize(("name", "path", "policy", "caching", "referrer", "resource"), SNAPSHOTS)
def test_headers_of_a_class(name: str, path: str, policy: str, caching: str, referrer: str, resource: str) -> None:
    """Nothing more and nothing less than this is sent."""
    assert headers.class_of(path) == name
    expected = {
        "Content-Security-Policy": policy.format(checkout=CHECKOUT),
        "Cache-Control": caching,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": referrer,
        "Permissions-Policy": headers.PERMISSIONS,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": resource,
    }
    if name in {"token", "staff"}:
        expected["X-Robots-Tag"] = "noindex, nofollow"
    assert headers.headers_for(path, config()) == expected


def test_every_class_has_a_snapshot() -> None:
    """A new class of paths needs its line above."""
    assert {name for name, _pattern in headers.CLASSES} == {line[0] for line in SNAPSHOTS} == set(headers.CACHING)


def test_payment_is_switched_off() -> None:
    """The payment page is elsewhere: our pages may not ask for anything."""
    assert "payment=()" in headers.PERMISSIONS
    assert "camera=()" in headers.PERMISSIONS


def test_hsts_only_over_https() -> None:
    """A browser must never be locked out of a local demo."""
    assert "Strict-Transport-Security" not in headers.headers_for("/", config())
    secure = headers.headers_for("/", config("https://cimaise.example"))
    assert secure["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_a_marked_file_is_kept_for_ever() -> None:
    """The address changes with the content, so it may be cached for ever; fonts are never changed."""
    assert headers.headers_for("/static/css/ui.css", config(), versioned=True)["Cache-Control"] == headers.FOREVER
    assert headers.headers_for("/static/fonts/a.woff2", config())["Cache-Control"] == headers.FOREVER


def test_an_error_is_not_kept() -> None:
    """A page that failed once must not stay failed in a cache."""
    assert headers.headers_for("/fr/a/b/", config(), status=404)["Cache-Control"] == "no-store"
    assert headers.headers_for("/fr/gifts/abc", config(), status=404)["Cache-Control"] == "private, no-store"


HOME = "https://cimaise.example"


@pytest.mark.parametrize(
    ("method", "path", "sent", "refused"),
    [
        ("POST", "/fr/a/b/give", {}, False),
        ("POST", "/fr/a/b/give", {"Origin": HOME}, False),
        ("POST", "/fr/a/b/give", {"Origin": HOME, "Sec-Fetch-Site": "same-origin"}, False),
        ("POST", "/fr/gifts/t", {"Origin": "null", "Sec-Fetch-Site": "same-origin"}, False),
        ("POST", "/fr/gifts/t", {"Origin": "null"}, True),
        ("POST", "/fr/a/b/give", {"Origin": "https://evil.example"}, True),
        ("POST", "/fr/a/b/give", {"Origin": "https://cimaise.example.evil"}, True),
        ("POST", "/fr/a/b/give", {"Origin": "http://cimaise.example"}, True),
        ("POST", "/fr/a/b/give", {"Sec-Fetch-Site": "cross-site"}, True),
        ("POST", "/fr/a/b/give", {"Sec-Fetch-Site": "same-site", "Origin": HOME}, True),
        ("DELETE", "/staff/a/x", {"Sec-Fetch-Site": "cross-site"}, True),
        ("GET", "/fr/a/b/", {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, False),
        ("POST", "/webhooks/stripe/connected", {"Origin": "https://stripe.example"}, False),
        ("POST", "/api/v1/gifts", {"Sec-Fetch-Site": "cross-site"}, False),
    ],
)
def test_changes_from_other_sites(method: str, path: str, sent: Mapping[str, str], refused: bool) -> None:
    """What changes something must have been sent from our own pages."""
    assert headers.is_cross_site(method, path, sent, HOME) is refused


def test_both_names_of_this_machine_are_ours() -> None:
    """A newcomer may type localhost."""
    assert not headers.is_cross_site("POST", "/x", {"Origin": "http://localhost:8000"}, "http://127.0.0.1:8000")
    assert headers.is_cross_site("POST", "/x", {"Origin": "http://localhost:9000"}, "http://127.0.0.1:8000")


@pytest.fixture
def app() -> Flask:
    """Build an application with nothing but the headers."""
    app = Flask(__name__, static_folder=None)
    headers.register(app, config())

    @app.route("/fr/", methods=["GET", "POST"])
    def page() -> str:
        return "here"

    @app.get("/staff/a/")
    def staff() -> Response:
        answer = Response("desk")
        answer.set_cookie("session", "x")
        return answer

    @app.get("/it/")
    def slow() -> Response:
        return Response("own", headers={"Cache-Control": "public, max-age=5"})

    return app


def test_answers_carry_them(app: Flask) -> None:
    """Also errors do; and a view's own caching is kept."""
    client = app.test_client()
    assert client.get("/fr/").headers["Content-Security-Policy"] == PAGE.format(checkout=CHECKOUT)
    missing = client.get("/nowhere")
    assert missing.status_code == 404
    assert missing.headers["X-Content-Type-Options"] == "nosniff"
    assert missing.headers["Cache-Control"] == "no-store"
    assert client.get("/it/").headers["Cache-Control"] == "public, max-age=5"


def test_a_cookie_is_never_cacheable(app: Flask) -> None:
    """One person's page must not be served to another."""
    assert app.test_client().get("/staff/a/").headers["Cache-Control"] == "private, no-store"


def test_a_cross_site_change_is_refused_before_the_view(app: Flask) -> None:
    """The answer is 403, with the headers of any answer."""
    client = app.test_client()
    assert client.post("/fr/").status_code == 200
    assert client.post("/fr/").headers["Cache-Control"] == "private, no-store"
    refused = client.post("/fr/", headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403
    assert refused.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
