"""A person's decisions about parked targets: checked against HubSpot, all or none stored, and never a guess.

A decision about a Contact or Company is remembered for the customer's next interactions, by keyed hashes of
the customer's e-mail and phone; the ledger holds neither of them, nor the key: numbers are few enough to try all.
Without a key nothing is remembered, and a decision holds for its interaction alone. Where remembered decisions
name several records (a switchboard, two people with one number), the target is parked as before. A decision
about the record of one interaction (a ticket with a key) holds for that interaction alone.
"""

import csv
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from memorialization.canonical import readings
from memorialization.configuration import Configuration
from memorialization.cures import meant
from memorialization.errors import ConfigurationError
from memorialization.hashing import key_of
from memorialization.ledger import Ledger
from memorialization.mappings import Section
from memorialization.matching import RECORD_ID
from memorialization.portal import check_account
from memorialization.ports import RecordStore

Door = Literal["command", "csv", "airflow"]

COLUMNS: Final = ("contact_id", "entity", "record_id")
_CUSTOMERS: Final = ("Contact", "Company")


# ---- what a run remembers


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was decided for interactions: key -> record ids (several: no decision), key -> the resolution's key."""

    records: Mapping[str, tuple[str, ...]]
    resolved_by: Mapping[str, str]


def recall(configuration: Configuration, section: Section, due: pd.DataFrame, ledger: Ledger, secret: str) -> Recalled:
    """The decisions that concern these interactions: their own, else those about the same customer (`addresses`)."""
    rows = [row for row in ledger.resolutions(configuration.name) if row["entity"] == section.entity]
    if not rows:
        return Recalled({}, {})
    own = {row["interaction_key"]: row["record_id"] for row in rows}
    by_address: dict[str, dict[str, str]] = {}  # address -> key of the resolution -> record id
    for row in rows if remembers(section) else ():
        for address in row["addresses"]:
            by_address.setdefault(address, {})[row["interaction_key"]] = row["record_id"]
    hashed = addresses(due, configuration, secret) if by_address else [()] * len(due)
    records, resolved_by = {}, {}
    for key, known in zip(due["interaction_key"], hashed, strict=True):
        found = {key: own[key]} if key in own else {}
        for address in () if found else known:
            found |= by_address.get(address, {})
        if found:
            records[key] = tuple(sorted(set(found.values())))
            resolved_by[key] = min(found)
    return Recalled(records, resolved_by)


def remembers(section: Section) -> bool:
    """Whether the section's record is the customer's, not one interaction's."""
    return section.key is None and section.entity in _CUSTOMERS


def addresses(due: pd.DataFrame, configuration: Configuration, secret: str) -> list[tuple[str, ...]]:
    """Hashes of each interaction's e-mail and phone, aligned with `due`; empty where it has neither.

    `secret` keys them; "" gives none. Four of their 32 hex digits name the key, as `key_named` does. Of a number that
    can be read in several ways the likeliest reading counts here, not all as in the search: a decision comes before
    every search, so it must not reach another customer. What is no number ("anonymous", an extension) is nobody's
    address.
    """
    if not secret:
        return [()] * len(due)
    key, regions = f"{configuration.name} {secret}".encode(), configuration.crm.phone_regions
    name = key_named(secret)
    result = []
    for email, phone in zip(due["customer_email"], due["customer_phone"], strict=True):
        known = [f"e-mail {email.strip().lower()}"] if isinstance(email, str) and email.strip() else []
        known += [f"phone {number}" for number in readings(phone, regions)[:1]] if isinstance(phone, str) else []
        result.append(tuple(name + hmac.digest(key, text.encode(), "sha256").hex()[:28] for text in known))
    return result


def key_named(secret: str) -> str:
    """What the hashes of addresses begin with that this secret keyed."""
    return f"{key_of(secret).name:04x}"


# ---- what people decide


@dataclass(frozen=True, slots=True)
class Decision:
    """That the parked target of this contact (Contact ID or GUID of CXone, or interaction key) is this record.

    `where` names file and line for messages; empty for a single decision.
    """

    contact: str
    entity: str
    record_id: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Parked:
    """A target that waits; `decided` is the record that a person has chosen since. Times are UTC."""

    interaction_key: str
    entity: str
    reason: str
    candidates: tuple[str, ...]
    links: tuple[str, ...]
    parked_at: datetime
    end_time: datetime | None
    decided: str | None


