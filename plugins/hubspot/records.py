"""`HubSpotStore` is the CRM as the domain sees it (`memorialization.ports.RecordStore`), and nothing more."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

import pandas as pd

from memorialization.errors import MemorializationError
from memorialization.ports import (
    Account,
    Change,
    Entity,
    NewRecord,
    Pipeline,
    Property,
    Receipt,
    Usage,
    WriteRow,
    nothing,
)
from plugins.hubspot import associations, create, read, search, write
from plugins.hubspot.client import Client
from plugins.hubspot.failures import contract
from plugins.hubspot.schema import Schema
from plugins.hubspot.versions import support_ends

log = logging.getLogger(__name__)


@cache
def _warn(text: str) -> None:
    """Once in a process, however many stores it opens."""
    log.warning("%s", text)


class HubSpotStore:
    """The records of one HubSpot account. Safe to share between threads, except `write`."""

    def __init__(self, client: Client, *, batch_bytes: int = write.BATCH_BYTES) -> None:
        self._client = client
        self._schema = Schema(client)
        self._batch_bytes = batch_bytes
        self._stopped_by: MemorializationError | None = None

    @contract("reading account-info")
    def account(self) -> Account:
        """Asked once at the beginning of a run, so here it is told when the API version in use ends."""
        if ending := support_ends(self._client.api_version, datetime.now(UTC).date()):
            _warn(ending)
        return self._schema.account()

    def scopes(self) -> frozenset[str] | None:
        return self._schema.scopes()

    @contract("reading the object schemas")
    def entity(self, name: str) -> Entity:
        return self._schema.entity(name)

    @contract("reading the properties")
    def properties(self, entity: Entity) -> dict[str, Property]:
        return self._schema.properties(entity)

    @contract("reading the pipelines")
    def pipelines(self, entity: Entity) -> dict[str, Pipeline] | None:
        return self._schema.pipelines(entity)

    @contract("reading records")
    def read(
        self, entity: Entity, ids: Sequence[str], properties: Sequence[str], *, id_property: str | None = None
    ) -> pd.DataFrame:
        """Rows in the order asked. ConfigurationError for a property that cannot be read.

        An id or e-mail address that was merged or added into another record finds that record, so several
        asked ids may share a `record_id`.
        """
        return read.read(self._client, entity, ids, properties, id_property)

    @contract("reading histories")
    def histories(
        self, entity: Entity, ids: Sequence[str], properties: Sequence[str]
    ) -> dict[str, dict[str, list[Change]]]:
        return read.histories(self._client, entity, ids, properties)

    @contract("searching records")
    def search(self, entity: Entity, filters: Mapping[str, Sequence[str]], properties: Sequence[str]) -> pd.DataFrame:
        return search.search(self._client, entity, self.properties(entity), filters, properties)

    @contract("reading associations")
    def associated(
        self, source: Entity, ids: Sequence[str], target: Entity, *, primary: bool = False
    ) -> dict[str, list[str]]:
        """Every asked id is a key; its list is empty where nothing is associated."""
        return associations.associated(self._client, source, ids, target, primary=primary)

    def write(
        self,
        entity: Entity,
        rows: Sequence[WriteRow],
        *,
        before: Callable[[], None] = nothing,
        told: Callable[[Sequence[Receipt]], None] | None = None,
    ) -> list[Receipt]:
        """One receipt per row, in the order of the rows; `told` hears of each batch as soon as it is settled.

        Nothing is sent twice that may have been carried out: of an answer that never came the rows are unaccounted,
        `stopped_by` holds the error, and whoever sends them again looks first.
        An error that no row causes (token, scope, quota, a service that stays away, too many refusals, `before`)
        stops the sending. Rows already settled keep their receipts, all others are unaccounted, and
        `stopped_by` holds the error. It is raised instead where it is certain that nothing was written or
        settled. ValueError and ConfigurationError come before anything is sent (`write.checked`).
        """
        self._stopped_by = None
        keyed = any(row.key_property is not None for row in rows)
        write.checked(entity, rows, self.properties(entity) if keyed else {})
        writing = write.Writing(self._client, entity, lambda: self.properties(entity), self._batch_bytes)
        receipts = writing.receipts(rows, before, told)
        if writing.stopped_by is not None and not writing.reached:
            raise writing.stopped_by
        self._stopped_by = writing.stopped_by
        return receipts

    def add(
        self, entity: Entity, rows: Sequence[NewRecord], associated: Entity, *, before: Callable[[], None] = nothing
    ) -> list[Receipt]:
        """An error that no row causes is raised where it is certain that nothing was made; else the rest of the rows
        is unaccounted."""
        association_type = associations.default_type(self._client, entity, associated)
        return create.create(self._client, entity, rows, association_type, before)

    @contract("associating records")
    def associate(
        self, source: Entity, pairs: Sequence[tuple[str, str]], target: Entity, *, before: Callable[[], None] = nothing
    ) -> list[Receipt]:
        """Pairs that are left out of the answer while as many errors are told are rejected, in no known order."""
        return associations.associate(self._client, source, pairs, target, before)

    @property
    def stopped_by(self) -> MemorializationError | None:
        """The error that left rows of the last `write` unaccounted; None when all its batches were answered."""
        return self._stopped_by

    def usage(self) -> Usage:
        return self._client.usage()
