"""Pools of names drawn once from Faker (de_DE, en_US); people are combinations of them.

Faker is slow per call, so nothing else in the twin calls it.
"""

import random
import unicodedata
from functools import lru_cache

from faker import Faker

POOL = 250
RIGHT_TO_LEFT = (("ليلى", "حداد"), ("عمر", "خوري"), ("נועה", "לוי"), ("דוד", "כהן"), ("سارة", "منصور"))
_GERMAN = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
_UMLAUTS = ("Müller", "Schröder", "Jäger", "Groß", "Krüger", "Böhm", "Grünwald", "Weiß", "Köhler", "Lößner")


class Names:
    """First and last names per language, a function of the seed."""

    def __init__(self, seed: int) -> None:
        self._first, self._last, self.companies = _pools(seed)

    def person(self, rng: random.Random, language: str) -> tuple[str, str]:
        first, last = self._first[language], self._last[language]
        return first[int(rng.random() * len(first))], last[int(rng.random() * len(last))]

    @staticmethod
    @lru_cache(maxsize=65_536)
    def mailbox(first: str, last: str) -> str:
        """`juergen.weiss`: plain ASCII, as mail addresses are."""
        return f"{ascii_word(first)}.{ascii_word(last)}"


@lru_cache(maxsize=8192)
def ascii_word(text: str) -> str:
    """Lower-case letters and digits of `text`, umlauts written out; `x` if nothing is left."""
    for umlaut, spelled in _GERMAN.items():
        text = text.replace(umlaut, spelled)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(c for c in plain.lower() if c.isalnum()) or "x"


@lru_cache(maxsize=4)
def _pools(seed: int) -> tuple[dict[str, list[str]], dict[str, list[str]], list[str]]:
    first: dict[str, list[str]] = {}
    last: dict[str, list[str]] = {}
    companies: list[str] = []
    for language, locale in (("de", "de_DE"), ("en", "en_US")):
        fake = Faker(locale, use_weighting=False)
        fake.seed_instance(f"{seed}:{locale}")
        first[language] = list(dict.fromkeys(fake.first_name() for _ in range(POOL)))
        last[language] = list(dict.fromkeys(fake.last_name() for _ in range(POOL)))
        companies += [fake.company() for _ in range(100)]
    last["de"] = [*_UMLAUTS, *last["de"]]
    return first, last, companies
