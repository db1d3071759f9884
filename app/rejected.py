"""Values that HubSpot refused, for the command `rejected`: shown, offered again, dismissed.

Rows are chosen among those that are not cured; nothing is asked of HubSpot. No value is known here, only its length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.connections import ledger_url
from app.parked import again
from app.settings import settings
from memorialization import rejections
from memorialization.configuration import Configuration, load
from memorialization.cures import meant
from memorialization.errors import ConfigurationError
from memorialization.ledger import Ledger
from memorialization.ledger.rejections import decide, uncured
from memorialization.report.words import ENGLISH
from memorialization.resolutions import is_about


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows are meant: of one contact (Contact ID, GUID or interaction key), of one property, or all."""

    contact: str | None = None
    property: str | None = None
    every: bool = False


def kept(name: str) -> list[dict[str, Any]]:
    """The ledger's rows of a configuration, the oldest first, each with `cure` and `link` (None of a new record)."""
    configuration, ledger = _open(name)
    crm = configuration.crm
    base = f"{crm.external_screenpop_domain_hs}/contacts/{crm.account_id}/record"
    return [
        row
        | {
            "cure": ENGLISH.cure(row["code"], row["category"]),
            "link": f"{base}/{row['type_id']}/{row['record']}" if row["record"].isdigit() else None,
        }
        for row in uncured(ledger, name)
    ]


def retry(name: str, chosen: Chosen) -> list[str]:
    """Have values offered again by the next run, whatever their state, and say which runs meet them."""
    configuration, ledger = _open(name)
    rows = _chosen(name, uncured(ledger, name), chosen)
    decide(ledger, name, rows, rejections.OPEN)
    near = datetime.now(UTC) - rejections.reach(configuration.crm)
    old = [row["end_time"] for row in rows if row["start_time"] < near]
    lines = [f"{_values(len(rows))} open: the next run offers them again."]
    if old:
        lines.append(f"{_values(len(old))} of them too old for a nightly run (they expire there).")
    return [*lines, *(again(configuration, old) if old else ())]


def dismiss(name: str, chosen: Chosen) -> list[str]:
    """Have values left as they are until they change."""
    _, ledger = _open(name)
    rows = _chosen(name, uncured(ledger, name), chosen)
    decide(ledger, name, rows, rejections.DISMISSED)
    return [f"{_values(len(rows))} dismissed: not sent again until they change."]


def _values(n: int) -> str:
    return f"{n:,} {'value is' if n == 1 else 'values are'}"


def _chosen(name: str, rows: Sequence[dict[str, Any]], chosen: Chosen) -> list[dict[str, Any]]:
    """Raises ConfigurationError where nothing or everything is chosen by mistake."""
    if chosen.every == bool(chosen.contact or chosen.property):
        raise ConfigurationError("give CXONE_CONTACT_ID, --property, or --all alone: which rejected values are meant?")
    found = [
        row
        for row in rows
        if (chosen.contact is None or is_about(row, chosen.contact)) and chosen.property in (None, row["property"])
    ]
    if not found and not chosen.every:
        close = meant(chosen.property, {row["property"] for row in rows}) if chosen.property else ""
        raise ConfigurationError(f"no such value is rejected.{close} See: memorialize rejected list -c {name}")
    return found


def _open(name: str) -> tuple[Configuration, Ledger]:
    configuration = load(settings().mappings, name)
    ledger = Ledger(ledger_url())
    ledger.check()
    return configuration, ledger
