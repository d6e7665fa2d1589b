"""The pages for people: payment, the bank's confirmation, onboarding. Plain HTML, no script."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from simulator import accounts, checkout
from simulator.cards import BY_NUMBER, MENU, find_card
from simulator.store import PLATFORM, Document
from simulator.words import amount_words, error_words, pick_language, say
from simulator.world import World

pages = Blueprint("pages", __name__, template_folder="templates")
SEE_OTHER = 303


def _world() -> World:
    world: World = current_app.extensions["world"]
    return world


def _origin(url: str | None) -> str:
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _render(
    template: str, *, language: str, status: int = 200, session: Document | None = None, **values: Any
) -> Response:
    def words(key: str, **more: str) -> str:
        return say(key, language, **more)

    amount = amount_words(session["amount_total"], session["currency"], language) if session else ""
    html = render_template(template, say=words, language=language, session=session, amount=amount, **values)
    response = make_response(html, status)
    # Chromium holds the redirect after a form to form-action too: the museum's own address must be allowed.
    home = {_origin(session["success_url"]), _origin(session["cancel_url"])} if session else {values.get("home", "")}
    targets = " ".join(["'self'", *sorted(home - {""})])
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _language(session: Document | None) -> str:
    return pick_language(session["locale"] if session else None, request.headers.get("Accept-Language", ""))


def _missing() -> Response:
    language = _language(None)
    return _render(
        "message.html",
        language=language,
        status=404,
        title=say("missing_title", language),
        text=say("missing", language),
    )


def _success_url(session: Document) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _closed(session: Document) -> Response | None:
    """Answer for a session that cannot be paid any more."""
    language = _language(session)
    if session["status"] == "complete":
        return _render(
            "message.html",
            language=language,
            session=session,
            title=say("paid_title", language),
            text=say("paid", language),
            link=_success_url(session),
            link_text=say("continue", language),
        )
    if session["status"] == "expired":
        return _render(
            "message.html",
            language=language,
            session=session,
            status=410,
            title=say("expired_title", language),
            text=say("expired", language),
            link=session["cancel_url"],
            link_text=say("back", language),
        )
    return None


def _form(session: Document, *, error: str | None = None, status: int = 200) -> Response:
    language = _language(session)
    holder = _world().account_document(session["_account"]) or {}
    return _render(
        "pay.html",
        language=language,
        session=session,
        status=status,
        cards=MENU,
        museum=holder.get("display_name") or "",
        lines=session["_line_items"],
        error=error_words(error, language) if error else None,
        chosen=request.form.get("card", MENU[0].number),
        email=request.form.get("email", session["customer_email"] or ""),
        name=request.form.get("name", ""),
        button="give" if session["submit_type"] == "donate" else "pay",
    )


@pages.get("/c/pay/<ident>")
def payment_page(ident: str) -> BaseResponse:
    """Show the payment page of a session."""
    world = _world()
    with world.store.change():
        session = checkout.find_session(world, ident)
        if session is None:
            return _missing()
        return _closed(session) or _form(session)


@pages.post("/c/pay/<ident>/pay")
def take_payment(ident: str) -> BaseResponse:
    """Present the chosen card: 303 to the success page or to the bank's, 402 with the form when declined."""
    world = _world()
    with world.store.change():
        session = checkout.find_session(world, ident)
        if session is None:
            return _missing()
        if session["status"] == "complete":
            return redirect(_success_url(session), SEE_OTHER)
        closed = _closed(session)
        if closed is not None:
            return closed
        card = find_card(request.form.get("number", "").strip() or request.form.get("card", ""))
        if card is None:
            return _form(session, error="unknown_card", status=422)
        outcome = checkout.pay(
            world, session, card, request.form.get("email", "").strip(), request.form.get("name", "").strip()
        )
        return _after(session, outcome)


def _after(session: Document, outcome: str) -> BaseResponse:
    if outcome == "paid":
        return redirect(_success_url(session), SEE_OTHER)
    if outcome == "authenticate":
        return redirect(f"/c/3ds/{session['id']}", SEE_OTHER)
    return _closed(session) or _form(session, error=session["_error"], status=402)


@pages.get("/c/3ds/<ident>")
def bank_page(ident: str) -> BaseResponse:
    """Show the page where the bank asks the holder."""
    world = _world()
    with world.store.change():
        session = checkout.find_session(world, ident)
        if session is None:
            return _missing()
        closed = _closed(session)
        number = checkout.waiting_card(world, session)
        if closed is not None or number is None:
            return closed or redirect(f"/c/pay/{ident}", SEE_OTHER)
        return _render("bank.html", language=_language(session), session=session, last4=number[-4:])


@pages.post("/c/3ds/<ident>")
def bank_answer(ident: str) -> BaseResponse:
    """Take the holder's answer: `answer` is accept or refuse."""
    world = _world()
    with world.store.change():
        session = checkout.find_session(world, ident)
        if session is None:
            return _missing()
        number = checkout.waiting_card(world, session)
        if number is None:
            return (
                _after(session, "paid") if session["status"] == "complete" else redirect(f"/c/pay/{ident}", SEE_OTHER)
            )
        accepted = request.form.get("answer") == "accept"
        return _after(session, checkout.authenticate(world, session, BY_NUMBER[number], accepted=accepted))


@pages.get("/c/onboarding/<token>")
def onboarding_page(token: str) -> BaseResponse:
    """Show the onboarding page of an account; a link that is used up leads back to the platform for a new one."""
    world = _world()
    with world.store.change():
        link = accounts.take_link(world, token)
        if link is None:
            return _stale(world, token)
        account = world.get(PLATFORM, "v2.core.account", link["account"])
        return _render(
            "onboarding.html", language=_language(None), account=account, token=token, home=_origin(link["return_url"])
        )


@pages.post("/c/onboarding/<token>")
def onboarding_answer(token: str) -> BaseResponse:
    """Finish the onboarding, or leave it half done."""
    world = _world()
    with world.store.change():
        link = accounts.take_link(world, token)
        if link is None:
            return _stale(world, token)
        link["used"] = True
        world.store.save("simulator", link)
        account = world.get(PLATFORM, "v2.core.account", link["account"])
        accounts.set_status(world, account, "active" if request.form.get("answer") == "finish" else "restricted")
        return redirect(link["return_url"], SEE_OTHER)


def _stale(world: World, token: str) -> BaseResponse:
    link = world.store.find("simulator", "_link", token)
    return redirect(link["refresh_url"], SEE_OTHER) if link else _missing()
