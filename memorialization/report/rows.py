"""The report's lists of single rows: what waits for people, and what people did. Interactions by key, records by id.

A list holds at most `MOST_LISTED` rows; the funnel counts all.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pandas as pd

from memorialization.compare import EDITED, NEW
from memorialization.matching import PARKED
from memorialization.receipts import REJECTED
from memorialization.rejections import OPEN
from memorialization.report.model import Edited, Parked, Refused, Rejected
from memorialization.report.words import Language
from memorialization.run import Frozen

MOST_LISTED: Final = 10_000
"""In report.json and report.xlsx; the page shows fewer (`html.MOST_SHOWN`)."""


def link(frozen: Frozen, entity: str, record_id: str) -> str:
    """The record's page in HubSpot: screen-pop domain, Hub ID, type and id."""
    crm = frozen.configuration.crm
    domain = crm.external_screenpop_domain_hs
    return f"{domain}/contacts/{crm.account_id}/record/{frozen.entities[entity].type_id}/{record_id}"


def parked(frozen: Frozen, targets: list[pd.DataFrame], shown: Mapping[str, str]) -> list[Parked]:
    """`targets`: the frames of the partitions (`prepare`); `shown`: where CXone shows an interaction, by key."""
    frames = [t[t["outcome"].eq(PARKED)] for t in targets if len(t)]
    frame = pd.concat(frames).head(MOST_LISTED) if frames else pd.DataFrame()
    return [
        Parked(
            interaction_key=row["interaction_key"],
            mapping=frozen.sections[int(row["section"])].mapping.name,
            entity=row["entity"],
            reason=row["reason"],
            candidates=tuple(row["candidates"]),
            links=tuple(link(frozen, row["entity"], c) for c in row["candidates"]),
            cxone=shown.get(row["interaction_key"]),
        )
        for row in frame.to_dict("records")
    ]


def rejected(frozen: Frozen, receipts: pd.DataFrame, shown: Mapping[str, str]) -> list[Rejected]:
    """By record; `receipts` with `entity`, empty where nothing was sent."""
    if receipts.empty:
        return []
    refused = receipts[receipts["outcome"].eq(REJECTED)]
    rows = []
    for (entity, record), group in list(refused.groupby(["entity", "record"]))[:MOST_LISTED]:
        first = group.iloc[0]
        text = {c: None if pd.isna(first[c]) else str(first[c]) for c in ("category", "code", "correlation_id")}
        known = not str(record).startswith(NEW)
        rows.append(
            Rejected(
                interaction_key=first["interaction_key"],
                entity=str(entity),
                record=str(record),
                link=link(frozen, str(entity), str(record)) if known else None,
                properties=tuple(sorted(group["property"])),
                cxone=shown.get(first["interaction_key"]),
                **text,
            )
        )
    return rows


def refused(kept: Sequence[Mapping[str, Any]], language: Language) -> list[Refused]:
    """By state, category and code, the open ones first; `kept`: rows of the ledger's `rejected`."""
    groups: dict[tuple[Any, str | None, str | None], list[Mapping[str, Any]]] = {}
    for row in kept:
        groups.setdefault((row["state"], row["category"], row["code"]), []).append(row)
    found = [
        Refused(
            category=category,
            code=code,
            state=state,
            values=len(rows),
            cure=language.cure(code, category),
            first_at=_moment(min(row["first_at"] for row in rows)),
            next_at=_moment(min(row["next_at"] for row in rows)) if state == OPEN else None,
        )
        for (state, category, code), rows in groups.items()
    ]
    return sorted(found, key=lambda r: (r.state != OPEN, r.state, -r.values, r.code or ""))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def edited(frozen: Frozen, findings: list[pd.DataFrame], shown: Mapping[str, str]) -> list[Edited]:
    """The newest change first; `findings`: the frames of the buckets (`reconcile`), with `entity`."""
    frames = [f[f["verdict"].eq(EDITED)] for f in findings if len(f)]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    if frame.empty:
        return []
    frame = frame.sort_values(["changed_at", "record_id", "property"], ascending=[False, True, True])
    return [
        Edited(
            interaction_key=row["interaction_key"],
            mapping=frozen.sections[int(row["section"])].mapping.name,
            entity=row["entity"],
            external_crm_field=row["property"],
            record_id=row["record_id"],
            link=link(frozen, row["entity"], row["record_id"]),
            changed_at=row["changed_at"],
            source=row["changed_by"],
            cxone=shown.get(row["interaction_key"]),
        )
        for row in frame.head(MOST_LISTED).to_dict("records")
    ]
