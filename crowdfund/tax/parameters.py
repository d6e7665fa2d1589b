"""Figures of the law, each with the days on which it holds and where it was read.

Rates are in basis points (6600 = 66 %), ceilings in minor units of the country's currency. A change of law is a new
row, never an edit: gifts of the past keep their figures. Checked last on the date given in `checked_on`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from crowdfund.tax.law import Form

CHECKED = date(2026, 11, 22)


class NoParameter(LookupError):
    """No figure of the law is known for that day."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One figure, until its last day `valid_to` (None: in force). `provisional`: a newer one is due, not found yet."""

    name: str
    valid_from: date
    valid_to: date | None
    value: int
    source: str
    checked_on: date = CHECKED
    provisional: bool = False

    def holds(self, on: date) -> bool:
        """Say whether the figure holds on that day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class FormRevision:
    """A revision of an official form, by the day on which receipts are issued."""

    form: Form
    valid_from: date
    valid_to: date | None
    source: str

    def holds(self, on: date) -> bool:
        """Say whether the revision is in use on that day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


def _year(first: int, last: int | None = None) -> tuple[date, date | None]:
    return date(first, 1, 1), None if last is None else date(last, 12, 31)


_OPENFISCA = "OpenFisca-France, parameters of art. 200 CGI, 2026-07-23"
_NOSDEPUTES = "Loi 2019-1479 art. 134; CGI art. 238 bis; Assemblée nationale, débats"
_ANNEX = "CGI annexe IV art. 23 N; arrêté du 9 juillet 2021"
_HERITAGE = "Loi 2023-1322 art. 30; CMS 2024; Que Choisir 2026 (not renewed)"
_BELGIUM = "SPF Finances, libéralités; loi de décembre 2025; CIR 92 art. 145/33"
_CTS = "D.Lgs. 117/2017 art. 83"
_BONUS = "DL 83/2014 art. 1; L. 208/2015; circolare 34/E of 2023-12-28"

