"""Facts for the linter, asked of the portal and the tenant that a configuration's folder belongs to."""

from memorialization.lint.facts import Lengths, Portal, Snapshot, Tenant
from memorialization.lint.reading import Folder


def collect(folder: Folder) -> Snapshot:
    """Everything but lengths; raises ConfigurationError where a connection is not defined."""
    return Snapshot(portal=portal(folder), tenant=tenant(folder), transcript_lengths=lengths(folder.name))


def portal(folder: Folder) -> Portal:
    from app.connections import connection
    from plugins.hubspot.connect import client_from
    from plugins.hubspot.facts import portal_facts

    found = connection(f"hubspot_{folder.name}")
    entities = dict.fromkeys((*folder.entities, *folder.card_entities))
    return portal_facts(client_from(found.base_url, found.password, found.extras), entities)


def tenant(folder: Folder) -> Tenant:
    from app.connections import connection
    from plugins.cxone.client import client_from
    from plugins.cxone.facts import tenant_facts

    found = connection(f"cxone_{folder.name}")
    with client_from(found.base_url, found.login, found.password, found.extras) as client:
        return tenant_facts(client)


def lengths(name: str) -> Lengths | None:
    """Quantiles over the staged transcripts of earlier runs, from their measured lengths; None without any."""
    import pandas as pd
    import pyarrow.parquet as pq

    from app.settings import settings
    from memorialization.staging import reach

    parts = []
    with reach(f"{settings().staging}/{name}") as (filesystem, root):
        for path in sorted(filesystem.glob(f"{root}/*/lengths/*.parquet")):
            with filesystem.open(path, "rb") as file:
                table = pq.read_table(file, columns=["interaction_key", "length"])
            parts.append(table.to_pandas(ignore_metadata=True))
    known = pd.concat(parts).dropna().drop_duplicates("interaction_key", keep="last") if parts else None
    if known is None or known.empty:
        return None
    found = known["length"].quantile([0.5, 0.95, 0.99, 1.0], interpolation="higher").astype("int64").tolist()
    return Lengths(count=len(known), median=found[0], p95=found[1], p99=found[2], longest=found[3])
