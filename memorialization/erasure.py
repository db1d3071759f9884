"""One customer's rows taken out of files: out of a run's staging, and out of a report; everything else stays as it is.

A row is the customer's where it names one of the interactions, or the customer's record. A text goes where no other
interaction refers to it. A file is replaced whole, or not at all.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from memorialization.canonical import readings
from memorialization.discard import discard
from memorialization.ledger.erasure import CONTACT
from memorialization.matching import MATCHED
from memorialization.report.files import write_files
from memorialization.report.model import Report
from memorialization.staging import Staging, reach

_WHOLE: Final = ("frozen.json", "partitions.json")  # files that hold nothing of anybody
_LISTED: Final = ("candidates", "links")
_UNFINISHED: Final = re.compile(r"\..+\.(parquet|json)\.\d+")


@dataclass(frozen=True, slots=True)
class Customer:
    """Whose rows go: interaction keys, and ids of Contact records."""

    keys: frozenset[str]
    records: frozenset[str]


# ---- finding


def is_number(phone: str, regions: tuple[str, ...]) -> bool:
    """Whether a phone number can be read, as one of these countries where it names none."""
    return bool(readings(phone, regions))


def staged_interactions(
    files: Staging, records: frozenset[str], email: str | None, phone: str | None, regions: tuple[str, ...]
) -> frozenset[str]:
    """Keys of the staged interactions of these Contact records, or with this e-mail address or phone number.

    Numbers are the same where their likeliest readings are.
    """
    found: set[str] = set()
    number = readings(phone, regions)[:1] if phone else ()
    for name in _names(files, "interactions"):
        frame = files.read_frame(name, ["interaction_key", "customer_email", "customer_phone"])
        mine = frame["customer_email"].str.strip().str.lower().eq((email or "").strip().lower() or None)
        if number:
            spelled = {p for p in frame["customer_phone"].dropna().unique() if readings(p, regions)[:1] == number}
            mine |= frame["customer_phone"].isin(spelled)
        found |= set(frame.loc[mine, "interaction_key"])
    for targets in _targets(files) if records else ():
        found |= set(targets.loc[targets["record_id"].isin(records), "interaction_key"])
    return frozenset(found)


def staged_contacts(files: Staging, keys: frozenset[str]) -> frozenset[str]:
    """Ids of the Contact records that these interactions were matched to in this run."""
    return frozenset(r for t in _targets(files) for r in t.loc[t["interaction_key"].isin(keys), "record_id"])


def _targets(files: Staging) -> Iterator[pd.DataFrame]:
    """Matched Contacts: interaction_key and record_id."""
    for name in _names(files, "targets"):
        frame = files.read_frame(name, ["interaction_key", "entity", "outcome", "record_id"])
        yield frame[frame["entity"].eq(CONTACT) & frame["outcome"].eq(MATCHED)]


def _names(files: Staging, folder: str = "") -> list[str]:
    """Names of a run's Parquet and JSON files, those of one folder or all."""
    with reach(files.root) as (filesystem, root):
        where = f"{root}/{folder}" if folder else root
        paths = filesystem.find(where) if filesystem.exists(where) else []
    names = [str(path).removeprefix(root).lstrip("/") for path in paths]
    return sorted(n for n in names if n.endswith((".parquet", ".json")))


# ---- a run's staging


def erase_staged(files: Staging, customer: Customer, *, dry_run: bool) -> dict[str, int]:
    """File -> rows or entries taken out of it; what a killed step left unfinished is deleted."""
    own = _own_records(files, customer)
    refs = _only_their_texts(files, customer)
    counts: dict[str, int] = {}
    for name in _names(files):
        counts[name] = (
            _from_table(files, name, customer, own, refs, dry_run=dry_run)
            if name.endswith(".parquet")
            else _from_json(files, name, customer, dry_run=dry_run)
        )
    counts["unfinished files"] = discard(files.root, lambda n: bool(_UNFINISHED.fullmatch(n)), dry_run=dry_run).files
    return {name: n for name, n in counts.items() if n}


