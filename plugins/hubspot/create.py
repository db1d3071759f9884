"""Making records that no unique property tells apart: nothing is ever sent twice.

What HubSpot names neither as made nor as refused may exist all the same, and is unaccounted; whoever asks again
must look first. Each record is made together with its association, so that no kill leaves one without
(hubspot-api, sections 2.2, 2.3 and 5).
"""

import json
from collections.abc import Callable, Iterator, Sequence

from memorialization.errors import ContractBroken, MemorializationError, ServiceUnavailable
from memorialization.ports import Entity, NewRecord, Receipt, nothing
from plugins.hubspot.client import Body, Client
from plugins.hubspot.failures import Reason, Refused, contract, reason
from plugins.hubspot.write import ABOUT_ROWS, BATCH, BATCH_BYTES


def create(
    client: Client,
    entity: Entity,
    rows: Sequence[NewRecord],
    association_type: int,
    before: Callable[[], None] = nothing,
) -> list[Receipt]:
    """One receipt per row, in the order of the rows. See `RecordStore.add`.

    An error that no row causes ends the sending; it is raised where it is certain that nothing was made.
    """
    told: dict[str, Receipt] = {}
    waiting = list(_batches(rows, association_type))[::-1]
    reached = False
    while waiting:
        batch = waiting.pop()
        try:
            before()
            told |= _made(client, entity, batch)
        except Refused as refusal:
            if refusal.status not in ABOUT_ROWS:
                if not reached:
                    raise
                break
            if len(batch) == 1:
                told |= {trace: _rejected(trace, refusal.reason) for trace in batch}
            else:  # refused as a whole, so nothing was made: halve it until the culprits stand alone
                items = list(batch.items())
                middle = len(items) // 2
                waiting += [dict(items[middle:]), dict(items[:middle])]
                continue
        except (ServiceUnavailable, ContractBroken):  # nobody knows whether the batch was carried out
            break
        except MemorializationError:
            if not reached:
                raise
            break
        reached = True
    return [told.get(row.trace) or Receipt(row.trace, "unaccounted") for row in rows]


def _batches(rows: Sequence[NewRecord], association_type: int) -> Iterator[dict[str, Body]]:
    """trace -> input"""
    batch: dict[str, Body] = {}
    size = 0
    for row in rows:
        kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": association_type}
        item = {
            "properties": dict(row.properties),
            "associations": [{"to": {"id": row.associated_id}, "types": [kind]}],
            "objectWriteTraceId": row.trace,
        }
        length = len(json.dumps(item))
        if batch and (len(batch) == BATCH or size + length > BATCH_BYTES):
            yield batch
            batch, size = {}, 0
        batch[row.trace] = item
        size += length
    if batch:
        yield batch


def _made(client: Client, entity: Entity, batch: dict[str, Body]) -> dict[str, Receipt]:
    answer = client.batch_create(entity.type_id, list(batch.values()))
    with contract("making records"):
        told = {
            trace: Receipt(trace, "written", str(record["id"]), created=True)
            for record in answer.results
            if (trace := record.get("objectWriteTraceId")) in batch
        }
        for item in answer.errors:
            why = reason(item)
            named = [trace for trace in why.traces if trace in batch]
            told |= {trace: _rejected(trace, why) for trace in named or (batch if len(batch) == 1 else ())}
    return told


def _rejected(trace: str, why: Reason) -> Receipt:
    return Receipt(
        trace, "rejected", category=why.category, code=why.code, property=why.property,
        correlation_id=why.correlation_id,
    )  # fmt: skip
