"""The words of the simulator's pages, in the three languages of the platform."""

from __future__ import annotations

from simulator.money import THREE_DECIMAL, ZERO_DECIMAL

LANGUAGES = ("fr", "it", "en")

WORDS: dict[str, dict[str, str]] = {
    "banner": {
        "en": "Simulation: no money moves, and no real card is accepted here.",
        "fr": "Simulation : aucun argent ne circule, et aucune vraie carte n’est acceptée ici.",
        "it": "Simulazione: nessun denaro si muove e nessuna carta vera viene accettata qui.",
    },
    "payment": {"en": "Payment", "fr": "Paiement", "it": "Pagamento"},
    "your_gift": {"en": "Your payment", "fr": "Votre paiement", "it": "Il tuo pagamento"},
    "back": {"en": "Back to the museum", "fr": "Revenir au musée", "it": "Torna al museo"},
    "email": {"en": "E-mail address", "fr": "Adresse électronique", "it": "Indirizzo e-mail"},
    "choose": {"en": "Choose a test card", "fr": "Choisissez une carte de test", "it": "Scegli una carta di prova"},
    "success": {"en": "The payment succeeds", "fr": "Le paiement réussit", "it": "Il pagamento riesce"},
    "three_d_secure": {
        "en": "The bank asks for confirmation (3-D Secure)",
        "fr": "La banque demande une confirmation (3-D Secure)",
        "it": "La banca chiede una conferma (3-D Secure)",
    },
    "declined": {"en": "The card is declined", "fr": "La carte est refusée", "it": "La carta viene rifiutata"},
    "insufficient_funds": {
        "en": "Not enough money on the card",
        "fr": "Provision insuffisante",
        "it": "Fondi insufficienti",
    },
    "disputed": {
        "en": "The payment succeeds, then is disputed",
        "fr": "Le paiement réussit, puis il est contesté",
        "it": "Il pagamento riesce, poi viene contestato",
    },
    "other_number": {
        "en": "Another test card number",
        "fr": "Un autre numéro de test",
        "it": "Un altro numero di prova",
    },
    "other_hint": {
        "en": "Optional. If filled in, it is used instead of the choice above.",
        "fr": "Facultatif. S’il est rempli, il remplace le choix ci-dessus.",
        "it": "Facoltativo. Se compilato, vale al posto della scelta qui sopra.",
    },
    "expiry": {"en": "Expiry (MM/YY)", "fr": "Expiration (MM/AA)", "it": "Scadenza (MM/AA)"},
    "cvc": {"en": "Security code (CVC)", "fr": "Code de sécurité (CVC)", "it": "Codice di sicurezza (CVC)"},
    "name": {"en": "Name on the card", "fr": "Nom sur la carte", "it": "Nome sulla carta"},
    "pay": {"en": "Pay {amount}", "fr": "Payer {amount}", "it": "Paga {amount}"},
    "give": {"en": "Give {amount}", "fr": "Donner {amount}", "it": "Dona {amount}"},
    "refused_title": {
        "en": "The payment did not go through",
        "fr": "Le paiement n’a pas abouti",
        "it": "Il pagamento non è andato a buon fine",
    },
    "try_other": {
        "en": "Nothing was taken. You can try another card.",
        "fr": "Rien n’a été prélevé. Vous pouvez essayer une autre carte.",
        "it": "Nulla è stato prelevato. Puoi provare un’altra carta.",
    },
    "error_generic": {
        "en": "Your bank declined the card.",
        "fr": "Votre banque a refusé la carte.",
        "it": "La banca ha rifiutato la carta.",
    },
    "error_insufficient_funds": {
        "en": "There is not enough money on the card.",
        "fr": "La provision de la carte est insuffisante.",
        "it": "I fondi della carta non bastano.",
    },
    "error_expired_card": {"en": "The card has expired.", "fr": "La carte a expiré.", "it": "La carta è scaduta."},
    "error_incorrect_cvc": {
        "en": "The security code is wrong.",
        "fr": "Le code de sécurité est faux.",
        "it": "Il codice di sicurezza è sbagliato.",
    },
    "error_payment_intent_authentication_failure": {
        "en": "The bank could not confirm that it was you.",
        "fr": "La banque n’a pas pu confirmer qu’il s’agissait de vous.",
        "it": "La banca non ha potuto confermare che fossi tu.",
    },
    "error_unknown_card": {
        "en": "This is not one of the test cards.",
        "fr": "Ce numéro n’est pas celui d’une carte de test.",
        "it": "Questo numero non è di una carta di prova.",
    },
    "bank": {"en": "Your bank", "fr": "Votre banque", "it": "La tua banca"},
    "confirm_question": {
        "en": "Do you confirm this payment of {amount} with the card ending in {last4}?",
        "fr": "Confirmez-vous ce paiement de {amount} avec la carte finissant par {last4} ?",
        "it": "Confermi questo pagamento di {amount} con la carta che finisce per {last4}?",
    },
    "accept": {"en": "Confirm", "fr": "Confirmer", "it": "Conferma"},
    "refuse": {"en": "Refuse", "fr": "Refuser", "it": "Rifiuta"},
    "abandon": {"en": "Leave without answering", "fr": "Partir sans répondre", "it": "Esci senza rispondere"},
    "expired_title": {
        "en": "This payment page is closed",
        "fr": "Cette page de paiement est fermée",
        "it": "Questa pagina di pagamento è chiusa",
    },
    "expired": {
        "en": "Nothing was taken. Go back to the museum to start again.",
        "fr": "Rien n’a été prélevé. Revenez au musée pour recommencer.",
        "it": "Nulla è stato prelevato. Torna al museo per ricominciare.",
    },
    "paid_title": {"en": "Already paid", "fr": "Déjà payé", "it": "Già pagato"},
    "paid": {
        "en": "This payment has been made. Nothing more will be taken.",
        "fr": "Ce paiement a été fait. Rien d’autre ne sera prélevé.",
        "it": "Questo pagamento è stato fatto. Non verrà prelevato altro.",
    },
    "continue": {"en": "Continue", "fr": "Continuer", "it": "Continua"},
    "missing_title": {"en": "Page not found", "fr": "Page introuvable", "it": "Pagina non trovata"},
    "missing": {
        "en": "There is no payment at this address.",
        "fr": "Il n’y a pas de paiement à cette adresse.",
        "it": "Non c’è alcun pagamento a questo indirizzo.",
    },
    "onboarding": {
        "en": "Open a payment account",
        "fr": "Ouvrir un compte de paiement",
        "it": "Apri un conto di pagamento",
    },
    "onboarding_text": {
        "en": "Here the provider would ask for the organisation, its representative and its bank account.",
        "fr": "Ici, le prestataire demanderait l’organisme, son représentant et son compte bancaire.",
        "it": "Qui il fornitore chiederebbe l’ente, il rappresentante e il conto bancario.",
    },
    "finish": {"en": "Finish", "fr": "Terminer", "it": "Termina"},
    "half": {"en": "Leave it half done", "fr": "Laisser à moitié fait", "it": "Lascia a metà"},
}


