"""Takes a run back: restores exactly the values that still stand as that run wrote them, and touches nothing else.

A revert is a run of its own: planned into files as a night is, delivered by the same step (read again just before
the write, receipts, proof by reading back), reported, and entered into the ledger. What the run wrote is told by its
receipts in the ledger, what stood there before by the before-images in its staging.

What is left alone, and why: `moved` (HubSpot holds another value by now, or a person set it since to what means the
same), `newer` (a newer interaction was found to hold the same value), `created` (the run made the record; a record is
never deleted or emptied).
Files: `changes/` as a night's plan; `left/`, one row per value left alone, with `held`, the reason.
"""

from typing import Any, Final

import numpy as np
import pandas as pd
from uuid6 import uuid7

from memorialization import transcripts
from memorialization.compare import DRIFTED, EQUAL, NEW
from memorialization.deliver import FREE, STANDING, look_again
from memorialization.errors import ConfigurationError
from memorialization.gate import MOVED, gate
from memorialization.interactions import channel_of
from memorialization.leases import taken
from memorialization.ledger.audit import written_by
from memorialization.portal import check_account, check_scopes
from memorialization.ports import Entity
from memorialization.reconcile import CHANGES
from memorialization.run import Frozen, Ports, Run, recorded, run_of, thaw

CREATED: Final = "created"
NEWER: Final = "newer"

LEFT: Final = ["record", "property", "section", "interaction_key", "verdict", "held"]


def open_revert(
    facts: dict[str, Any],
    ports: Ports,
    *,
    staging_root: str,
    dry_run: bool,
    dag_run_id: str | None = None,
    try_number: int = 1,
) -> Run:
    """Enter a run that takes back the run of `facts`, its row in the ledger; nothing is compared yet.

    Raises ConfigurationError where there is nothing to take back, or no before-image left to restore; WrongAccount,
    PermissionMissing or LeaseHeld as a night does.
    """
    source = run_of(facts)
    if source.reverts:
        again = f"memorialize run -c {source.configuration} --from {source.window_start} --to {source.window_end}"
        raise ConfigurationError(f"run {source.run_id} is itself a revert. To write its values again: {again}")
    if written_by(ports.ledger, source.run_id).empty:
        raise ConfigurationError(f"run {source.run_id} wrote nothing, so there is nothing to revert.")
    files = ["frozen.json", *(f"changes/{name}.parquet" for name in _parts(source, ports))]
    gone = [name for name in files if not source.files.exists(name)]
    if gone:
        raise ConfigurationError(
            f"run {source.run_id} can no longer be reverted: {', '.join(gone)} is not in {source.staging} any more. "
            "What it wrote stays; correct single records by hand (memorialize explain names them)."
        )
    try:
        frozen = thaw(source)
    except ValueError:
        raise ConfigurationError(
            f"run {source.run_id} can no longer be reverted: its frozen.json is of another version of this program."
        ) from None
    check_account(frozen.configuration, ports.store.account())
    check_scopes(frozen.configuration, ports.store.scopes(), writes=not dry_run)
    run_id = str(uuid7())
    run = Run(
        run_id=run_id,
        configuration=source.configuration,
        staging=f"{staging_root}/{source.configuration}/{run_id}",
        window_start=source.window_start,
        window_end=source.window_end,
        dry_run=dry_run,
        reverts=source.run_id,
    )
    with taken(run, ports.ledger, dag_run_id):
        run.files.write_json("frozen.json", source.files.read_json("frozen.json"))  # the sections that numbers mean
        numbers = [int(name.rsplit("/", 1)[1]) for name in _parts(source, ports)]
        run.files.write_json("partitions.json", {"partitions": [], "buckets": max(numbers) + 1})
        kept = ("configuration", "window_start", "window_end", "mode", "mapping_hash")
        ports.ledger.open_run(
            {
                **{column: facts[column] for column in kept},
                "run_id": run_id, "reverts": source.run_id, "dag_run_id": dag_run_id, "try_number": try_number,
                "dry_run": dry_run, "staging": run.staging,
            }
        )  # fmt: skip
    return run


