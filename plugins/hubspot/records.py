"""`HubSpotStore` is the CRM as the domain sees it (`memorialization.ports.RecordStore`), and nothing more."""

from collections.abc import Mapping, Sequence

import pandas as pd

from memorialization.errors import MemorializationError
from memorialization.ports import Account, Change, Entity, Property, Receipt, Usage, WriteRow
from plugins.hubspot import associations, read, search, write
from plugins.hubspot.client import Client
from plugins.hubspot.failures import contract
from plugins.hubspot.schema import Schema


class HubSpotStore:
    """The records of one HubSpot account. Safe to share between threads, except `write`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._schema = Schema(client)
        self._stopped_by: MemorializationError | None = None

    @contract("reading account-info")
    def account(self) -> Account:
        return self._schema.account()

    def scopes(self) -> frozenset[str] | None:
        return self._schema.scopes()

    @contract("reading the object schemas")
    def entity(self, name: str) -> Entity:
        return self._schema.entity(name)

    @contract("reading the properties")
    def properties(self, entity: Entity) -> dict[str, Property]:
        return self._schema.properties(entity)

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
    def associated(self, source: Entity, ids: Sequence[str], target: Entity) -> dict[str, list[str]]:
        """Every asked id is a key; its list is empty where nothing is associated."""
        return associations.associated(self._client, source, ids, target)

    def write(self, entity: Entity, rows: Sequence[WriteRow]) -> list[Receipt]:
        """One receipt per row, in the order of the rows.

        An error that no row causes (token, scope, quota, a service that stays away, too many refusals)
        stops the sending. Rows already settled keep their receipts, all others are unaccounted, and
        `stopped_by` holds the error. It is raised instead where it is certain that nothing was written or
        settled. ValueError and ConfigurationError come before anything is sent (`write.checked`).

        `created` may be False for a record that a first, unanswered try of the same call created.
        """
        self._stopped_by = None
        keyed = any(row.key_property is not None for row in rows)
        write.checked(entity, rows, self.properties(entity) if keyed else {})
        writing = write.Writing(self._client, entity)
        receipts = writing.receipts(rows)
        if writing.stopped_by is not None and not writing.reached:
            raise writing.stopped_by
        self._stopped_by = writing.stopped_by
        return receipts

    @property
    def stopped_by(self) -> MemorializationError | None:
        """The error that ended the last `write` early; None when all its batches were answered."""
        return self._stopped_by

    def usage(self) -> Usage:
        return self._client.usage()