def _own_records(files: Staging, customer: Customer) -> frozenset[str]:
    """Records of the run that nobody else's interaction belongs to: as `record` names them, new ones, too."""
    mine: set[str] = set()
    others: set[str] = set()
    for name in _names(files, "targets"):
        frame = files.read_frame(name, ["interaction_key", "entity", "record"])
        theirs = frame["interaction_key"].isin(customer.keys)
        for part, into in ((frame[theirs], mine), (frame[~theirs], others)):
            into |= {f"{entity}/{record}" for entity, record in zip(part["entity"], part["record"], strict=True)}
    return frozenset(mine - others) | {f"{CONTACT}/{record}" for record in customer.records}


def _only_their_texts(files: Staging, customer: Customer) -> frozenset[str]:
    mine: set[str] = set()
    others: set[str] = set()
    for name in _names(files, "interactions"):
        frame = files.read_frame(name, ["interaction_key", "transcript_ref"]).dropna(subset="transcript_ref")
        theirs = frame["interaction_key"].isin(customer.keys)
        mine |= set(frame.loc[theirs, "transcript_ref"])
        others |= set(frame.loc[~theirs, "transcript_ref"])
    return frozenset(mine - others)


def _from_table(
    files: Staging, name: str, customer: Customer, own: frozenset[str], refs: frozenset[str], *, dry_run: bool
) -> int:
    table = files.read_table(name)
    entity = name.split("/")[1]
    gone = pa.array([False] * table.num_rows, pa.bool_())
    records = [record.split("/", 1)[1] for record in own if record.startswith(f"{entity}/")]
    wanted: dict[str, Sequence[str]] = {"interaction_key": sorted(customer.keys), "transcript_ref": sorted(refs)}
    if name.startswith("interactions/"):
        del wanted["transcript_ref"]  # its rows are told by their keys
    wanted |= {"record": records, "record_id": records}
    for column, values in wanted.items():
        if column in table.column_names:
            found = pc.is_in(table[column].cast(pa.large_string()), value_set=pa.array(values, pa.large_string()))
            gone = pc.or_(gone, pc.fill_null(found.combine_chunks(), False))
    taken = int(pc.sum(gone).as_py() or 0)
    if taken and not dry_run:
        files.write_table(name, table.filter(pc.invert(gone)))
    return taken


def _from_json(files: Staging, name: str, customer: Customer, *, dry_run: bool) -> int:
    if name in _WHOLE:
        return 0
    left, taken = _without(files.read_json(name), customer)
    if taken and not dry_run:
        files.write_json(name, left)
    return taken


def _without(data: Any, customer: Customer) -> tuple[Any, int]:
    """JSON without the entries that are the customer's, and how many they were."""
    if isinstance(data, list | tuple):
        kept = [_without(item, customer) for item in data if not _is_theirs(item, customer)]
        return [item for item, _ in kept], len(data) - len(kept) + sum(n for _, n in kept)
    if isinstance(data, dict):
        parts = {key: _without(value, customer) for key, value in data.items()}
        cleaned, taken = {key: value for key, (value, _) in parts.items()}, sum(n for _, n in parts.values())
        for key in _LISTED:  # of somebody else's interaction that might be the customer's
            if key in cleaned:
                rest = [item for item in cleaned[key] if str(item).rsplit("/", 1)[-1] not in customer.records]
                taken += len(cleaned[key]) - len(rest)
                cleaned[key] = rest
        return cleaned, taken
    return data, 0


def _is_theirs(item: Any, customer: Customer) -> bool:
    if isinstance(item, dict):
        about = item.get("entity") == CONTACT and {item.get("record"), item.get("record_id")} & customer.records
        return item.get("interaction_key") in customer.keys or bool(about)
    return isinstance(item, str) and item in customer.keys


# ---- a report


def erase_reported(folder: Path, customer: Customer, *, dry_run: bool) -> int:
    """Entries taken out of the report in this folder, which is written anew without them; its sums stay.

    Raises ValueError where the report is of another version of this program.
    """
    file = folder / "report.json"
    if not file.exists():
        return 0
    report = Report.model_validate_json(file.read_bytes())
    left, taken = _without(report.model_dump(mode="json"), customer)
    if taken and not dry_run:
        write_files(Report.model_validate(left), folder)
    return taken