def say(key: str, language: str, **values: str) -> str:
    """Say something in a language."""
    return WORDS[key][language].format(**values)


def error_words(code: str, language: str) -> str:
    """Say why a payment was refused, without telling more than the holder should know."""
    key = f"error_{code}"
    return say(key if key in WORDS else "error_generic", language)


def amount_words(amount: int, currency: str, language: str) -> str:
    """Write an amount as people of the language do."""
    places = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    whole, part = divmod(amount, 10**places)
    group, point = {"fr": ("\u202f", ","), "it": (".", ","), "en": (",", ".")}[language]
    figures = f"{whole:,}".replace(",", group) + (f"{point}{part:0{places}d}" if places else "")
    sign = {"eur": "€", "gbp": "£", "usd": "$", "chf": "CHF"}.get(currency, currency.upper())
    return (
        f"{sign}\u00a0{figures}"
        if language == "en" and len(sign) > 1
        else f"{sign}{figures}"
        if language == "en"
        else f"{figures}\u00a0{sign}"
    )


def pick_language(wanted: str | None, accepted: str) -> str:
    """Choose the page's language: the session's, else the browser's, else English."""
    for code in [wanted or "", *accepted.split(",")]:
        short = code.strip()[:2].lower()
        if short in LANGUAGES:
            return short
    return "en"
