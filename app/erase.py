"""Erases one customer from everything we hold: ledger, staging and reports; never from HubSpot or CXone.

The interactions are found by the Contact record they were matched to, by the keyed hash of an address, and by the
addresses in staging. What cannot be found is said. The ledger comes first, in one transaction; what staging and
reports hold is found in themselves, so that an erasure that broke off is finished by doing it again.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
import pandas as pd
from uuid6 import uuid7

from app.connections import address_secret, connection, ledger_url
from app.settings import settings
from memorialization import erasure
from memorialization.configuration import Configuration, load
from memorialization.erasure import Customer
from memorialization.errors import ConfigurationError, LeaseHeld
from memorialization.ledger import Ledger
from memorialization.ledger import erasure as ledger_erasure
from memorialization.ledger.files import RUNNING, WAITING, RunFiles, runs_with_files
from memorialization.matching import RECORD_ID
from memorialization.resolutions import addresses, key_named
from memorialization.staging import Staging

STAYS: Final = (
    "HubSpot and CXone are not touched. What they still hold of the customer comes back with the next run that reads "
    "it: erase it there first.",
    "Backups of the ledger's database, of staging and of reports are not touched, nor are exported copies.",
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was erased where; holds no id, address or name of anybody.

    `ledger`: table -> rows. `staging`: run id -> file -> rows or entries. `reports`: run id -> entries. `asked_by`: by
    which kinds of identity. `not_found`: what could not be looked for, in words; `stays`: what was not touched.
    """

    receipt_id: str
    configuration: str
    dry_run: bool
    erased_at: str
    asked_by: tuple[str, ...]
    interactions: int
    records: int
    ledger: dict[str, int]
    staging: dict[str, dict[str, int]]
    reports: dict[str, int]
    not_found: tuple[str, ...]
    stays: tuple[str, ...] = STAYS

    @property
    def total(self) -> int:
        """Rows and entries, all counted."""
        staged = sum(sum(files.values()) for files in self.staging.values())
        return sum(self.ledger.values()) + staged + sum(self.reports.values())

    def as_dict(self) -> dict[str, Any]:
        return {"schema_version": 1, **asdict(self)}


def erase(
    name: str, *, contact: str | None, email: str | None, phone: str | None, dry_run: bool
) -> tuple[Receipt, Path | None]:
    """The receipt and, unless in a dry run, the file that keeps it.

    `contact`: HubSpot's id of the Contact record. Raises ConfigurationError where nothing usable is given, and
    LeaseHeld while a run of the configuration goes on.
    """
    configuration = load(settings().mappings, name)
    given = {"contact": contact, "e-mail": email, "phone": phone}
    asked = tuple(kind for kind, value in given.items() if value)
    _check(configuration, contact, email, phone)
    ledger = Ledger(ledger_url())
    ledger.check()
    runs = runs_with_files(ledger, name, datetime.now(UTC))
    going = [run.run_id for run in runs if run.needed == RUNNING]
    if going:
        raise LeaseHeld(
            f"run {going[0]} of {name} goes on and may write what is to be erased. Erase when it has ended."
        )
    here = f"{settings().staging}/{name}"
    staged = [run for run in runs if not run.purged and run.staging == f"{here}/{run.run_id}"]
    notes = [_elsewhere(runs, staged), *_no_hash(configuration, ledger, email or phone)]
    customer, doubts = _who(configuration, ledger, staged, contact, email, phone)
    notes += doubts
    keys, records = sorted(customer.keys), sorted(customer.records)
    rows = ledger_erasure.erase(ledger, name, keys, records, dry_run=dry_run)
    files = {run.run_id: erasure.erase_staged(Staging(run.staging), customer, dry_run=dry_run) for run in staged}
    reports = _reports(name, runs, customer, notes, dry_run=dry_run)
    notes += [
        f"the plan of run {run.run_id} held values of the customer and can no longer be applied: run its window again"
        for run in staged
        if run.needed == WAITING and any(file.startswith("changes/") for file in files[run.run_id])
    ]
    receipt = Receipt(
        receipt_id=str(uuid7()),
        configuration=name,
        dry_run=dry_run,
        erased_at=datetime.now(UTC).isoformat(timespec="seconds"),
        asked_by=asked,
        interactions=len(keys),
        records=len(records),
        ledger={table: n for table, n in rows.items() if n},
        staging={run_id: counts for run_id, counts in files.items() if counts},
        reports=reports,
        not_found=tuple(note for note in notes if note),
    )
    return receipt, None if dry_run else _keep(receipt)


