"""What the acts of the trail are called, in words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from babel.numbers import format_decimal

from crowdfund.i18n import N_, current_locale, gettext

ACTS: Mapping[str, str] = {
    "ambassador.off": N_("switched an ambassador’s link off"),
    "ambassador.on": N_("switched an ambassador’s link on again"),
    "ambassador.set_up": N_("set up an ambassador’s page"),
    "bank_details.changed": N_("changed the account donors pay into"),
    "batch.approved": N_("approved a batch of cheques"),
    "batch.counted": N_("closed a batch of cheques"),
    "batch.dropped": N_("dropped a batch of cheques"),
    "batch.opened": N_("began a batch of cheques"),
    "batch.reopened": N_("opened a batch of cheques again"),
    "campaign.agreement_asked": N_("asked for the agreements to a campaign"),
    "campaign.approved": N_("noted an agreement to a campaign"),
    "campaign.begun": N_("began a campaign"),
    "campaign.asked": N_("asked donors what becomes of their gifts"),
    "campaign.closed": N_("ended a campaign"),
    "campaign.decision": N_("noted a decision on a campaign"),
    "campaign.edited": N_("changed a campaign"),
    "campaign.step_taken_back": N_("took back what was told of the work"),
    "campaign.step_told": N_("told what became of the work"),
    "campaign.taken_back": N_("made a scheduled campaign a draft again"),
    "campaign.withdrawn": N_("withdrew a campaign"),
    "campaign.words": N_("said how far a campaign’s words are"),
    "charge.accepted": N_("accepted a payment set aside"),
    "charge.refund_requested": N_("asked to give back a payment set aside"),
    "cheque.corrected": N_("corrected a cheque"),
    "cheque.entered": N_("entered a cheque"),
    "cheque.removed": N_("removed a cheque from its batch"),
    "cheque.returned": N_("noted that a cheque came back unpaid"),
    "consent.given": N_("gave a consent"),
    "consent.withdrawn": N_("withdrew a consent"),
    "count.confirmed": N_("confirmed a count"),
    "count.dropped": N_("dropped a count"),
    "count.recorded": N_("recorded a count"),
    "dedication.corrected": N_("corrected a dedication"),
    "document.added": N_("added a document"),
    "document.described": N_("changed the words of a document"),
    "document.replaced": N_("replaced a document’s file"),
    "donor.apart": N_("said that two records are two people"),
    "donor.apart_again": N_("asked again whether two records are two people"),
    "donor.call": N_("noted a call with a donor"),
    "donor.erased": N_("erased a donor"),
    "donor.exported": N_("handed a donor their data"),
    "donor.letter": N_("noted a letter to or from a donor"),
    "donor.merged": N_("merged two records of a donor"),
    "donor.note": N_("wrote a note on a donor"),
    "donor.note_dropped": N_("deleted a note on a donor"),
    "donor.phone": N_("changed a donor’s telephone number"),
    "donor.separated": N_("undid the merge of two records of a donor"),
    "donor.tagged": N_("gave a donor a tag"),
    "donor.untagged": N_("took a tag from a donor"),
    "donor.visit": N_("noted a donor’s visit"),
    "donor_file.applied": N_("took a file of donors in"),
    "donor_file.brought": N_("brought a file of donors"),
    "donor_file.dropped": N_("dropped a file of donors"),
    "donor_file.undone": N_("took a file of donors back"),
    "door.in": N_("let guests in at the door"),
    "door.undone": N_("took back an arrival at the door"),
    "early_link.made": N_("made a link for first visitors"),
    "early_link.revoked": N_("revoked a link for first visitors"),
    "gathering.cancelled": N_("cancelled a gathering"),
    "gathering.changed": N_("changed a gathering"),
    "gathering.invited": N_("invited donors to a gathering"),
    "gathering.open": N_("opened the booking of a gathering"),
    "gathering.planned": N_("planned a gathering"),
    "gift.choice": N_("chose what becomes of a gift whose appeal came to nothing"),
    "gift.choice_noted": N_("noted what a donor answered"),
    "gift.choice_taken_back": N_("took back an answer noted for a donor"),
    "gift.moved": N_("moved a gift to another campaign"),
    "gift.question_not_posted": N_("took back that a letter to ask a donor was posted"),
    "gift.question_posted": N_("posted a letter to ask a donor"),
    "gift.refund_refused": N_("was refused a refund by the provider"),
    "gift.refund_requested": N_("asked to give a gift back"),
    "installation.restored": N_("restored everything from a backup"),
    "installation.resumed": N_("switched the restored copy on"),
    "invitation.accepted": N_("took up an invitation"),
    "invitation.made": N_("invited a colleague"),
    "invitation.sent_again": N_("sent an invitation again"),
    "invitation.withdrawn": N_("withdrew an invitation"),
    "issuer.added": N_("added who signs the receipts"),
    "lessons.written": N_("wrote down what was learnt"),
    "line.approved": N_("approved a payment on the account as a gift"),
    "line.aside": N_("set a payment on the account aside"),
    "line.matched": N_("said whose a payment on the account is"),
    "line.returned": N_("noted a payment on the account as sent back"),
    "line.taken_back": N_("took back a gift booked under a wrong name"),
    "line.undone": N_("laid a payment on the account back to be matched"),
    "member.added": N_("took a colleague into the team"),
    "member.left": N_("removed a colleague from the team"),
    "member.role_changed": N_("changed a colleague’s role"),
    "mention.added": N_("noted where the campaign was spoken of"),
    "mention.removed": N_("removed a note of where it was spoken of"),
    "news.approved": N_("approved a text"),
    "news.corrected": N_("corrected a piece of news"),
    "news.published": N_("published a piece of news"),
    "picture.added": N_("added a picture"),
    "picture.described": N_("described a picture"),
    "place.made": N_("made a place for a poster"),
    "plaque.left_out": N_("left a name off a plaque, or took it back on"),
    "plaque.lock_set": N_("said until when the names of a plaque may change"),
    "plaque.name": N_("corrected a name on a plaque"),
    "plaque.names_fixed": N_("fixed the names of a plaque"),
    "plaque.set_up": N_("said how a plaque is made"),
    "plaque.signed": N_("signed a plaque"),
    "plaque.sort_word": N_("moved a name to another place on a plaque"),
    "pledge.announced_at_desk": N_("noted a transfer or cheque to come"),
    "pledge.called_off": N_("called off a transfer or cheque to come"),
    "question.answered": N_("answered a question"),
    "question.set_aside": N_("set a question aside"),
    "receipt.cancelled": N_("cancelled a receipt"),
    "receipt.issued": N_("issued a receipt"),
    "receipt.reinstated": N_("put a receipt back in force"),
    "receipt.rendered": N_("printed a receipt"),
    "receipt.replaced": N_("replaced a receipt"),
    "receipt.suspended": N_("suspended a receipt"),
    "review.asked": N_("asked another museum to read a campaign"),
    "review.ended": N_("ended another museum’s reading"),
    "second_factor.reset": N_("took away a lost second step"),
    "second_factor.reset_asked": N_("said that a colleague lost the second step"),
    "second_factor.reset_stopped": N_("stopped the new second step"),
    "statement.dropped": N_("dropped a bank statement"),
    "statement.imported": N_("took in a bank statement"),
    "statement.signed": N_("signed a final statement"),
    "thanks.call": N_("noted a call of thanks"),
    "thanks.printed": N_("printed letters of thanks"),
    "thanks.sent": N_("sent thanks"),
    "view.dropped": N_("deleted a saved view"),
    "view.kept": N_("saved a view of a list"),
}
FAMILIES: Mapping[str, str] = {
    "document": N_("changed the state of a document"),
    "donor": N_("worked on a donor’s record"),
    "gathering": N_("moved a gathering on"),
    "line": N_("dealt with a payment on the account"),
    "plaque": N_("changed a name on a plaque"),
    "rewards": N_("marked rewards"),
    "thanks": N_("changed how donors are thanked"),
}
THINGS: Mapping[str, str] = {
    "ambassador": N_("ambassador"),
    "aside": N_("payment set aside"),
    "batch": N_("batch of cheques"),
    "booking": N_("booking"),
    "campaign": N_("campaign"),
    "charge": N_("payment set aside"),
    "cheque": N_("cheque"),
    "count": N_("count"),
    "donor": N_("donor"),
    "donor_file": N_("file of donors"),
    "early_link": N_("link for first visitors"),
    "gathering": N_("gathering"),
    "gift": N_("gift"),
    "installation": N_("installation"),
    "invitation": N_("invitation"),
    "issuer": N_("issuer"),
    "line": N_("payment on the account"),
    "member": N_("member"),
    "news": N_("piece of news"),
    "picture": N_("picture"),
    "place": N_("place"),
    "pledge": N_("promise"),
    "question": N_("question"),
    "refund": N_("refund"),
    "reward": N_("reward"),
    "statement": N_("bank statement"),
    "thank_rule": N_("rule of thanks"),
    "view": N_("saved view"),
}
# What an entry tells beside the act, by its name there.
DETAILS: Mapping[str, str] = {
    "after": N_("after"),
    "amount_minor": N_("amount"),
    "before": N_("before"),
    "before_minor": N_("before"),
    "cheques": N_("cheques"),
    "columns": N_("columns"),
    "correction": N_("correction"),
    "count": N_("how many"),
    "dated_on": N_("of the day"),
    "donor_id": N_("donor"),
    "fields": N_("fields"),
    "filters": N_("chosen by"),
    "format": N_("file"),
    "gift_id": N_("gift"),
    "gifts": N_("gifts"),
    "kind": N_("kind"),
    "letters": N_("letters"),
    "locale": N_("language"),
    "merged": N_("the other record"),
    "other": N_("the other record"),
    "number": N_("number"),
    "on": N_("day"),
    "origin": N_("coming from"),
    "part": N_("as"),
    "people": N_("people"),
    "pledge_id": N_("promise"),
    "reason": N_("reason"),
    "refund_id": N_("refund"),
    "revision": N_("version"),
    "role": N_("role"),
    "rows": N_("rows"),
    "sha256": N_("fingerprint"),
    "size": N_("size"),
    "state": N_("state"),
    "step": N_("step"),
    "to_gift_id": N_("became gift"),
    "total_minor": N_("sum"),
}
MOST_TOLD, SHOWN_OF_A_HASH = 5, 12  # of a list, and of a fingerprint, in one line of the trail


def act_in_words(action: str) -> str:
    """Say an act; one without words of its own by its family, or by its code."""
    known = ACTS.get(action) or FAMILIES.get(action.partition(".")[0])
    return gettext(known) if known else action


def subject_in_words(subject: str) -> str:
    """Say what was acted on: "gift 12"."""
    kind, colon, number = subject.partition(":")
    return f"{gettext(THINGS[kind])} {number}" if colon and kind in THINGS else subject


def actor_in_words(actor: str, names: Mapping[str, str]) -> str:
    """Say who acted: a person by name, a donor, the house itself."""
    if actor in names:
        return names[actor] or gettext(N_("a person who has left"))
    kind, _colon, reason = actor.partition(":")
    if kind == "operator":
        return gettext(N_("the operator (%(reason)s)"), reason=reason)
    if kind in {"outbox", "platform"}:
        return gettext(N_("the house itself"))
    return gettext(N_("a donor")) if kind == "donor" else actor


def details_in_words(detail: Mapping[str, object]) -> str:
    """Say what an entry tells beside the act; a name without words of its own stays as it is."""
    return " · ".join(f"{gettext(DETAILS.get(name, name))} {_told(name, value)}" for name, value in detail.items())


def _told(name: str, value: object) -> str:
    """Write a detail: whole units with two decimals, the beginning of a fingerprint and of a long list."""
    if name.endswith("_minor") and isinstance(value, int):
        return format_decimal(Decimal(value).scaleb(-2), "#,##0.00", locale=current_locale())
    if name.endswith("sha256"):
        return str(value)[:SHOWN_OF_A_HASH]
    if not isinstance(value, list):
        return str(value)
    more = len(value) - MOST_TOLD
    return ", ".join(str(one) for one in value[:MOST_TOLD]) + (f" (+{more})" if more > 0 else "")
