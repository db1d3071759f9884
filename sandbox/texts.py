"""The words people write: notes, chat lines, long mails. Drawn from small pools, so that text is cheap.

The pools hold what breaks naive code: umlauts, emoji, ZWJ families, HTML-ish text, line breaks.
"""

import random

_NOTES = {
    "de": (
        "Kunde wünscht Rückruf am Vormittag.",
        "Lieferadresse geändert, Bestätigung folgt per E-Mail.",
        "Rechnung erneut verschickt.",
        "Gerät tauscht aus: Störung im Netzteil (Größe L).",
        "Kündigung zurückgezogen – Gutschrift 15 €.",
        "An Fachabteilung übergeben; Rückmeldung bis Freitag.",
    ),
    "en": (
        "Customer asked for a callback in the morning.",
        "Address updated, confirmation sent.",
        "Resent invoice & explained line items.",
        "Escalated to tier 2: device won't boot.",
        "Refund of $15 agreed; follow-up Friday.",
        'Said "call me back" – left voicemail.',
    ),
}
_LINES = {
    "de": (
        "Guten Tag, meine Bestellung ist noch nicht angekommen.",
        "Können Sie bitte prüfen, wo das Paket liegt?",
        "Ich schaue sofort nach, einen Moment bitte.",
        "Vielen Dank für Ihre Geduld! 😊",
        "Die Größe stimmt nicht, ich hätte gern den Umtausch.",
        "Rechnungsnummer und Kundennummer habe ich gerade nicht zur Hand.",
        "Das hat super geklappt 👍🏽 danke!",
        "Für die ganze Familie 👨‍👩‍👧‍👦 bestellt, also bitte alles zusammen.",
        "Der Betrag von 1.234,56 € wurde doppelt abgebucht <b>bitte</b> dringend klären & zurückzahlen.",
        "Straße: Königsallee 5\nPLZ: 40212\nOrt: Düsseldorf",
        "Es tut mir leid, dass es zu Verzögerungen gekommen ist.",
        "Gern geschehen, schönen Tag noch 🌞",
    ),
    "en": (
        "Hi, my order still hasn't arrived.",
        "Could you check where the parcel is, please?",
        "Let me look into that for you right away.",
        "Thanks for your patience! 😊",
        "The size is wrong, I'd like to exchange it.",
        "I don't have the invoice number at hand.",
        "That worked, thank you 👍🏽",
        "It's for the whole family 👨‍👩‍👧‍👦 so please ship everything together.",
        "I was charged $1,234.56 twice <br/> please fix & refund.",
        "Address:\n350 S Main St\nSalt Lake City, UT 84101",
        "Sorry about the delay on our side.",
        "Have a great day 🌞",
    ),
}


def note(rng: random.Random, language: str) -> str:
    """An agent's disposition note, one or two sentences."""
    pool = _NOTES[language]
    first = pool[int(rng.random() * len(pool))]
    return first if rng.random() < 0.8 else first + " " + pool[int(rng.random() * len(pool))]


def passage(rng: random.Random, language: str, length: int) -> str:
    """Text of at least one line and about `length` characters."""
    pool = _LINES[language]
    size = len(pool)
    lines: list[str] = []
    total = 0
    while total < length or not lines:
        line = pool[int(rng.random() * size)]
        lines.append(line)
        total += len(line) + 1
    return " ".join(lines) if length < 400 else "\n".join(lines)
