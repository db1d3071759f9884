"""Every row gets exactly one receipt: written, rejected or unaccounted; a 2xx alone proves nothing.

Receipts are joined by trace id, record id or key, never by position. A row that HubSpot names neither as a
result nor as an error is unaccounted, also when nobody can tell whether its batch arrived (hubspot-api, 2.2
and 2.3; peers, section 0).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from memorialization.errors import (
    ConfigurationError,
    ContractBroken,
    MemorializationError,
    ServiceUnavailable,
)
from memorialization.ports import Entity, Property, Receipt, WriteRow
from plugins.hubspot.client import THREADS, Answer, Body, Client
from plugins.hubspot.failures import Reason, Refused, contract, reason
from plugins.hubspot.schema import CONTACT

BATCH = 100  # rows
ABOUT_ROWS = (400, 409, 413)  # statuses that leaving rows out can cure
MOST_REFUSALS = 500  # whole calls refused in one `write`: beyond it the fault is not the rows'
BATCH_BYTES = 2_000_000  # a cautious cap: HubSpot publishes none (hubspot-api, section 3)


def checked(entity: Entity, rows: Sequence[WriteRow], known: Mapping[str, Property]) -> None:
    """Refuses what HubSpot would refuse for a whole batch, or carry out wrongly.

    Raises ValueError for rows that contradict themselves or each other and for contacts keyed by e-mail
    (partial upserts by e-mail are not supported: hubspot-api, section 2.4), and ConfigurationError for a key
    property that is not unique or not writable.
    """
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        if (row.record_id is None) == (row.key_property is None or row.key_value is None):
            raise ValueError("A row is told by its record id or by its key, one of them.")
        target = ("id", row.record_id) if row.record_id is not None else ("key", row.key_property, row.key_value)
        for name in (("trace", row.trace), target):
            if name in seen:
                raise ValueError(f"Two rows of one call share the same {name[0]}: merge them first.")
            seen.add(name)  # type: ignore[arg-type]
    for key in {row.key_property for row in rows if row.key_property is not None}:
        if entity.type_id == CONTACT and key == "email":
            raise ValueError("Contacts cannot be upserted by e-mail: read them by e-mail, then update by record id.")
        declared = known.get(key)
        if declared is None or not declared.unique or declared.read_only:
            raise ConfigurationError(
                f"{entity.name}'s property {key} cannot tell records apart: it must exist, hold unique "
                "values and be writable. Choose another key property."
            )


class Writing:
    """One call of `write`: sends batches side by side and stops at the first error that rows cannot cause."""

    def __init__(self, client: Client, entity: Entity) -> None:
        self._client = client
        self._entity = entity
        self.stopped_by: MemorializationError | None = None
        self._refusals = 0
        self.reached = False  # whether any row may have reached HubSpot

    def receipts(self, rows: Sequence[WriteRow]) -> list[Receipt]:
        """One per row, in the order of the rows."""
        batches = [*_batches([row for row in rows if row.record_id is not None])]
        for key in dict.fromkeys(row.key_property for row in rows if row.key_property is not None):
            batches += _batches([row for row in rows if row.key_property == key])
        with ThreadPoolExecutor(THREADS) as threads:
            told = {receipt.trace: receipt for part in threads.map(self._settled, batches) for receipt in part}
        return [told[row.trace] for row in rows]

    def _settled(self, rows: list[WriteRow]) -> list[Receipt]:
        """The receipts of one batch; one refused as a whole is halved until the culprits stand alone."""
        if self.stopped_by is not None:
            return _unaccounted(rows)
        try:
            answer = self._sent(rows)
            with contract("writing records"):
                receipts = _accounted(rows, answer)
        except Refused as refusal:
            return self._halved(rows, refusal)
        except MemorializationError as error:
            # After these two nobody knows whether the batch was carried out.
            self.reached = self.reached or isinstance(error, (ServiceUnavailable, ContractBroken))
            return self._stop(rows, error)
        self.reached = True
        return receipts

    def _halved(self, rows: list[WriteRow], refusal: Refused) -> list[Receipt]:
        self._refusals += 1
        if refusal.status not in ABOUT_ROWS or self._refusals > MOST_REFUSALS:
            return self._stop(rows, refusal)
        if len(rows) == 1:
            self.reached = True
            return [_rejected(rows[0], refusal.reason)]
        middle = len(rows) // 2
        return self._settled(rows[:middle]) + self._settled(rows[middle:])

    def _stop(self, rows: list[WriteRow], error: MemorializationError) -> list[Receipt]:
        self.stopped_by = self.stopped_by or error
        return _unaccounted(rows)

    def _sent(self, rows: list[WriteRow]) -> Answer:
        inputs = [_input(row) for row in rows]
        if rows[0].record_id is not None:
            return self._client.batch_update(self._entity.type_id, inputs)
        return self._client.batch_upsert(self._entity.type_id, inputs)


def _input(row: WriteRow) -> Body:
    if row.key_property is None:
        return {"id": row.record_id, "properties": dict(row.properties), "objectWriteTraceId": row.trace}
    return {
        "id": row.key_value,
        "idProperty": row.key_property,
        # HubSpot echoes what was sent: with the key among it, a result tells whose it is.
        "properties": {**row.properties, row.key_property: row.key_value},
        "objectWriteTraceId": row.trace,
    }


def _batches(rows: Sequence[WriteRow]) -> Iterator[list[WriteRow]]:
    batch: list[WriteRow] = []
    size = 0
    for row in rows:
        length = len(json.dumps(_input(row)))
        if batch and (len(batch) == BATCH or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += length
    if batch:
        yield batch


def _accounted(rows: list[WriteRow], answer: Answer) -> list[Receipt]:
    traces = {row.trace: row for row in rows}
    targets = {row.record_id or row.key_value: row for row in rows}
    told: dict[str, Receipt] = {}
    for record in answer.results:
        if row := _row_of(record, rows[0].key_property, traces, targets):
            told[row.trace] = Receipt(row.trace, "written", str(record["id"]), created=bool(record.get("new")))
    for item in answer.errors:
        why = reason(item)
        named = [traces[trace] for trace in why.traces if trace in traces]
        named += [targets[name] for name in why.ids if name in targets]
        for row in named or (rows if len(rows) == 1 else ()):
            told[row.trace] = _rejected(row, why)
    return [told.get(row.trace) or Receipt(row.trace, "unaccounted") for row in rows]


def _row_of(
    record: Mapping[str, Any],
    key: str | None,
    traces: Mapping[str, WriteRow],
    targets: Mapping[str | None, WriteRow],
) -> WriteRow | None:
    if row := traces.get(record.get("objectWriteTraceId") or ""):
        return row
    return targets.get(str(record["id"]) if key is None else (record.get("properties") or {}).get(key))


def _rejected(row: WriteRow, why: Reason) -> Receipt:
    return Receipt(
        row.trace,
        "rejected",
        category=why.category,
        code=why.code,
        property=why.property,
        correlation_id=why.correlation_id,
    )


def _unaccounted(rows: Sequence[WriteRow]) -> list[Receipt]:
    return [Receipt(row.trace, "unaccounted") for row in rows]