PARAMETERS = (
    # France, individuals: art. 200
    Parameter("fr.200.rate", *_year(2005), 6600, f"{_OPENFISCA}; BOI-IR-RICI-250-30"),
    Parameter("fr.200.income_share", *_year(2002), 2000, f"{_OPENFISCA}; BOI-IR-RICI-250-30"),
    Parameter("fr.200.carry_years", *_year(2003), 5, "BOI-IR-RICI-250-30"),
    # art. 200-1 ter: bodies helping people in need
    Parameter("fr.200_1ter.rate", *_year(2005), 7500, _OPENFISCA),
    Parameter("fr.200_1ter.ceiling", *_year(2017, 2017), 531_00, _OPENFISCA),
    Parameter("fr.200_1ter.ceiling", *_year(2018, 2018), 537_00, _OPENFISCA),
    Parameter("fr.200_1ter.ceiling", *_year(2019, 2019), 546_00, _OPENFISCA),
    Parameter("fr.200_1ter.ceiling", date(2020, 1, 1), date(2025, 10, 13), 1_000_00, _OPENFISCA),
    # one source says 15 October
    Parameter("fr.200_1ter.ceiling", date(2025, 10, 14), None, 2_000_00, "Loi 2026-103 art. 28; MoneyVox; Legifiscal"),
    # religious heritage by the Fondation du patrimoine: outside its days the ceiling is nil and the ordinary rate holds
    Parameter("fr.religious_heritage.rate", *_year(2005), 7500, _HERITAGE),
    Parameter("fr.religious_heritage.ceiling", date(2005, 1, 1), date(2023, 9, 14), 0, _HERITAGE),
    Parameter("fr.religious_heritage.ceiling", date(2023, 9, 15), date(2025, 12, 31), 1_000_00, _HERITAGE),
    Parameter("fr.religious_heritage.ceiling", date(2026, 1, 1), None, 0, _HERITAGE),
    # restoration of Chambord: gifts of 2026 only
    Parameter("fr.chambord.rate", *_year(2005), 7500, "Que Choisir 2026, n174642"),
    Parameter("fr.chambord.ceiling", *_year(2005, 2025), 0, "Que Choisir 2026, n174642"),
    Parameter("fr.chambord.ceiling", *_year(2026, 2026), 1_000_00, "Que Choisir 2026, n174642"),
    Parameter("fr.chambord.ceiling", *_year(2027), 0, "Que Choisir 2026, n174642"),
    # art. 978: wealth tax on real estate
    Parameter("fr.978.rate", *_year(2018), 7500, _OPENFISCA),
    Parameter("fr.978.ceiling", *_year(2018), 50_000_00, _OPENFISCA),
    # companies: art. 238 bis (rows start with the first financial years that they govern)
    Parameter("fr.238bis.rate", *_year(2020), 6000, _NOSDEPUTES),
    Parameter("fr.238bis.rate_above", *_year(2020), 4000, _NOSDEPUTES),
    Parameter("fr.238bis.threshold", *_year(2020), 2_000_000_00, _NOSDEPUTES),
    Parameter("fr.238bis.floor", *_year(2020), 20_000_00, _NOSDEPUTES),
    Parameter("fr.238bis.turnover_share", *_year(2020), 50, _NOSDEPUTES),
    Parameter("fr.238bis.carry_years", *_year(2020), 5, _NOSDEPUTES),
    # companies: art. 238 bis-0 A, national treasures and works of major interest
    Parameter("fr.238bis_0a.rate", date(2002, 1, 5), None, 9000, "CGI art. 238 bis-0 A; BOI of 2002-10-24"),
    Parameter("fr.238bis_0a.tax_share", date(2002, 1, 5), None, 5000, "CGI art. 238 bis-0 A; BOI of 2002-10-24"),
    # counterparts
    Parameter("fr.counterpart.share", *_year(2011), 2500, "BOI-IR-RICI-250-20; BOI-BIC-RICI-20-30-10-20 of 2023-06-21"),
    Parameter("fr.counterpart.ceiling", *_year(2011, 2015), 65_00, _ANNEX),
    Parameter("fr.counterpart.ceiling", *_year(2016, 2020), 69_00, _ANNEX),
    Parameter("fr.counterpart.ceiling", *_year(2021, 2025), 73_00, _ANNEX),
    # indexed every five years: the figure for 2026-2030 is due and was not found, 73 is the last one known
    Parameter("fr.counterpart.ceiling", *_year(2026), 73_00, f"{_ANNEX}, copy of 2026-01-01", provisional=True),
    # Italy
    Parameter("it.art_bonus.rate", *_year(2014), 6500, _BONUS),
    Parameter("it.art_bonus.income_share", *_year(2014), 1500, _BONUS),
    Parameter("it.art_bonus.turnover_share", *_year(2014), 50, _BONUS),
    Parameter("it.art_bonus.instalments", *_year(2014), 3, _BONUS),
    Parameter("it.cts_83.rate", *_year(2018), 3000, f"{_CTS} c. 1"),
    Parameter("it.cts_83_odv.rate", *_year(2018), 3500, f"{_CTS} c. 1"),
    Parameter("it.cts_83.ceiling", *_year(2018), 30_000_00, f"{_CTS} c. 1"),
    Parameter("it.cts_83.income_share", *_year(2018), 1000, f"{_CTS} c. 2"),
    Parameter("it.cts_83.carry_years", *_year(2018), 4, f"{_CTS} c. 2"),
    Parameter("it.stamp_duty.amount", date(2013, 6, 26), None, 2_00, "DPR 642/1972, Tariffa, art. 13; DL 43/2013"),
    Parameter("it.stamp_duty.threshold", date(2002, 1, 1), None, 77_47, "DPR 642/1972, Tariffa, art. 13"),
    # Belgium
    Parameter("be.145_33.rate", *_year(2013, 2019), 4500, _BELGIUM),
    Parameter("be.145_33.rate", *_year(2020, 2020), 6000, _BELGIUM),
    Parameter("be.145_33.rate", *_year(2021, 2024), 4500, _BELGIUM),
    Parameter("be.145_33.rate", *_year(2025), 3000, _BELGIUM),
    Parameter("be.145_33.floor", *_year(2013), 40_00, _BELGIUM),
    Parameter("be.145_33.income_share", *_year(2013), 1000, _BELGIUM),
    # Switzerland
    Parameter("ch.ifd.floor", *_year(2006), 100_00, "LIFD art. 33a; Zewo"),
    Parameter("ch.ifd.income_share", *_year(2006), 2000, "LIFD art. 33a; Zewo"),
    Parameter("ch.icc_ge.floor", *_year(2010), 0, "Genève, guide fiscal 2021"),
    Parameter("ch.icc_ge.income_share", *_year(2010), 2000, "Genève, guide fiscal 2021"),
)

_DOLIBARR = "Dolibarr 2026, transcription of the official form"
FORMS = (
    FormRevision(
        Form("2041-RD", "11580*05", "fr_2041_rd"), date(2022, 1, 1), None, f"{_DOLIBARR}; impots.gouv.fr 2026-08-20"
    ),
    FormRevision(Form("2041-MEC-SD", "16216*01", "fr_2041_mec_sd"), *_year(2022, 2022), "Compta Online, ar6255"),
    FormRevision(
        Form("2041-MEC-SD", "16216*02", "fr_2041_mec_sd"), *_year(2023, 2025), "Votre expert des associations, 5638"
    ),
    FormRevision(Form("2041-MEC-SD", "16216*03", "fr_2041_mec_sd"), *_year(2026), _DOLIBARR),
    FormRevision(Form("Art Bonus", "DL 83/2014", "it_art_bonus"), *_year(2014), _BONUS),
    FormRevision(Form("CTS art. 83", "D.Lgs. 117/2017", "it_cts"), *_year(2018), _CTS),
)


def parameter(name: str, on: date) -> Parameter:
    """Look up a figure of the law on a day. Raises NoParameter when none is known."""
    for row in PARAMETERS:
        if row.name == name and row.holds(on):
            return row
    raise NoParameter(f"{name} on {on.isoformat()}")


def value(name: str, on: date) -> int:
    """Look up the value of a figure on a day. Raises NoParameter when none is known."""
    return parameter(name, on).value


def form(code: str, on: date) -> Form:
    """Look up the revision of a form for receipts issued on a day. Raises NoParameter when none is known."""
    for row in FORMS:
        if row.form.code == code and row.holds(on):
            return row.form
    raise NoParameter(f"form {code} on {on.isoformat()}")
