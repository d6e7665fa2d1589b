"""The staff's pages of one museum: its gifts, one gift's story, money given back, the books."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts import buckets
from crowdfund.accounts.current import sign_next
from crowdfund.dashboard.balances import read_books
from crowdfund.dashboard.charges import list_charges, read_charge
from crowdfund.dashboard.forms import RefundForm
from crowdfund.dashboard.frame import desk_here
from crowdfund.dashboard.overview import read_today
from crowdfund.dashboard.story import tell
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.forms import shown_values
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.rules import RefundState, refundable
from crowdfund.i18n import N_, current_locale, gettext, in_words
from crowdfund.institutions.permissions import can, keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.money import Money
from crowdfund.payments import service as payments
from crowdfund.payments.provider import ProviderRefused, ProviderUnavailable
from crowdfund.payments.rules import AsideState
from crowdfund.receipts.models import Receipt, ReceiptGift
from crowdfund.receipts.rules import number_text
from crowdfund.storage import Storage
from crowdfund.tenancy import StaffScope, transaction

NO_ANSWER = N_("The payment provider does not answer. Nothing was decided: try again in a few minutes.")

blueprint = Blueprint("dashboard", __name__, url_prefix="/staff/<museum>")
blueprint.after_request(keep_private)
blueprint.app_template_global("can")(can)


@dataclass(frozen=True, slots=True)
class RefundOffer:
    """What the refund form shows. `confirm_url` stands in for it when the person must first prove who they are."""

    url: str
    left: Money
    request: str
    confirm_url: str = ""


@dataclass(frozen=True, slots=True)
class DecisionOffer:
    """Where a payment set aside is decided on; `confirm_url` as for refunds."""

    url: str
    confirm_url: str = ""


@blueprint.get("/")
@requires(Permission.ENTER)
def home() -> AnyResponse:
    """Show today to those who may read; lead the others to the page they work on, or to the public page."""
    slug = membership_here().slug
    if can(Permission.READ_GIFTS):
        with transaction(g.scope) as session:
            today = read_today(session, membership_here(), can, request.args.get("campaign", ""))
            desk = desk_here(session)
        return make_response(render_template("staff/today.html", desk=desk, place="today", today=today))
    if can(Permission.CONVERSE):
        return redirect(url_for("talk.list_of_questions", museum=slug), 303)
    return redirect(f"/{current_locale()}/{slug}/", 303)


@blueprint.get("/gifts/<int:gift_id>")
@requires(Permission.READ_GIFTS)
def one_gift(gift_id: int) -> AnyResponse:
    """Show one gift's whole story."""
    return _gift_page(gift_id, str(uuid4()))


@blueprint.post("/gifts/<int:gift_id>/refund")
@requires(Permission.REFUND, fresh=True)
def refund_gift(gift_id: int) -> AnyResponse:
    """Ask that a gift be given back, wholly or in part, at the second look. The same form twice is one refund."""
    buckets.limited("refund_account", str(person_here().account_id))
    form = RefundForm(request.form, context="")
    with transaction(g.scope) as session:
        gift = _gift(session, gift_id)
        form.amount.currency = gift.currency
        left = _left(session, gift)
    number = _request_number(form)
    if not form.validate() or form.amount.data is None:
        return _gift_page(gift_id, str(number), form.first_errors(), 422)
    amount = form.amount.data
    try:
        with transaction(g.scope) as session:
            payments.check_refundable(session, _gift(session, gift_id))
            if amount.minor <= left.minor and form.sure.data != str(amount.minor):
                return _gift_page(gift_id, str(number), asked=amount)
            gifts.request_refund(session, gift_id, amount, form.reason.data, number)
    except Refusal as refusal:
        errors = {refusal.field or "amount": in_words(refusal)}
        return _gift_page(gift_id, str(number), errors, refusal.status)
    return redirect(url_for(".one_gift", museum=membership_here().slug, gift_id=gift_id), 303)


@blueprint.get("/gifts/<int:gift_id>/receipt.pdf")
@requires(Permission.READ_GIFTS)
def receipt_of_gift(gift_id: int) -> AnyResponse:
    """Give the stored bytes of the gift's last receipt."""
    with transaction(g.scope) as session:
        receipt = session.scalars(
            select(Receipt)
            .join(ReceiptGift, ReceiptGift.receipt_id == Receipt.id)
            .where(ReceiptGift.gift_id == gift_id)
            .order_by(Receipt.id.desc())
            .limit(1)
        ).one_or_none()
    if receipt is None or receipt.storage_key is None:
        raise NotFound
    storage: Storage = current_app.extensions["storage"]
    answer = Response(storage.read(receipt.storage_key), mimetype="application/pdf")
    name = number_text(receipt.series, receipt.year, receipt.number)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.pdf")
    return answer