def waiting(configuration: Configuration, store: RecordStore, ledger: Ledger) -> list[Parked]:
    """Every parked target, the oldest first."""
    decided = {(r["interaction_key"], r["entity"]): r["record_id"] for r in ledger.resolutions(configuration.name)}
    crm = configuration.crm
    result = []
    for row in ledger.parked(configuration.name):
        entity, candidates = row["entity"], tuple(row["candidates"])
        links: tuple[str, ...] = ()
        if candidates:
            base = f"{crm.external_screenpop_domain_hs}/contacts/{crm.account_id}/record/{store.entity(entity).type_id}"
            links = tuple(f"{base}/{candidate}" for candidate in candidates)
        result.append(
            Parked(
                row["interaction_key"], entity, row["reason"], candidates, links, row["parked_at"], row["end_time"],
                decided.get((row["interaction_key"], entity)),
            )
        )  # fmt: skip
    return result


def read_csv(path: Path) -> list[Decision]:
    """Decisions of a file with the columns contact_id, entity, record_id; comma or semicolon, UTF-8.

    Other columns are left alone, as `memorialize parked list --csv` writes them; a line without record_id is not
    decided yet. Raises ConfigurationError naming line and cure.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is not UTF-8. Save it as 'CSV UTF-8'.") from None
    return parse_csv(text, str(path))


def parse_csv(text: str, name: str) -> list[Decision]:
    """As `read_csv`, of a text; `name` is what messages call it."""
    first = text.split("\n", 1)[0]
    reader = csv.reader(text.splitlines(), delimiter=";" if ";" in first else ",", strict=True)
    decisions: list[Decision] = []
    findings: list[str] = []
    header: list[str] | None = None
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            where = f"{name}:{reader.line_num}: "
            if header is None:
                header = [cell.lower() for cell in cells]
                if [header.count(column) for column in COLUMNS] != [1] * len(COLUMNS):
                    raise ConfigurationError(f"{where}needs the columns {','.join(COLUMNS)}. Write them as first line.")
                continue
            row = dict(zip(header, cells, strict=False))
            if len(cells) != len(header) or not (row["contact_id"] and row["entity"]):
                findings.append(f"{where}needs contact_id, entity and as many cells as the first line. Complete it.")
            elif row["record_id"]:
                decisions.append(Decision(row["contact_id"], row["entity"], row["record_id"], where))
    except csv.Error as error:
        raise ConfigurationError(f"{name}:{reader.line_num}: no CSV ({error}). Correct the quotes.") from None
    if findings:
        raise ConfigurationError("\n  ".join(["nothing was stored:", *findings]))
    if not decisions:
        raise ConfigurationError(f"{name}: holds no decision. Fill in record_id.")
    return decisions


def resolve(
    configuration: Configuration, decisions: Sequence[Decision], door: Door, store: RecordStore, ledger: Ledger
) -> list[dict[str, Any]]:
    """Check all decisions, then store all: interaction_key, entity, record_id, end_time of each target decided.

    Raises ConfigurationError with every finding if one does not hold; then nothing is stored. Deciding again
    replaces the earlier decision and the matches it led to.
    """
    check_account(configuration, store.account())
    known = _Known(configuration, ledger)
    findings: list[str] = []
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    said: dict[tuple[str, str], Decision] = {}
    for decision in decisions:
        try:
            entity = known.entity(decision.entity)
            targets = known.targets(decision.contact, entity)
            if not re.fullmatch(RECORD_ID, decision.record_id):
                raise ConfigurationError(
                    f"{decision.record_id!r} is no HubSpot record id. Write its digits, as in the record's address."
                )
            for row in targets:
                key = (entity, row["interaction_key"])
                other = said.setdefault(key, decision)
                if other.record_id != decision.record_id:
                    raise ConfigurationError(
                        f"{decision.contact}, {entity} is {other.record_id} in another line. Remove one."
                    )
                rows[key] = {**row, "record_id": decision.record_id}
        except ConfigurationError as error:
            findings.append(f"{decision.where}{error}")
    findings += _absent(rows, said, store)
    if findings:
        raise ConfigurationError(
            findings[0] if len(decisions) == 1 else "\n  ".join(["nothing was stored:", *findings])
        )
    ledger.keep_resolutions(configuration.name, door, list(rows.values()))
    return list(rows.values())


def withdraw(configuration: Configuration, contact: str, entity: str, ledger: Ledger) -> dict[str, datetime | None]:
    """Forget the decisions about a contact and the matches they led to, also of the customer's other interactions.

    Returns the interactions that must be matched anew: key -> end of the leg. What was written to HubSpot
    stays there. Raises ConfigurationError if there is no such decision.
    """
    known = _Known(configuration, ledger)
    entity = known.entity(entity)
    rows = _of(known.resolved, contact, entity)
    if not rows:
        raise ConfigurationError(
            f"no decision is stored for {contact}, {entity}. See: memorialize parked list -c {configuration.name}"
        )
    dropped = ledger.drop_resolutions(configuration.name, entity, [row["interaction_key"] for row in rows])
    return {row["interaction_key"]: row["end_time"] for row in rows} | dropped


class _Known:
    """What can be decided: parked targets, and those that were decided before."""

    def __init__(self, configuration: Configuration, ledger: Ledger) -> None:
        self._configuration = configuration
        self.resolved = ledger.resolutions(configuration.name)
        open_ = {(row["interaction_key"], row["entity"]): row for row in self.resolved}
        open_ |= {(row["interaction_key"], row["entity"]): row for row in ledger.parked(configuration.name)}
        self._open = list(open_.values())

    def entity(self, name: str) -> str:
        entities = self._configuration.entities
        for entity in entities:
            if entity.lower() == name.lower():
                return entity
        raise ConfigurationError(
            f"no mapping has a section {name!r}.{meant(name, entities)} Has: {', '.join(entities)}."
        )

    def targets(self, contact: str, entity: str) -> list[dict[str, Any]]:
        found = _of(self._open, contact, entity)
        channels = {row["interaction_key"].split(":", 1)[0] for row in found}
        if len(channels) > 1:
            keys = ", ".join(row["interaction_key"] for row in found)
            raise ConfigurationError(f"{contact} is a call and a case. Name one of the interactions: {keys}.")
        if not found:
            others = sorted({row["entity"] for row in self._open if is_about(row, contact)})
            told = f" Parked of it: {', '.join(others)}." if others else ""
            raise ConfigurationError(
                f"no {entity} of {contact} is parked.{told} See: memorialize parked list -c {self._configuration.name}"
            )
        columns = ("interaction_key", "entity", "contact_guid", "addresses", "end_time")
        return [{column: row[column] for column in columns} for row in found]


def _of(rows: Iterable[dict[str, Any]], contact: str, entity: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["entity"] == entity and is_about(row, contact)]


def is_about(row: dict[str, Any], contact: str) -> bool:
    """By interaction key, by CXone's Contact ID, which is its second part, or by the GUID of a digital contact."""
    key, guid = row["interaction_key"], row["contact_guid"]
    return contact in (key, str(key).split(":")[1]) or (guid is not None and contact.lower() == guid.lower())


def _absent(
    rows: dict[tuple[str, str], dict[str, Any]], said: Mapping[tuple[str, str], Decision], store: RecordStore
) -> list[str]:
    """Findings of records that HubSpot does not have; those that it has under a newer id get that id."""
    findings: list[str] = []
    for entity in sorted({entity for entity, _ in rows}):
        here = {key: row for key, row in rows.items() if key[0] == entity}
        ids = sorted({row["record_id"] for row in here.values()})
        found = store.read(store.entity(entity), ids, [])
        survivors = dict(zip(found["asked"], found["record_id"], strict=True))
        for key, row in here.items():
            if row["record_id"] in survivors:
                row["record_id"] = survivors[row["record_id"]]
            else:
                findings.append(
                    f"{said[key].where}HubSpot has no {entity} {row['record_id']}: deleted, or the id of another "
                    "record type. Copy the id from the record's address."
                )
    return list(dict.fromkeys(findings))