def _check(configuration: Configuration, contact: str | None, email: str | None, phone: str | None) -> None:
    """Messages never repeat what was given."""
    if not (contact or email or phone):
        raise ConfigurationError("say whose data: give --contact, --email or --phone")
    if contact and not re.fullmatch(RECORD_ID, contact):
        raise ConfigurationError("--contact must be the HubSpot record id: the digits in the record's address")
    if email and "@" not in email:
        raise ConfigurationError("--email is no e-mail address")
    if phone and not erasure.is_number(phone, configuration.crm.phone_regions):
        regions = ", ".join(configuration.crm.phone_regions)
        raise ConfigurationError(f"--phone is no phone number; write it as +4930... or as a number of {regions}")


def _who(
    configuration: Configuration,
    ledger: Ledger,
    staged: Iterable[RunFiles],
    contact: str | None,
    email: str | None,
    phone: str | None,
) -> tuple[Customer, list[str]]:
    """The interactions and the record. An address that leads to one Contact alone means that one; of a shared address
    only its own interactions go."""
    secret = address_secret(connection(configuration.cxone_connection))
    given = pd.DataFrame({"customer_email": [email], "customer_phone": [phone]})
    hashes = addresses(given, configuration, secret)[0]
    records = frozenset([contact] if contact else [])
    folders = [Staging(run.staging) for run in staged]

    def interactions(of: frozenset[str], mail: str | None, number: str | None, known: Iterable[str]) -> frozenset[str]:
        found = ledger_erasure.interactions_of(ledger, configuration.name, sorted(of), list(known))
        regions = configuration.crm.phone_regions
        return found.union(*(erasure.staged_interactions(f, of, mail, number, regions) for f in folders))

    keys = interactions(records, email, phone, hashes)
    if not (email or phone):
        return Customer(keys, records), []
    matched = ledger_erasure.contacts_of(ledger, configuration.name, sorted(keys))
    matched = matched.union(*(erasure.staged_contacts(f, keys) for f in folders)) - records
    if not matched:
        return Customer(keys, records), []
    if len(matched | records) > 1:
        several = f"{len(matched):,} {'other ' if records else ''}Contact records"
        return Customer(keys, records), [
            f"interactions with this address belong to {several}: only the interactions were erased, not what else is "
            "known of these records. Erase each by --contact, if it is the same person"
        ]
    return Customer(keys | interactions(matched, None, None, ()), matched), []


def _elsewhere(runs: list[RunFiles], staged: list[RunFiles]) -> str:
    """Staging that is not here cannot be searched."""
    missing = sum(not run.purged for run in runs) - len(staged)
    return f"the staging of {missing:,} runs is in another place than MEMORIALIZATION_STAGING says" if missing else ""


def _no_hash(configuration: Configuration, ledger: Ledger, address: str | None) -> list[str]:
    if not address:
        return ["interactions that were never matched to the record cannot be told to be the customer's: give the "
                "e-mail address and the phone number, too"]  # fmt: skip
    notes = ["interactions whose staging is purged are found by the record they were matched to, or while they are "
             "parked; one that was neither leaves its key and times alone, which name nobody"]  # fmt: skip
    secret = address_secret(connection(configuration.cxone_connection))
    if not secret:
        notes.append("the CXone connection has no address_secret, so parked targets keep no hash to be found by")
    others = ledger_erasure.of_other_keys(ledger, configuration.name, key_named(secret))
    if others:
        notes.append(f"the addresses of {others:,} parked or decided targets were hashed with another address_secret: "
                     "they cannot be found by an address")  # fmt: skip
    return notes


def _reports(name: str, runs: list[RunFiles], customer: Customer, notes: list[str], *, dry_run: bool) -> dict[str, int]:
    """run id -> entries; a report that cannot be read is told in `notes`."""
    taken = {}
    for run in runs:
        folder = settings().reports / name / run.run_id
        if run.report != str(folder) or run.report_purged:
            continue
        try:
            entries = erasure.erase_reported(folder, customer, dry_run=dry_run)
        except ValueError:
            notes.append(f"the report of run {run.run_id} is of another version and was not searched: delete {folder}")
            continue
        if entries:
            taken[run.run_id] = entries
    return taken


def _keep(receipt: Receipt) -> Path:
    folder = settings().reports / receipt.configuration / "erasures"
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    file = folder / f"{receipt.receipt_id}.json"
    file.write_bytes(orjson.dumps(receipt.as_dict(), option=orjson.OPT_INDENT_2))
    return file