def plan_revert(run: Run, ports: Ports) -> list[dict[str, Any]]:
    """Compare what the run wrote with what HubSpot holds now; returns the (entity, bucket) pairs to deliver."""
    source = run_of(ports.ledger.run(str(run.reverts)))
    wrote = written_by(ports.ledger, source.run_id)
    pairs = []
    for name in _parts(source, ports):
        entity, bucket = name.rsplit("/", 1)
        with recorded(run, ports, "reconcile", name) as summary:
            counts = _plan(run, source, entity, name, wrote, ports)
            summary.update(values=counts, superseded=0)
        pairs.append({"entity": entity, "bucket": int(bucket)})
    apply: list[dict[str, Any]] = gate(run, pairs, ports)["apply"]
    return apply


def _parts(source: Run, ports: Ports) -> list[str]:
    """The buckets that may have been written, as `<entity>/<bucket>`."""
    return sorted(s["partition"] for s in ports.ledger.steps(source.run_id) if s["step"] == "apply")


def _plan(run: Run, source: Run, entity: str, name: str, wrote: pd.DataFrame, ports: Ports) -> list[dict[str, Any]]:
    frozen = thaw(run)
    target = frozen.entities[entity]
    mine = wrote.loc[wrote["type_id"].eq(target.type_id), ["record", "property", "record_id"]]
    images = source.files.read_frame(f"changes/{name}.parquet").drop(columns="record_id")
    images = images.merge(mine, on=["record", "property"])
    back = images.assign(
        record=images["record_id"], verdict=DRIFTED, pattern="", kept=False, dismissed=False,
        key_property=pd.Series(np.nan, index=images.index, dtype="str"),
        key_value=pd.Series(np.nan, index=images.index, dtype="str"),
        desired=images["current"].fillna(""),  # "" clears what was empty before
        current=images["desired"],
    )  # fmt: skip
    made = images["record"].astype("str").str.startswith(NEW)
    held = pd.Series("", index=back.index, dtype="str").mask(made, CREATED)
    open_ = back[~made]
    fresh = look_again(open_, frozen, target, ports)
    fresh = fresh.mask(fresh.eq(FREE) & _by_people(open_, frozen, target, ports), MOVED)
    held.loc[open_.index] = np.select(
        [fresh.eq(STANDING), _newer(open_, run, target.type_id, ports), fresh.eq(MOVED)], ["", NEWER, MOVED], default=""
    )
    verdicts = pd.Series(DRIFTED, index=back.index, dtype="str")
    verdicts.loc[fresh.index[fresh.eq(STANDING)]] = EQUAL
    back["verdict"] = verdicts
    planned = back[held.eq("") & verdicts.eq(DRIFTED)].reset_index(drop=True)
    run.files.write_frame(f"changes/{name}.parquet", planned[CHANGES])
    run.files.write_frame(f"left/{name}.parquet", back.assign(held=held)[held.ne("")][LEFT])
    run.files.write_frame(f"transcripts/{name}.parquet", pd.DataFrame(columns=transcripts.COLUMNS))
    counts = _counts(back)
    run.files.write_json(f"counts/{name}.json", counts)
    return counts


def _by_people(values: pd.DataFrame, frozen: Frozen, target: Entity, ports: Ports) -> pd.Series:
    """Which of these properties a person changed last."""
    ids = values["record"].unique().tolist()
    histories = ports.store.histories(target, ids, sorted(values["property"].unique())) if ids else {}
    sources = frozen.configuration.crm.integration_sources
    newest = [histories.get(r, {}).get(p, [])[:1] for r, p in zip(values["record"], values["property"], strict=True)]
    found = [any(change.source_type not in sources for change in changes) for changes in newest]
    return pd.Series(found, index=values.index, dtype="bool")


def _newer(values: pd.DataFrame, run: Run, type_id: str, ports: Ports) -> np.ndarray:
    """Whether another interaction than the one that was written for holds the value since."""
    holders = ports.ledger.holders(run.configuration, type_id, values["record"].unique().tolist())
    found = [holders.get(key) for key in zip(values["record"], values["property"], strict=True)]
    keys = values["interaction_key"]
    return np.array([h is not None and h.interaction_key != k for h, k in zip(found, keys, strict=True)], dtype=bool)


def _counts(values: pd.DataFrame) -> list[dict[str, Any]]:
    """[{section, property, channel, verdict, reason, n}], as a night counts its verdicts."""
    keys = values[["section", "property", "verdict"]].assign(channel=channel_of(values["interaction_key"]))
    counted = keys.groupby(["section", "property", "channel", "verdict"]).size()
    return [
        {"section": int(s), "property": p, "channel": c, "verdict": v, "reason": "", "n": int(n)}
        for (s, p, c, v), n in counted.items()
    ]
