"""A night of the stand-ins (`world`) taken step by step, each step the product's own; nothing is sent anywhere."""

from typing import Any

from benchmarks import world
from memorialization import gate, intake, prepare, reconcile
from memorialization.ledger.rejections import uncured
from memorialization.report.build import build
from memorialization.report.model import Report
from memorialization.run import Ports, Run


def extracted(folder: str, ledger_url: str, interactions: int) -> tuple[Run, list[dict[str, Any]]]:
    """A run with its interactions in staging, and what `intake.partition` needs to know of them."""
    ports = world.ports(interactions, ledger_url, world.Clock(), world.Clock())
    run = intake.open_run(
        world.configuration(f"bench-{interactions}"), world.DAY, ports, staging_root=folder, dry_run=False
    )
    return run, [intake.extract(run, channel, ports) for channel in intake.CHANNELS]


def prepared(run: Run, found: list[dict[str, Any]], ports: Ports) -> None:
    """settle -> map -> match, partition by partition."""
    for item in intake.partition(run, found):
        prepare.prepare(run, **item, ports=ports)


def reconciled(run: Run, ports: Ports) -> None:
    """read -> compare -> plan, bucket by bucket."""
    for pair in intake.buckets_of(run):
        reconcile.reconcile(run, **pair, ports=ports)


def gated(run: Run, ports: Ports) -> list[dict[str, Any]]:
    """The plan is made; returns the buckets that may be written."""
    pairs: list[dict[str, Any]] = gate.gate(run, intake.buckets_of(run), ports)["apply"]
    return pairs


def reported(run: Run, ports: Ports) -> Report:
    """The report, in memory."""
    ledger, run_id = ports.ledger, run.run_id
    kept = uncured(ledger, run.configuration)
    return build(run, ledger.run(run_id), ledger.steps(run_id), ledger.plan(run_id), kept)
