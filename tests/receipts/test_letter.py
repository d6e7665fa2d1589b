"""The letters: all that the forms ask for is on one tagged page, whoever the donor is."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader
from weasyprint import HTML

from crowdfund import pdf
from crowdfund.money import Money
from crowdfund.pdf import PdfError
from crowdfund.receipts import letter
from crowdfund.receipts.snapshot import DonorBlock, GiftBlock, IssuerBlock, Snapshot, printable

CITY = IssuerBlock(
    legal_name="Ville d’Aubrac-sur-Loire",
    kind="musee_de_france",
    identifiers=(("SIREN", "217 300 001"),),
    address_lines=("1 place du Palais", "12000 Aubrac", "France"),
    purpose="Conservation et enrichissement des collections publiques du musée",
    category="Musée de France",
    signatory_name="A. Mollard",
    signatory_quality="Le régisseur, par délégation du maire",
    place="Aubrac",
)
TOWN = replace(
    CITY,
    legal_name="Comune di Borgofranco",
    kind="public_museum_it",
    identifiers=(("Codice fiscale", "00123456789"),),
    address_lines=("Piazza del Popolo 1", "46020 Borgofranco", "Italia"),
    purpose="Tutela del patrimonio culturale",
    category="Museo di appartenenza pubblica",
    signatory_name="G. Bianchi",
    signatory_quality="La dirigente",
    place="Borgofranco",
)
CAMILLE = DonorBlock(
    kind="individual", name="Camille Rey", address_lines=("8 rue des Tanneurs", "73000 Chambéry", "France")
)
MARIO = DonorBlock(
    kind="individual",
    name="Mario Rossi",
    address_lines=("Via Roma 1", "00186 Roma", "Italia"),
    identifiers=(("Codice fiscale", "RSSMRA85T10A562S"),),
)
COMPANY = DonorBlock(
    kind="company",
    name="Établissements Charpentier, Lefèvre & Fils – Manufacture de Porcelaines",
    legal_form="Société par actions simplifiée",
    identifiers=(("SIREN", "732 829 320"),),
    address_lines=("12 quai de la Loire", "44000 Nantes", "France"),
)
FORMS: dict[str, dict[str, Any]] = {
    "fr_2041_rd": {
        "form": "2041-RD",
        "form_revision": "11580*05",
        "regime": "fr_200",
        "legal_articles": ("200",),
        "issuer": CITY,
        "donor": CAMILLE,
    },
    "fr_2041_mec_sd": {
        "form": "2041-MEC-SD",
        "form_revision": "16216*03",
        "regime": "fr_238bis",
        "legal_articles": ("238 bis",),
        "issuer": CITY,
        "donor": COMPANY,
    },
    "it_art_bonus": {
        "form": "Art Bonus",
        "form_revision": "DL 83/2014",
        "regime": "it_art_bonus",
        "legal_articles": ("art. 1 DL 83/2014",),
        "issuer": TOWN,
        "donor": MARIO,
        "art_bonus_intervention": "AB-2026-0457",
        "stamp_duty": "Esente da imposta di bollo: ente pubblico.",
    },
    "it_cts": {
        "form": "CTS art. 83",
        "form_revision": "D.Lgs. 117/2017",
        "regime": "it_cts_83",
        "legal_articles": ("art. 83 c. 1 D.Lgs. 117/2017",),
        "issuer": replace(TOWN, legal_name="Amici del Museo", identifiers=(("RUNTS", "12345"),)),
        "donor": MARIO,
        "stamp_duty": "Esente da imposta di bollo ai sensi dell'art. 82, comma 5, D.Lgs. 117/2017.",
    },
}


def snapshot(template: str = "fr_2041_rd", **changes: Any) -> Snapshot:
    """Make the snapshot of a gift of 50 EUR by card on the form."""
    gift = changes.pop("gift", GiftBlock(amount_minor=5000, currency="EUR", date=date(2026, 11, 20), method="card"))
    values: dict[str, Any] = {
        "template": template,
        "number": "AUB-2026-000123",
        "series": "AUB",
        "year": 2026,
        "issued_at": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        "issued_on": date(2026, 11, 22),
        "locale": letter.LANGUAGES[template],
        "museum_name": "Musée d’Aubrac",
        "campaign": "Acquisition du Service aux Hirondelles",
        "gift": gift,
        "amount_words": letter.amount_in_words(gift.amount, template),
        "verification_url": "https://cimaise.example/fr/receipts/k7q2mzr5xw4c3n6p8t9v2b5d7f",
        "verification_code": "k7q2mzr5xw4c3n6p8t9v2b5d7f",
        "rules_version": "2026-11-22",
        "platform_name": "Cimaise",
    }
    return Snapshot(**values | FORMS[template] | changes)


def read(pdf: bytes) -> str:
    """Read the words of a PDF, its spaces made plain."""
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return re.sub(r"\s+", " ", text)


def signature() -> str:
    drawn = io.BytesIO()
    Image.new("RGBA", (360, 120), (34, 58, 138, 80)).save(drawn, "PNG")
    return base64.b64encode(drawn.getvalue()).decode()


# The mentions that each form asks for, one a line
EXPECTED = {
    "fr_2041_rd": """
        Reçu au titre des dons
        Cerfa n° 11580*05
        N° AUB-2026-000123
        Ville d’Aubrac-sur-Loire
        SIREN 217 300 001
        1 place du Palais, 12000 Aubrac, France
        Conservation et enrichissement
        Musée de France
        Camille Rey
        8 rue des Tanneurs, 73000 Chambéry, France
        50,00 €
        ***50,00 €***
        cinquante euros
        20 novembre 2026
        Déclaration de don manuel
        Numéraire
        Carte bancaire
        Contrepartie Aucune
        200 du CGI
        certifie sur l’honneur
        Fait à Aubrac, le 22 novembre 2026
        A. Mollard
        1740 A
        L. 80 C
        k7q2mzr5xw4c3n6p8t9v2b5d7f
    """,
    "fr_2041_mec_sd": """
        Cerfa n° 16216*03
        2041-MEC-SD
        Manufacture de Porcelaines
        Société par actions simplifiée
        SIREN 732 829 320
        Dons en numéraire 50,00 €
        Dons en nature Néant
        Total des dons 50,00 €
        Total en toutes lettres : cinquante euros
        238 bis du CGI
        60 % jusqu’à deux millions
    """,
    "it_art_bonus": """
        Ricevuta di erogazione liberale
        Art Bonus
        83
        Comune di Borgofranco
        Mario Rossi
        RSSMRA85T10A562S
        cinquanta euro
        ***50,00 €***
        AB-2026-0457
        tracciabile
        credito d’imposta del 65 %
        tre quote annuali
        Causale: Art Bonus – Comune di Borgofranco
        Esente da imposta di bollo
        20 novembre 2026
    """,
    "it_cts": """
        Terzo settore
        117
        Amici del Museo
        RUNTS 12345
        detrazione dall’imposta del 30 %
        30.000 euro
        art. 82, comma 5
        Carta di pagamento (tracciabile)
        Controprestazione Nessuna
    """,
}


@pytest.mark.parametrize("template", FORMS)
def test_all_that_the_form_asks_for_is_on_its_one_page(template: str) -> None:
    pdf = letter.render(snapshot(template, signature_png=signature()))
    text = read(pdf)
    for expected in EXPECTED[template].strip().splitlines():
        assert expected.strip() in text, expected
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.pages) == 1
        assert str(opened.Root.Lang) == letter.LANGUAGES[template]
        assert opened.open_metadata()["pdfaid:part"] == "3"
        assert "/StructTreeRoot" in opened.Root


def test_a_company_s_form_never_speaks_of_article_200_nor_a_person_s_of_238_bis() -> None:
    assert "238" not in read(letter.render(snapshot("fr_2041_rd")))
    assert "article 200" not in read(letter.render(snapshot("fr_2041_mec_sd")))


def test_the_machine_s_copy_is_the_snapshot_without_the_signature() -> None:
    issued = snapshot(signature_png=signature())
    with pikepdf.open(io.BytesIO(letter.render(issued))) as pdf:
        embedded = json.loads(pdf.attachments["AUB-2026-000123.json"].get_file().read_bytes())
        assert Snapshot.from_json(embedded) == replace(issued, signature_png="")
        [file] = list(pdf.Root.AF)
        assert str(file.AFRelationship) == "/Data"


def test_the_title_names_no_donor() -> None:
    pdf = letter.render(snapshot())
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert opened.open_metadata()["dc:title"] == "Reçu AUB-2026-000123"
        assert "Camille" not in str(opened.open_metadata()) + str(dict(opened.docinfo))


def test_same_snapshot_same_bytes_also_after_a_journey_through_json() -> None:
    issued = snapshot("it_cts", signature_png=signature())
    stored = json.loads(json.dumps(issued.to_json()))
    assert letter.render(Snapshot.from_json(stored)) == letter.render(issued)


def test_every_printed_value_changes_the_letter() -> None:
    first = letter.render(snapshot())
    assert letter.render(snapshot(campaign="Autre")) != first
    assert letter.render(snapshot(tint="#f3ebe4", ink="#7a3b1c")) != first


@pytest.mark.parametrize(
    ("gift", "expected"),
    [
        (
            {"counterpart": "Soirée pour deux", "counterpart_minor": 1200},
            "Soirée pour deux, valeur 12,00 € (au plus le quart",
        ),
        ({"counterpart": "Votre nom sur le mur"}, "Votre nom sur le mur, sans valeur marchande"),
        ({"counterpart": "Soirée", "counterpart_minor": 12, "counterpart_waived": True}, "Aucune : le donateur y a"),
    ],
)
def test_the_counterpart_is_told(gift: dict[str, Any], expected: str) -> None:
    block = replace(snapshot().gift, **gift)
    text = read(letter.render(snapshot(gift=block)))
    assert expected in text
    italian = read(letter.render(snapshot("it_cts", gift=block)))
    assert ("rinunciato" in italian) == block.counterpart_waived
    assert ("valore" in italian) == (not block.counterpart_waived)


@pytest.mark.parametrize(
    ("template", "regime", "kind", "expected"),
    [
        ("fr_2041_rd", "fr_978", "individual", "fortune immobilière"),
        ("fr_2041_rd", "fr_chambord", "individual", "prévue à l’article 200 du CGI."),
        ("fr_2041_mec_sd", "fr_238bis_0a", "company", "acceptés par les ministres"),
        ("it_cts", "it_cts_83_odv", "individual", "del 35 %"),
        ("it_cts", "it_cts_83", "company", "deducibile"),
    ],
)
def test_the_law_of_the_regime_is_told(template: str, regime: str, kind: str, expected: str) -> None:
    donor = replace(FORMS[template]["donor"], kind=kind)
    assert expected in read(letter.render(snapshot(template, regime=regime, donor=donor)))


@pytest.mark.parametrize(
    ("template", "locale", "expected"),
    [
        ("fr_2041_rd", "en", "In English: this tax receipt is written in French"),
        ("fr_2041_rd", "it", "In italiano: questa ricevuta è redatta in francese"),
        ("it_art_bonus", "fr", "En français : ce reçu est rédigé en italien"),
        ("it_cts", "en_GB", "€50.00 (fifty euros) from Mario Rossi as a gift on 20 November 2026"),
    ],
)
def test_a_donor_who_reads_another_language_finds_a_summary(template: str, locale: str, expected: str) -> None:
    assert expected in read(letter.render(snapshot(template, locale=locale)))


@pytest.mark.parametrize("locale", ["fr", "fr_BE", "de", ""])
def test_no_summary_where_none_is_needed_or_known(locale: str) -> None:
    html = letter.html(snapshot(locale=locale))
    assert "In English" not in html
    assert "En français" not in html


NAMES = [
    "Jean-Baptiste Éloi Nguyễn-Dvořák",
    "Łukasz Żółć-Öztürk",
    "Ελένη Παπαδοπούλου",
    "Пётр Ильич Чайковский",
    "<script>alert(1)</script>",
    'O’Connor & Sons "Ltd" {{ 7*7 }} {% raw %}',
    "a" * 300,
    "Marie-Antoinette de la Rochefoucauld " * 8,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_are_printed_as_they_are_on_one_page(name: str) -> None:
    pdf = letter.render(snapshot(donor=replace(CAMILLE, name=name)))
    text = read(pdf)
    squeezed = re.sub(r"[\s\u00ad]", "", text)
    assert re.sub(r"\s", "", name) in squeezed
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1


@pytest.mark.parametrize("name", ["דוד בן־גוריון", "أحمد بن محمد"])
def test_names_from_right_to_left_are_drawn_with_their_own_fonts(name: str) -> None:
    pdf = letter.render(snapshot(donor=replace(CAMILLE, name=name)))
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        fonts = {str(font.BaseFont).split("+")[1] for font in opened.pages[0].Resources.Font.values()}
    assert fonts & {"Noto-Hebrew", "Noto-Arabic"}


def test_even_the_longest_texts_are_not_cut() -> None:
    long = snapshot(
        donor=replace(CAMILLE, name="nom " * 2000 + "fin-du-nom"), campaign="Acquisition " * 40 + "fin-de-la-collecte"
    )
    pdf = letter.render(long)
    text = read(pdf)
    assert "fin-du-nom" in text
    assert "fin-de-la-collecte" in text
    assert len(PdfReader(io.BytesIO(pdf)).pages) >= 2


def test_a_replacement_says_what_it_replaces() -> None:
    text = read(letter.render(snapshot(replaces="AUB-2026-000099")))
    assert "annule et remplace le reçu n° AUB-2026-000099" in text


def test_a_broken_signature_fails_the_letter() -> None:
    with pytest.raises(PdfError):
        letter.render(snapshot(signature_png=base64.b64encode(b"no picture").decode()))


def test_the_code_leads_to_the_check_page() -> None:
    drawn = Image.open(io.BytesIO(letter.qr_code(snapshot().verification_url)))
    assert drawn.width == drawn.height
    assert drawn.width <= 8 * 37  # version 5: still legible at 23 mm


@pytest.mark.parametrize(
    "changes",
    [
        {"tint": "red"},
        {"ink": "#12345"},
        {"tint": "#eaf2ee; background: url(x)"},
        {"issued_at": datetime(2026, 11, 22)},  # noqa: DTZ001 - the fault under test
        {"gift": GiftBlock(amount_minor=0, currency="EUR", date=date(2026, 11, 22), method="card")},
    ],
)
def test_what_cannot_be_printed_is_refused(changes: dict[str, Any]) -> None:
    issued = snapshot()
    with pytest.raises(ValueError):
        replace(issued, **changes)


def test_snapshots_of_another_version_are_not_guessed() -> None:
    values = snapshot().to_json()
    with pytest.raises(ValueError, match="version"):
        Snapshot.from_json(values | {"version": 2})
    with pytest.raises(TypeError):
        Snapshot.from_json(values | {"unheard_of": 1})


def test_controls_are_not_printed() -> None:
    assert printable("Cam\x00ille\u202eyeR\u2066 \ufeffRey\n") == "CamilleyeR Rey\n"
    assert "\u202e" not in letter.html(snapshot(donor=replace(CAMILLE, name="Rey\u202e")))


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)


@given(name=texts, campaign=texts, minor=st.integers(1, 99_999_999))
@settings(max_examples=100)
def test_a_snapshot_survives_its_journey_through_json(name: str, campaign: str, minor: int) -> None:
    gift = GiftBlock(amount_minor=minor, currency="EUR", date=date(2026, 11, 22), method="card")
    issued = snapshot(donor=replace(CAMILLE, name=name), campaign=campaign, gift=gift)
    assert Snapshot.from_json(json.loads(json.dumps(issued.to_json()))) == issued
    html = letter.html(issued)
    assert "<script" not in html
    assert letter.amount_in_words(Money(minor, "EUR"), "fr_2041_rd") in html.replace("&#39;", "'")


@pytest.mark.parametrize("template", FORMS)
def test_our_base_sheet_draws_what_weasyprint_s_own_does(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    issued = snapshot(template, locale="en", signature_png=signature())
    ours = letter.render(issued)
    monkeypatch.setattr(pdf.Page, "_ua_stylesheets", HTML._ua_stylesheets)
    assert letter.render(issued) == ours
