"""Every row gets exactly one receipt: written, rejected or unaccounted; a 2xx alone proves nothing.

Receipts are joined by trace id, record id or key, never by position. A row that HubSpot names neither as a
result nor as an error is unaccounted, also when nobody can tell whether its batch arrived (hubspot-api, 2.2
and 2.3; peers, section 0).
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from typing import Any

from memorialization.errors import (
    ConfigurationError,
    ContractBroken,
    MemorializationError,
    ServiceUnavailable,
)
from memorialization.logs import threads
from memorialization.ports import Entity, Property, Receipt, WriteRow, nothing
from plugins.hubspot.client import THREADS, Answer, Body, Client
from plugins.hubspot.failures import Reason, Refused, contract, reason
from plugins.hubspot.schema import CONTACT
from plugins.hubspot.suspects import suspicious

BATCH = 100  # rows
ABOUT_ROWS = (400, 409, 413)  # statuses that leaving rows out can cure
MOST_REFUSALS = 500  # whole calls refused in one `write`: beyond it the fault is not the rows'
SILENT = THREADS  # lost answers in a row: HubSpot is away
FEW_CULPRITS = 3  # in one batch: above, what waits goes out part by part
BATCH_BYTES = 2_000_000  # a cautious cap: HubSpot publishes none (hubspot-api, section 3)


def checked(entity: Entity, rows: Sequence[WriteRow], known: Mapping[str, Property]) -> None:
    """Refuses what HubSpot would refuse for a whole batch, or carry out wrongly.

    Raises ValueError for rows that contradict themselves or each other, for values that are no text (null is
    accepted and does nothing), for "" (it clears) where the record may not exist yet, and for contacts keyed by
    e-mail (partial upserts by e-mail are not supported: hubspot-api, section 2.4), and ConfigurationError for a
    key property that is not unique or not writable.
    """
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        if (row.record_id is None) == (row.key_property is None or row.key_value is None):
            raise ValueError("A row is told by its record id or by its key, one of them.")
        for name, value in row.properties.items():
            if not isinstance(value, str):
                raise ValueError(f"The value of {name} is no text: leave the property out.")
            if not value and row.record_id is None:
                raise ValueError(f'"" clears {name}, which a record that may not exist yet does not hold.')
        target = ("id", row.record_id) if row.record_id is not None else ("key", row.key_property, row.key_value)
        for told in (("trace", row.trace), target):
            if told in seen:
                raise ValueError(f"Two rows of one call share the same {told[0]}: merge them first.")
            seen.add(told)  # type: ignore[arg-type]
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
    """One call of `write`: sends batches side by side and stops at the first error that rows cannot cause.

    A lost answer costs the batch it belongs to, and stops the sending only where the next calls have none either.
    `stopped_by` is the error that left rows unaccounted: the one that stopped the sending, else of a lost answer.
    `known` gives the entity's properties, asked for only where a batch is refused as a whole.
    """

    def __init__(
        self,
        client: Client,
        entity: Entity,
        known: Callable[[], Mapping[str, Property]],
        batch_bytes: int = BATCH_BYTES,
    ) -> None:
        self._client = client
        self._entity = entity
        self._known = known
        self._batch_bytes = batch_bytes
        self.stopped_by: MemorializationError | None = None
        self._stopped = False
        self._silent = 0
        self._refusals = 0
        self._lock = threading.Lock()
        self._properties: Mapping[str, Property] | None = None
        self._before: Callable[[], None] = nothing
        self.reached = False  # whether any row may have reached HubSpot

    def receipts(
        self,
        rows: Sequence[WriteRow],
        before: Callable[[], None] = nothing,
        told: Callable[[Sequence[Receipt]], None] | None = None,
    ) -> list[Receipt]:
        """One per row, in the order of the rows; `told` hears of each batch, in the caller's thread.

        `before` is asked before each call, in the thread that makes it.
        """
        self._before = before
        batches = [*_batches([row for row in rows if row.record_id is not None], self._batch_bytes)]
        for key in dict.fromkeys(row.key_property for row in rows if row.key_property is not None):
            batches += _batches([row for row in rows if row.key_property == key], self._batch_bytes)
        found: dict[str, Receipt] = {}
        with threads(THREADS) as pool:
            try:
                waiting = {pool.submit(self._settled, batch) for batch in batches}
                while waiting:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for part in [future.result() for future in done]:
                        found |= {receipt.trace: receipt for receipt in part}
                        if told is not None:
                            told(part)
            except BaseException:  # what cannot be kept must not be sent either
                pool.shutdown(cancel_futures=True)
                raise
        return [found[row.trace] for row in rows]

    def _settled(self, rows: list[WriteRow], culprits: int = 0) -> list[Receipt]:
        """The receipts of one batch, whose rows are parted from the `culprits` found before."""
        answer = self._tried(rows)
        return self._parted(rows, answer, culprits) if isinstance(answer, Refused) else answer

    def _parted(self, rows: list[WriteRow], refusal: Refused, culprits: int) -> list[Receipt]:
        """Finds one culprit of a batch refused as a whole, then settles the others.

        What does not hold the culprit waits and goes out together, so that a culprit costs some ten calls; where
        there are many of them, the parts go one by one.
        """
        receipts: list[Receipt] = []
        waiting: list[list[WriteRow]] = []
        refused: Refused | None = refusal  # of `rows` as they are; None where it follows from the others' success
        while len(rows) > 1:
            first, second = self._split(rows, refusal)
            answer = self._tried(first)
            if isinstance(answer, Refused):
                rows, refusal, refused = first, answer, answer
                waiting.append(second)
            else:
                receipts += answer
                rows, refused = second, None
        if refused is not None:
            self.reached = True
            receipts.append(_rejected(rows[0], refused.reason))
        else:
            receipts += self._settled(rows, culprits)
        if culprits < FEW_CULPRITS:
            waiting = [[row for part in waiting for row in part]] if waiting else []
        for part in waiting:
            receipts += self._settled(part, culprits + 1)
        return receipts

    def _split(self, rows: list[WriteRow], refusal: Refused) -> tuple[list[WriteRow], list[WriteRow]]:
        """Where to look first: whom the refusal names, then what its property's definition speaks against."""
        named = {*refusal.reason.traces, *refusal.reason.ids}
        suspects = [row for row in rows if not named.isdisjoint({row.trace, row.record_id, row.key_value})]
        if not 0 < len(suspects) < len(rows):
            known = self._definitions()
            suspects = [row for row in rows if suspicious(row.properties, known)]
        if not 0 < len(suspects) < len(rows):
            suspects = rows[: len(rows) // 2]
        chosen = {row.trace for row in suspects}
        return suspects, [row for row in rows if row.trace not in chosen]

    def _definitions(self) -> Mapping[str, Property]:
        """The entity's properties; none where they cannot be read, for they only save calls."""
        with self._lock:
            if self._properties is None:
                try:
                    self._properties = self._known()
                except MemorializationError:
                    self._properties = {}
        return self._properties

    def _tried(self, rows: list[WriteRow]) -> list[Receipt] | Refused:
        """The receipts of rows sent in one call, or its refusal as a whole where rows can be the reason."""
        if self._stopped:
            return _unaccounted(rows)
        try:
            self._before()
            answer = self._sent(rows)
            self._silent = 0
            with contract("writing records"):
                receipts = _accounted(rows, answer)
        except Refused as refusal:
            self._refusals += 1
            if refusal.status not in ABOUT_ROWS or self._refusals > MOST_REFUSALS:
                return self._stop(rows, refusal)
            return refusal
        except ServiceUnavailable as error:
            self.reached = True  # or not: nobody knows whether the batch was carried out
            self._silent += 1
            if self._silent >= SILENT:
                return self._stop(rows, error)
            self.stopped_by = self.stopped_by or error
            return _unaccounted(rows)
        except MemorializationError as error:
            self.reached = self.reached or isinstance(error, ContractBroken)
            return self._stop(rows, error)
        self.reached = True
        return self._named(rows, receipts, answer)

    def _named(self, rows: list[WriteRow], receipts: list[Receipt], answer: Answer) -> list[Receipt]:
        """The receipts of an answered batch; where errors name no row, the rows in question go out again in parts.

        An error of a batch of one is that row's, whatever it names.
        """
        if len(rows) == 1 or not _anonymous(rows, answer):
            return receipts
        self._refusals += 1
        if self._refusals > MOST_REFUSALS:
            return receipts
        told = {receipt.trace: receipt for receipt in receipts}
        open_ = [row for row in rows if told[row.trace].outcome == "unaccounted"]
        for part in (open_[: len(open_) // 2], open_[len(open_) // 2 :]):
            if part:
                told |= {receipt.trace: receipt for receipt in self._settled(part)}
        return list(told.values())

    def _stop(self, rows: list[WriteRow], error: MemorializationError) -> list[Receipt]:
        with self._lock:
            if not self._stopped:
                self._stopped, self.stopped_by = True, error
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


def _batches(rows: Sequence[WriteRow], most_bytes: int) -> Iterator[list[WriteRow]]:
    """At most 100 rows and `most_bytes` of body each; a row that is longer goes alone.

    Keys that differ in case or outer blanks only never share a batch: HubSpot may take them for one, and refuses
    a batch that names a record twice (hubspot-api, section 2.3).
    """
    rest = list(rows)
    while rest:
        batch: list[WriteRow] = []
        later: list[WriteRow] = []
        keys: set[str] = set()
        size = len('{"inputs": []}')
        for position, row in enumerate(rest):
            key = (row.record_id or row.key_value or "").strip().casefold()
            if key in keys:
                later.append(row)
                continue
            length = len(json.dumps(_input(row))) + len(", ")
            if batch and (len(batch) == BATCH or size + length > most_bytes):
                later += rest[position:]
                break
            batch.append(row)
            keys.add(key)
            size += length
        yield batch
        rest = later


def _accounted(rows: list[WriteRow], answer: Answer) -> list[Receipt]:
    """One receipt per row; where the answer contradicts itself about a row, the row is unaccounted."""
    traces = {row.trace: row for row in rows}
    targets = {row.record_id or row.key_value: row for row in rows}
    told: dict[str, list[Receipt]] = {row.trace: [] for row in rows}
    for record in answer.results:
        if row := _row_of(record, rows[0].key_property, traces, targets):
            told[row.trace].append(Receipt(row.trace, "written", str(record["id"]), created=bool(record.get("new"))))
    for why in map(reason, answer.errors):
        for row in _meant(rows, why) or (rows if len(rows) == 1 else ()):
            told[row.trace].append(_rejected(row, why))
    return [_agreed(row, told[row.trace]) for row in rows]


def _meant(rows: list[WriteRow], why: Reason) -> list[WriteRow]:
    """Whom an error names, by trace, record id or key."""
    return [row for row in rows if row.trace in why.traces or (row.record_id or row.key_value) in why.ids]


def _anonymous(rows: list[WriteRow], answer: Answer) -> bool:
    return any(not _meant(rows, reason(item)) for item in answer.errors)


def _agreed(row: WriteRow, told: list[Receipt]) -> Receipt:
    one_voice = len({(receipt.outcome, receipt.record_id) for receipt in told}) == 1
    return told[0] if one_voice else Receipt(row.trace, "unaccounted")


def _row_of(
    record: Mapping[str, Any],
    key: str | None,
    traces: Mapping[str, WriteRow],
    targets: Mapping[str | None, WriteRow],
) -> WriteRow | None:
    """Whose result this is; nobody's where trace and key name two rows."""
    by_trace = traces.get(record.get("objectWriteTraceId") or "")
    by_key = targets.get(str(record["id"]) if key is None else (record.get("properties") or {}).get(key))
    if by_trace is not None and by_key is not None and by_trace is not by_key:
        return None
    return by_trace or by_key


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