@blueprint.get("/charges")
@requires(Permission.READ_GIFTS)
def list_of_charges() -> AnyResponse:
    """Show the payments that were set aside."""
    with transaction(g.scope) as session:
        found = list_charges(session, membership_here())
        desk = desk_here(session)
    return make_response(render_template("staff/charges.html", desk=desk, place="charges", found=found))


@blueprint.get("/charges/<int:aside_id>")
@requires(Permission.READ_GIFTS)
def one_charge(aside_id: int) -> AnyResponse:
    """Show one payment that was set aside: what arrived, what was expected, what happened."""
    return _charge_page(aside_id)


@blueprint.post("/charges/<int:aside_id>/accept")
@requires(Permission.DECIDE, fresh=True)
def accept_charge(aside_id: int) -> AnyResponse:
    """Book a payment that was set aside as the gift of its pledge, where the rules allow."""
    buckets.limited("refund_account", str(person_here().account_id))
    return _decided(aside_id, payments.accept)


@blueprint.post("/charges/<int:aside_id>/refund")
@requires(Permission.DECIDE, fresh=True)
def refund_charge(aside_id: int) -> AnyResponse:
    """Ask that a payment that was set aside be given back."""
    buckets.limited("refund_account", str(person_here().account_id))
    return _decided(aside_id, payments.give_back)


def _decided(aside_id: int, decide: Callable[[StaffScope, int], int | None]) -> AnyResponse:
    try:
        gift_id = decide(g.scope, aside_id)
    except Conflict as refusal:
        return _charge_page(aside_id, {"": in_words(refusal)}, refusal.status)
    except (ProviderUnavailable, ProviderRefused):
        return _charge_page(aside_id, {"": gettext(NO_ANSWER)}, 503)
    museum = membership_here().slug
    if gift_id is not None:
        return redirect(url_for(".one_gift", museum=museum, gift_id=gift_id), 303)
    return redirect(url_for(".one_charge", museum=museum, aside_id=aside_id), 303)


def _charge_page(aside_id: int, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    with transaction(g.scope) as session:
        case = read_charge(session, membership_here(), aside_id)
        desk = desk_here(session)
    here = url_for(".one_charge", museum=membership_here().slug, aside_id=aside_id)
    decide = None
    if can(Permission.DECIDE) and case.row.state == AsideState.OPEN:
        decide = DecisionOffer(
            here, "" if person_here().is_fresh else url_for("accounts.confirm", next=sign_next(here))
        )
    page = render_template(
        "staff/charge.html", desk=desk, place="charges", case=case, decide=decide, errors=errors or {}
    )
    return make_response(page, status)


@blueprint.get("/books")
@requires(Permission.READ_BOOKS)
def show_books() -> AnyResponse:
    """Show the books and whether every rule holds."""
    read = read_books(g.scope, membership_here())
    with transaction(g.scope) as session:
        desk = desk_here(session)
    return make_response(render_template("staff/books.html", desk=desk, place="books", books=read))


def _gift_page(
    gift_id: int, number: str, errors: dict[str, str] | None = None, status: int = 200, asked: Money | None = None
) -> AnyResponse:
    with transaction(g.scope) as session:
        story = tell(session, membership_here(), gift_id)
        desk = desk_here(session)
        left = _left(session, _gift(session, gift_id))
    page = render_template(
        "staff/gift.html",
        desk=desk,
        place="gifts",
        story=story,
        refund=_offer(gift_id, left, number),
        values=shown_values(request.form),
        errors=errors or {},
        asked=asked,
    )
    return make_response(page, status)


def _offer(gift_id: int, left: Money, number: str) -> RefundOffer | None:
    if not left or not can(Permission.REFUND):
        return None
    here = url_for(".one_gift", museum=membership_here().slug, gift_id=gift_id)
    confirm = "" if person_here().is_fresh else url_for("accounts.confirm", next=sign_next(here))
    return RefundOffer(f"{here}/refund", left, number, confirm)


def _gift(session: Session, gift_id: int) -> Gift:
    gift = session.scalars(select(Gift).where(Gift.id == gift_id)).one_or_none()
    if gift is None:
        raise NotFound
    return gift


def _left(session: Session, gift: Gift) -> Money:
    """Tell what can still be given back: nothing twice, and not what is asked for already."""
    asked = session.scalar(
        select(func.sum(Refund.amount_minor)).where(Refund.gift_id == gift.id, Refund.state == RefundState.REQUESTED)
    )
    left = refundable(gift.amount_minor, gift.refunded_minor, gift.disputed_minor, gift.lost_minor)
    return Money(max(0, left - int(asked or 0)), gift.currency)


def _request_number(form: RefundForm) -> UUID:
    """Read the form's own number; one that we did not make becomes a new one."""
    try:
        return UUID(str(form.request.data))
    except ValueError:
        return uuid4()
