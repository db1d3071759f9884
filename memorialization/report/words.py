"""The words of a report: one table per language (`languages/*.yaml`), all with the same keys; no values of a customer.

Every verdict and every reason for which values are held has its sentence; what is not listed gets a general one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Final, Literal

import yaml
from markupsafe import Markup, escape

from memorialization.coverage import in_a_row, spelled

Code = Literal["en", "de"]
Table = Mapping[str, str]


@dataclass(frozen=True)
class Language:
    """One language: its tables, and how it writes figures and dates."""

    code: Code
    names: Table  # of verdicts, states and reasons
    glossary: Table
    units: Table  # what HubSpot counts as a character, as the run took it
    parked: Table
    withheld: Table
    held: Table
    left: Table
    sources: Table  # of a change, by HubSpot's sourceType
    cures: Table
    patterns: Table
    general: Table
    formats: Table
    texts: Table

    def say(self, key: str, /, **filled: str | int) -> str:
        """A text with its places filled; whole numbers as the language writes them. `n` chooses between two forms."""
        form = self._form(key, filled)
        return form.format_map({name: self._shown(value) for name, value in filled.items()})

    def marked(self, key: str, /, **filled: str | int) -> Markup:
        """Likewise as HTML, everything filled in escaped: `code`, *strong*, _term_."""
        form = str(escape(self._form(key, filled)))
        for mark, tag in (("`", "code"), (r"\*", "b"), ("_", "i")):
            form = re.sub(rf"(?<!\w){mark}(?=\S)([^{mark}]+?){mark}(?!\w)", rf"<{tag}>\1</{tag}>", form)
        return Markup(form).format_map(  # noqa: S704 the form is this program's own
            {name: escape(self._shown(value)) for name, value in filled.items()}
        )

    def _form(self, key: str, filled: Mapping[str, str | int]) -> str:
        one, _, many = self.texts[key].partition("|")
        return one if not many or filled.get("n") == 1 else many

    def _shown(self, value: str | int) -> str:
        return self.number(value) if isinstance(value, int) else value

    def name(self, word: str) -> str:
        """Of a verdict, state or reason; a word without a name is its own."""
        return self.names.get(word, word)

    def number(self, count: int) -> str:
        """1176 -> "1,176", in German "1.176"."""
        return f"{count:,}".replace(",", self.formats["thousands"])

    def decimal(self, number: float, places: int = 1) -> str:
        """3.14 -> "3.1", in German "3,1"."""
        whole, _, rest = f"{number:,.{places}f}".partition(".")
        return whole.replace(",", self.formats["thousands"]) + (self.formats["decimal"] + rest if rest else "")

    def share(self, count: float, whole: float) -> str:
        """A share for people: "3.1 %"; neither "0 %" nor "100 %" unless it is exactly so; "n/a" of nothing."""
        if not whole:
            return self.texts["share.none"]
        percent = 100 * count / whole
        if 0 < percent < 0.1:
            return self.say("share.under", n=self.decimal(0.1))
        if 99.9 < percent < 100:
            return self.say("share.over", n=self.decimal(99.9))
        return self.decimal(percent).removesuffix(self.formats["decimal"] + "0") + " %"

    def duration(self, seconds: float) -> str:
        """0.58 -> "0.6 s", 250 -> "4 min 10 s", 3900 -> "1 h 5 min"."""
        if 0 < seconds < 0.05:
            return self.say("time.under", n=self.decimal(0.1))
        if seconds < 59.95:
            return f"{self.decimal(seconds)} s"
        minutes, rest = divmod(round(seconds), 60)
        if minutes < 60:
            return f"{minutes} min {rest} s"
        return f"{minutes // 60} h {minutes % 60} min"

    def instant(self, text: str) -> str:
        """An ISO 8601 time with its offset -> "22 Nov 2026, 02:00" in UTC, in German "22.11.2026, 02:00"."""
        at = datetime.fromisoformat(text).astimezone(UTC)
        return self.formats["instant"].format(**self._parts(at.date()), year=at.year, time=f"{at:%H:%M}")

    def days(self, days: Iterable[str]) -> str:
        """ISO days as people name them: "Nov 19 to 21, Nov 24", in German "19.11. bis 21.11., 24.11."."""
        found = [date.fromisoformat(day) for day in days]
        if self.code == "en":
            return spelled(found)
        return ", ".join(
            self._day(first)
            if first == last
            else self.formats["day_to"].format(first=self._day(first), last=self._day(last))
            for first, last in in_a_row(found)
        )

    def _day(self, day: date) -> str:
        return self.formats["day"].format(**self._parts(day))

    def _parts(self, day: date) -> dict[str, str | int]:
        return {"day": day.day, "month": day.month, "name": self.formats["months"].split()[day.month - 1]}

    def source(self, kind: str) -> str:
        """Who made a change, by HubSpot's sourceType, which is named too: "a workflow (AUTOMATION_PLATFORM)"."""
        return f"{self.sources.get(kind, self.general['source'])} ({kind})" if kind else self.general["no_source"]

    def cure(self, code: str | None, category: str | None) -> str:
        """What cures a refusal: by code, else by category (hubspot-api, section 4), else in general."""
        return self.cures.get(code or "") or self.cures.get(category or "") or self.general["cure"]

    def likely_cause(self, pattern: str) -> str:
        """Why most values of a row disagree; `pattern` as `compare.disagreement` names it."""
        return self.patterns.get(pattern.split(" ", 1)[0], self.general["pattern"])


@lru_cache
def language(code: Code) -> Language:
    """By its code. Raises KeyError where a table of it is absent."""
    tables = yaml.safe_load(files(__package__).joinpath(f"languages/{code}.yaml").read_text(encoding="utf-8"))
    return Language(code, **tables)


ENGLISH: Final = language("en")
"""What the command line and the ledger's lists speak."""
