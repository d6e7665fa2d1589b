"""What every answer says about itself: one table from the class of a path to its headers, and the cross-site check.

Hosted payment page, no third-party script: `script-src 'self'` without nonce, so that public pages can be cached.
`form-action` names the payment page's origin because Chrome applies it to the redirect after a POST.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import abort, request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask, Response
    from werkzeug.datastructures import Headers

    from config import Config

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
# Doors that are not a browser's: signatures or keys protect them instead.
NO_BROWSER = ("/webhooks/", "/api/")
LOOPBACK = ("127.0.0.1", "localhost")

# The first match counts.
CLASSES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("static", r"/static/"),
        ("theme", r"/theme\.css$|/theme/"),
        ("totals", r"/totals/|/oembed$"),
        ("share", r"/share/"),
        ("picture", r"/pictures/"),
        ("embed", r"/embed/"),
        ("machine", r"/health/|/metrics$|/webhooks/|/api/|/\.well-known/|/robots\.txt$|/sitemap\.xml$"),
        ("staff", r"/staff/|/network/|/account/|/_mail"),
        ("token", r"/[a-z]{2}/(gifts|cards|me|receipts|early|follow|unsubscribe)(/|$)"),
        ("form", r"/[a-z]{2}/[^/]+/[^/]+/(give|ask|follow)(/|$)"),
        ("document", r"/[a-z]{2}/[^/]+/[^/]+/documents/"),
        ("public", r"/"),
    )
)

CACHING: Mapping[str, str] = {
    "static": "public, max-age=86400",
    "theme": "public, max-age=3600, stale-while-revalidate=86400",
    "totals": "public, max-age=10, stale-while-revalidate=30",
    "share": "public, max-age=3600",
    "picture": "public, max-age=31536000, immutable",
    "embed": "public, max-age=60, stale-while-revalidate=600",
    "machine": "no-store",
    "staff": "private, no-store",
    "token": "private, no-store",
    "form": "private, no-store",
    "document": "public, max-age=300",
    "public": "public, max-age=60, stale-while-revalidate=600",
}
# The answer to a form that a browser without scripts may show once more when one goes back to it, as it was filled.
SHOWN_AGAIN = "private, no-cache"
FOREVER = "public, max-age=31536000, immutable"
READ_BY_OTHERS = {"totals", "share", "embed", "picture"}
SECRET_ADDRESS = {"token", "staff"}
PRIVATE = {"token", "staff", "form"}

# Where the visitor is may be asked for by our own pages alone, when a button says so.
PERMISSIONS = "geolocation=(self), " + ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


def class_of(path: str) -> str:
    """Tell the class of a path: the name under which the tables above know it."""
    return next(name for name, pattern in CLASSES if pattern.match(path))


def policy(path_class: str, checkout_origin: str) -> str:
    """Write the content security policy of a class."""
    forms = {"embed": "'none'", "machine": "'none'", "static": "'none'"}.get(path_class, f"'self' {checkout_origin}")
    if path_class == "document":  # a file of others' making: kept from doing anything where a browser opens it
        return "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
    if path_class in {"machine", "static", "theme", "totals", "share", "picture"}:
        return "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ancestors = "*" if path_class == "embed" else "'none'"
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
        f"form-action {forms}; frame-ancestors {ancestors}; require-trusted-types-for 'script'"
    )


def headers_for(path: str, config: Config, *, versioned: bool = False, status: int = 200) -> dict[str, str]:
    """List the headers of an answer. `versioned` says that a static address carries the mark of its content."""
    name = class_of(path)
    caching = FOREVER if name == "static" and (versioned or "/fonts/" in path) else CACHING[name]
    if status >= 400 and name not in PRIVATE:
        caching = "no-store"
    found = {
        "Content-Security-Policy": policy(name, config.checkout_origin),
        "Cache-Control": caching,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer" if name in SECRET_ADDRESS else "strict-origin-when-cross-origin",
        "Permissions-Policy": PERMISSIONS,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if name in READ_BY_OTHERS else "same-origin",
    }
    if name in SECRET_ADDRESS:  # forms say it in their pages, save the two steps of giving: they name the campaign's
        found["X-Robots-Tag"] = "noindex, nofollow"
    if config.secure:
        found["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return found


def own_origins(public_url: str) -> set[str]:
    """List the origins under which people reach the platform: one, or both names of this machine in the demo."""
    parts = urlsplit(public_url)
    origins = {f"{parts.scheme}://{parts.netloc}"}
    if parts.hostname in LOOPBACK:
        origins |= {f"{parts.scheme}://{parts.netloc.replace(parts.hostname, name)}" for name in LOOPBACK}
    return origins


def is_cross_site(method: str, path: str, headers: Headers | Mapping[str, str], public_url: str) -> bool:
    """Say whether a request that changes something was started by another site.

    Browsers send `Sec-Fetch-Site`; older ones at least `Origin`. Neither is sent by commands, which have no cookies.
    Pages under `no-referrer` send `Origin: null`, which is believed only beside `Sec-Fetch-Site: same-origin`.
    """
    if method not in UNSAFE or path.startswith(NO_BROWSER):
        return False
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site not in {None, "same-origin", "none"}:
        return True
    if origin is None or (origin == "null" and site == "same-origin"):
        return False
    return origin not in own_origins(public_url)


def register(app: Flask, config: Config) -> None:
    """Refuse cross-site changes before anything else runs, and put the headers on every answer.

    A view may set a stricter or longer `Cache-Control` of its own, and the embed card its own policy; they are kept.
    An answer that sets a cookie is never cacheable.
    """

    @app.before_request
    def refuse_cross_site() -> None:
        if is_cross_site(request.method, request.path, request.headers, config.public_url):
            abort(403)

    @app.after_request
    def add_headers(response: Response) -> Response:
        versioned = "v" in request.args
        found = headers_for(request.path, config, versioned=versioned, status=response.status_code)
        if class_of(request.path) == "static":  # Flask's own value knows nothing of versions
            response.headers["Cache-Control"] = found["Cache-Control"]
        for name, value in found.items():
            response.headers.setdefault(name, value)
        shown_again = response.headers["Cache-Control"] == SHOWN_AGAIN
        if "Set-Cookie" in response.headers or (request.method in UNSAFE and not shown_again):
            response.headers["Cache-Control"] = "private, no-store"
        return response
