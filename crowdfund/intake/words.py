"""What is said of a file of donors: the fields, and a sentence for each problem of a row."""

from __future__ import annotations

from collections.abc import Mapping

from crowdfund.i18n import N_, gettext
from crowdfund.intake.rules import Problem

FIELD_NAMES: Mapping[str, str] = {
    "last_name": N_("Last name"),
    "first_name": N_("First name"),
    "company_name": N_("Company"),
    "email": N_("E-mail"),
    "phone": N_("Telephone"),
    "address_line": N_("Address"),
    "address_more": N_("Second line of the address"),
    "postcode": N_("Postcode"),
    "city": N_("Town"),
    "country": N_("Country"),
    "language": N_("Language"),
    "consent": N_("Said yes to the museum’s news"),
    "consent_date": N_("Day on which they said yes"),
    "consent_proof": N_("Where and how they said yes (the proof)"),
    "objection": N_("Wants no contact"),
}
SENTENCES: Mapping[str, str] = {
    "unfit": N_("This is too long, or holds a sign that cannot be written."),
    "email": N_("This is not an e-mail address."),
    "keyless": N_("There is neither an e-mail address nor a name with a postcode: nobody could tell this person from another."),
    "country": N_("This country is not known. Write its name or its two letters."),
    "repeated": N_("The same person stands on line %(other)s."),
    "erased": N_("This person has asked to be forgotten here. They are not brought back."),
    "objects": N_("This person wants no contact. They are left out."),
    "language": N_("This language is not spoken here: the museum’s own is kept."),
    "phone": N_("This is not a telephone number: it is left out."),
    "consent_word": N_("This is neither yes nor no: it counts as no."),
    "consent_date": N_("A yes without a day in the past does not count."),
    "consent_proof": N_("A yes without its proof does not count."),
    "stopped": N_("This person has stopped the museum’s mails: the yes does not count."),
    "no_address": N_("There is no e-mail address to write to: the yes does not count."),
}  # fmt: skip
WEIGHTS: Mapping[str, str] = {  # what a problem does to its row
    "wrong": N_("not taken in"),
    "out": N_("left out"),
    "known": N_("known already"),
    "note": N_("taken in without it"),
}
_OUT, _WRONG = frozenset({"erased", "objects"}), frozenset({"unfit", "email", "keyless", "country"})


def sentence(problem: Problem) -> str:
    """Say a problem in the page's language."""
    return gettext(SENTENCES[problem.code], other=problem.other)


def field_name(name: str) -> str:
    """Name a field in the page's language."""
    return gettext(FIELD_NAMES[name])


def weight(problem: Problem) -> str:
    """Tell what a problem does to its row, as a code of WEIGHTS."""
    if problem.code == "repeated":
        return "known"
    return "out" if problem.code in _OUT else "wrong" if problem.code in _WRONG else "note"
