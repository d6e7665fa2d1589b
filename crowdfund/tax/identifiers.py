"""Numbers by which states know people and companies, and postcodes: is it well formed?"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping

from crowdfund.tax.law import N_

# Patterns of the Universal Postal Union for the countries that gifts come from most; elsewhere any short code is taken.
POSTCODES = {
    "AD": r"AD[0-9]{3}", "AT": r"[0-9]{4}", "AU": r"[0-9]{4}", "BE": r"[1-9][0-9]{3}", "BG": r"[0-9]{4}",
    "CA": r"[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]", "CH": r"[1-9][0-9]{3}", "CY": r"[0-9]{4}", "CZ": r"[0-9]{3} ?[0-9]{2}",
    "DE": r"[0-9]{5}", "DK": r"[0-9]{4}", "EE": r"[0-9]{5}", "ES": r"[0-9]{5}", "FI": r"[0-9]{5}", "FR": r"[0-9]{5}",
    "GB": r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}", "GR": r"[0-9]{3} ?[0-9]{2}", "HR": r"[0-9]{5}", "HU": r"[0-9]{4}",
    "IT": r"[0-9]{5}", "JP": r"[0-9]{3}-?[0-9]{4}", "LI": r"[0-9]{4}", "LT": r"(LT-)?[0-9]{5}", "LU": r"(L-)?[0-9]{4}",
    "LV": r"(LV-)?[0-9]{4}", "MC": r"980[0-9]{2}", "MT": r"[A-Z]{3} ?[0-9]{2,4}", "NL": r"[1-9][0-9]{3} ?[A-Z]{2}",
    "NO": r"[0-9]{4}", "PL": r"[0-9]{2}-[0-9]{3}", "PT": r"[0-9]{4}-[0-9]{3}", "RO": r"[0-9]{6}",
    "SE": r"[0-9]{3} ?[0-9]{2}", "SI": r"[0-9]{4}",
    "SK": r"[0-9]{3} ?[0-9]{2}", "SM": r"4789[0-9]", "US": r"[0-9]{5}(-[0-9]{4})?", "VA": r"00120",
}  # fmt: skip
FIGURES = {
    r"[0-9]{5}": N_("A postcode of this country has five figures."),
    r"[0-9]{4}": N_("A postcode of this country has four figures."),
    r"[1-9][0-9]{3}": N_("A postcode of this country has four figures."),
}
_ANY_POSTCODE = r"[0-9A-Z][0-9A-Z -]{1,10}"

_LA_POSTE = "356000000"
_FISCAL = re.compile(r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]")
# Weights of the characters in odd places of a codice fiscale (DM 12 March 1974)
_ODD_VALUES = (
    (1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
    (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
)
_ODD = dict(zip(string.digits + string.ascii_uppercase, _ODD_VALUES[0] + _ODD_VALUES[1], strict=True))


def compact(text: str) -> str:
    """Write a number without the spaces, dots and dashes that people put in it, in capitals."""
    return re.sub(r"[\s.\-/]", "", text).upper()


def _is_digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_siren(text: str) -> bool:
    """Say whether it is a French company number: nine digits, Luhn key, not all nought."""
    number = compact(text)
    return _is_digits(number, 9) and int(number) > 0 and _luhn(number)


def is_siret(text: str) -> bool:
    """Say whether it is the number of a French establishment: a SIREN and five digits, Luhn key.

    The establishments of La Poste follow a rule of their own: the sum of their digits is a multiple of five.
    """
    number = compact(text)
    if not _is_digits(number, 14) or not is_siren(number[:9]):
        return False
    return _luhn(number) or (number.startswith(_LA_POSTE) and sum(map(int, number)) % 5 == 0)


def is_partita_iva(text: str) -> bool:
    """Say whether it is an Italian VAT number: eleven digits, Luhn key, not all nought."""
    number = compact(text).removeprefix("IT")
    return _is_digits(number, 11) and int(number) > 0 and _luhn(number)


def is_codice_fiscale(text: str) -> bool:
    """Say whether it is an Italian tax code: sixteen characters with their check letter, or eleven digits (bodies)."""
    code = compact(text)
    if len(code) == 11:
        return is_partita_iva(code)
    if not _FISCAL.fullmatch(code):
        return False
    total = sum(
        _ODD[sign] if place % 2 == 0 else (int(sign) if sign.isdigit() else ord(sign) - ord("A"))
        for place, sign in enumerate(code[:15])
    )
    return chr(ord("A") + total % 26) == code[15]


def is_enterprise_number(text: str) -> bool:
    """Say whether it is a Belgian enterprise number: ten digits, the last two are 97 less the rest modulo 97."""
    number = compact(text).removeprefix("BE")
    return _is_digits(number, 10) and number[0] in "01" and 97 - int(number[:8]) % 97 == int(number[8:])


def is_uid(text: str) -> bool:
    """Say whether it is a Swiss company number (CHE and nine digits, the last by modulus 11), with or without its VAT suffix.

    Source: Federal Statistical Office, UID specification, section 2.2 (weights 5 4 3 2 7 6 5 4).
    """
    number = re.sub(r"(MWST|TVA|IVA|HR|RC)$", "", compact(text)).removeprefix("CHE")
    if not _is_digits(number, 9):
        return False
    weighed = sum(int(digit) * weight for digit, weight in zip(number, (5, 4, 3, 2, 7, 6, 5, 4), strict=False))
    return (11 - weighed % 11) % 11 == int(number[8])


def siren_of_vat(text: str) -> str:
    """Give the SIREN inside a French VAT number (FR, two digits of check, SIREN); empty when it is none."""
    number = compact(text)
    key, siren = number[2:4], number[4:]
    if not number.startswith("FR") or not key.isdigit() or not is_siren(siren):
        return ""
    return siren if (12 + 3 * (int(siren) % 97)) % 97 == int(key) else ""


WRONG_FIGURE = N_("One figure of this number must be wrong: compare it with your papers.")
# By country: the check, how many digits such numbers have, and what is said when there are more or fewer.
COMPANY_NUMBERS: Mapping[str, tuple[Callable[[str], bool], frozenset[int], str]] = {
    "FR": (
        lambda text: is_siren(text) or is_siret(text) or bool(siren_of_vat(text)),
        frozenset({9, 11, 14}),
        N_("This is not a SIREN: it has nine digits."),
    ),
    "IT": (is_partita_iva, frozenset({11}), N_("This is not a partita IVA: it has eleven digits.")),
    "BE": (is_enterprise_number, frozenset({10}), N_("This is not an enterprise number: it has ten digits.")),
    "CH": (is_uid, frozenset({9}), N_("This is not a UID: it starts with CHE and has nine digits.")),
}
_ANY_COMPANY_NUMBER = re.compile(r"[0-9A-Z]{4,20}")


def company_number_problem(country: str, text: str) -> str:
    """Say what is wrong with a company's number (a message id); empty when nothing is, or none is given."""
    if not text.strip():
        return ""
    if country not in COMPANY_NUMBERS:
        return "" if _ANY_COMPANY_NUMBER.fullmatch(compact(text)) else N_("This is not a company number.")
    check, lengths, message = COMPANY_NUMBERS[country]
    if check(text):
        return ""
    return WRONG_FIGURE if sum(sign.isdigit() for sign in compact(text)) in lengths else message


def is_postcode(country: str, text: str) -> bool:
    """Say whether it is a postcode of the country (ISO 3166 alpha-2), spaces around it aside."""
    return re.fullmatch(POSTCODES.get(country, _ANY_POSTCODE), text.strip().upper()) is not None


def postcode_problems(values: Mapping[str, str]) -> dict[str, str]:
    """Check the postcode of an address, if one is given."""
    postcode = values.get("postcode")
    if postcode and not is_postcode(values.get("country", ""), postcode):
        return {
            "postcode": FIGURES.get(
                POSTCODES.get(values.get("country", ""), ""), N_("This postcode does not fit the country.")
            )
        }
    return {}
