"""The web side of the mailbox: a list for programs, and pages for people."""

from __future__ import annotations

import base64
import io
from email.message import EmailMessage, MIMEPart
from typing import Any

from flask import Flask, Response, abort, redirect, render_template, request, send_file
from werkzeug.wrappers import Response as BaseResponse

from simulator.mail_smtp import MODES, MailFault, Reception
from simulator.mail_store import MailStore

# A mail's HTML is somebody else's page: no script, no form, no request anywhere.
FOREIGN = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
OWN = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"


def create_app(store: MailStore, reception: Reception) -> Flask:
    """Build the web application of a mailbox."""
    app = Flask("simulator", static_folder="static", static_url_path="/_mail/static")

    @app.after_request
    def guard(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Content-Security-Policy", OWN)
        return response

    _add_list(app, store, reception)
    _add_pages(app, store)
    return app


def _add_list(app: Flask, store: MailStore, reception: Reception) -> None:
    @app.get("/_mail/")
    def listed() -> list[dict[str, Any]]:
        return [mail.shown() for mail in store.newest_first(request.args.get("to"))]

    @app.delete("/_mail/")
    def clear() -> dict[str, int]:
        return {"deleted": store.clear()}

    @app.get("/_mail/<ident>.eml")
    def raw(ident: str) -> Response:
        content = store.content(ident)
        if content is None:
            abort(404)
        return Response(content, content_type="message/rfc822")

    @app.get("/_mail/<ident>/attachments/<int:number>")
    def attachment(ident: str, number: int) -> Response:
        parts = _attachments(_message(store, ident))
        if number >= len(parts):
            abort(404)
        part = parts[number]
        content = part.get_payload(decode=True)
        data = content if isinstance(content, bytes) else b""
        name = part.get_filename() or f"part-{number}"
        response = send_file(io.BytesIO(data), mimetype=part.get_content_type(), as_attachment=True, download_name=name)
        response.headers["Content-Security-Policy"] = FOREIGN
        return response

    @app.post("/_mail/faults")
    def misbehave() -> tuple[dict[str, Any], int]:
        wanted = request.get_json(silent=True) or {}
        if not isinstance(wanted, dict) or wanted.get("mode") not in MODES:
            return {"error": f"mode must be one of {', '.join(MODES)}"}, 400
        fault = MailFault(wanted["mode"], int(wanted.get("times", -1)), wanted.get("to"))
        fault.seconds = float(wanted.get("seconds", fault.seconds))
        reception.misbehave(fault)
        return {"mode": fault.mode, "times": fault.times, "to": fault.to}, 200


def _add_pages(app: Flask, store: MailStore) -> None:
    @app.get("/")
    @app.get("/_mail/view")
    def home() -> BaseResponse:
        return redirect("/_mail/view/")

    @app.get("/_mail/view/")
    def view_all() -> str:
        return render_template(
            "mails.html", mails=store.newest_first(request.args.get("to")), to=request.args.get("to")
        )

    @app.get("/_mail/view/<ident>")
    def view(ident: str) -> str:
        message, mail = _message(store, ident), store.find(ident)
        text = message.get_body(preferencelist=("plain",))
        return render_template(
            "mail.html",
            mail=mail,
            headers=[(name, str(value)) for name, value in message.items()],
            text=text.get_content() if text is not None else "",
            has_html=message.get_body(preferencelist=("html",)) is not None,
            attachments=[(part.get_filename() or "", part.get_content_type()) for part in _attachments(message)],
        )

    @app.get("/_mail/view/<ident>/html")
    def html(ident: str) -> Response:
        body = _message(store, ident).get_body(preferencelist=("html",))
        if body is None:
            abort(404)
        response = Response(_with_pictures(body, _message(store, ident)), content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = FOREIGN
        return response


def _message(store: MailStore, ident: str) -> EmailMessage:
    message = store.message(ident)
    if message is None:
        abort(404)
    return message


def _with_pictures(body: MIMEPart, message: EmailMessage) -> str:
    """Show the pictures that came with the mail where its HTML names them, as mail programs do."""
    html = str(body.get_content())
    for part in message.walk():
        named = part.get("Content-ID", "").strip("<>")
        if named and part.get_content_maintype() == "image":
            coded = base64.b64encode(part.get_payload(decode=True)).decode()  # type: ignore[arg-type]
            html = html.replace(f'"cid:{named}"', f'"data:{part.get_content_type()};base64,{coded}"')
    return html


def _attachments(message: EmailMessage) -> list[EmailMessage]:
    return list(message.iter_attachments())
