"""The steps of a run bound to the real clients; the DAG and the command line call these same functions.

What goes in and out is what may travel through Airflow's XCom: names, counts and addresses, never values.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app import coverage, metrics
from app.clients import hubspot_limits
from app.connections import address_secret, connection, ledger_url
from app.dag_facts import check_drawn
from app.settings import settings
from app.watch import watched
from memorialization import additions, approval, cards, deliver, gate, intake, plan, prepare, quality, reconcile, revert
from memorialization.configuration import Configuration, load
from memorialization.durations import length
from memorialization.errors import (
    ApprovalNeeded,
    ConfigurationError,
    LeaseHeld,
    MemorializationError,
    PartitionFailed,
    PlanRefused,
    QuotaExhausted,
    Unbalanced,
    WindowError,
)
from memorialization.leases import taken
from memorialization.ledger import Ledger
from memorialization.ledger.coverage import night_at_work
from memorialization.ledger.lengths import keep_lengths, lengths_before
from memorialization.ledger.nights import before
from memorialization.ledger.rejections import uncured
from memorialization.ports import Channel, Window
from memorialization.report.gaps import with_coverage
from memorialization.report.growth import nights_of, with_growth
from memorialization.report.model import Funnel, Report
from memorialization.report.quota import STOPPED
from memorialization.run import Ports, Run, recorded, run_of, thaw
from memorialization.scan import ScannedSource
from memorialization.staging import Staging


def ports(configuration: Configuration) -> Ports:
    """Clients for the configuration's connections; nothing is asked of any service yet."""
    from plugins.cxone.client import client_from
    from plugins.cxone.options import CxoneOptions
    from plugins.cxone.source import CxoneSource
    from plugins.hubspot.connect import store_from

    crm = configuration.crm
    cxone, hubspot = connection(configuration.cxone_connection), connection(configuration.hubspot_connection)
    extras = {"api_version": crm.extraction.api_version} | cxone.extras
    options = CxoneOptions(
        total_includes_acw=crm.extraction.total_duration_includes_acw,
        acw_grace_hours=crm.extraction.acw_grace_hours,
        transcript_template=crm.rendering.transcript_template,
    )
    client = client_from(cxone.base_url, cxone.login, cxone.password, extras)
    return Ports(
        source=CxoneSource(client, phone_regions=crm.phone_regions, options=options),
        store=store_from(hubspot.base_url, hubspot.password, hubspot.extras, hubspot_limits(configuration)),
        ledger=Ledger(ledger_url()),
        address_secret=address_secret(cxone),
    )


def open_run(
    name: str, window: Window, *, dry_run: bool, heal: bool = False, dag_run_id: str | None = None, try_number: int = 1
) -> dict[str, Any]:
    """Load and check the configuration, then enter the run; raises before any request if a file is wrong."""
    if window.end > datetime.now(UTC):
        raise WindowError(f"the window ends in the future ({window.end.isoformat()}); end it now at the latest")
    where = settings()
    configuration = load(where.mappings, name)
    check_drawn(name, configuration.crm.schedule)
    outside = ports(configuration)
    with watched(name, "open", "all", outside):
        return intake.open_run(
            configuration, window, outside,
            staging_root=where.staging, dry_run=dry_run, heal=heal, dag_run_id=dag_run_id, try_number=try_number,
        ).as_dict()  # fmt: skip


def give_way(name: str) -> None:
    """What a backfill asks before each of its runs: raises LeaseHeld while a night of the configuration goes on."""
    if (night := night_at_work(Ledger(ledger_url()), name)) is not None:
        metrics.held_back(name)
        raise LeaseHeld(f"the nightly run {night} of {name} goes on and comes first. The backfill waits for its end.")


def open_revert(
    name: str | None, run_id: str, *, dry_run: bool, dag_run_id: str | None = None, try_number: int = 1
) -> dict[str, Any]:
    """Enter a run that takes back the run with this id, which must be of the configuration `name`, if one is given."""
    ledger = Ledger(ledger_url())
    ledger.check()
    facts = ledger.find_run(run_id)
    if facts is None or name not in (None, facts["configuration"]):
        whose = f" of {name}" if name else ""
        raise ConfigurationError(f"there is no run {run_id!r}{whose}. Copy the run id from the report of that run.")
    where = settings()
    outside = ports(load(where.mappings, facts["configuration"]))
    with watched(facts["configuration"], "open", "all", outside):
        return revert.open_revert(
            facts, outside,
            staging_root=where.staging, dry_run=dry_run, dag_run_id=dag_run_id, try_number=try_number,
        ).as_dict()  # fmt: skip


def plan_revert(run: dict[str, Any]) -> list[dict[str, Any]]:
    with _at_work(run, "compare", "all") as (opened, outside):
        return revert.plan_revert(opened, outside)


def extract(run: dict[str, Any], channel: Channel, *, scan: str | None = None) -> dict[str, Any]:
    """`scan`: address of the staging in which a backfill has the digital interactions of this window already."""
    with _at_work(run, "extract", channel) as (opened, outside):
        if scan is not None and channel == "digital":
            outside = replace(outside, source=ScannedSource(Staging(scan)))
        return intake.extract(opened, channel, outside)


def partition(run: dict[str, Any], extracted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return intake.partition(Run(**run), extracted)


def prepare_partition(run: dict[str, Any], partition: str, buckets: int) -> dict[str, Any]:
    with _at_work(run, "prepare", partition) as (opened, outside):
        return prepare.prepare(opened, partition, buckets, outside)


def cards_of(run: dict[str, Any], partition: str) -> dict[str, Any]:
    with _at_work(run, "cards", partition) as (opened, outside):
        return cards.cards(opened, partition, outside)


def buckets(run: dict[str, Any]) -> list[dict[str, Any]]:
    return intake.buckets_of(Run(**run))


def reconcile_bucket(run: dict[str, Any], entity: str, bucket: int) -> dict[str, Any]:
    with _at_work(run, "reconcile", f"{entity}/{bucket}") as (opened, outside):
        counts = reconcile.reconcile(opened, entity, bucket, outside)
        additions.plan(opened, entity, bucket, outside)
        return counts


def gate_run(run: dict[str, Any], *, backfill: bool = False) -> list[dict[str, Any]]:
    """Decide what may be written, over all buckets that were compared; returns those that may be written now."""
    with _at_work(run, "gate", "all") as (opened, outside):
        steps = outside.ledger.steps(opened.run_id)
        done = sorted(s["partition"] for s in steps if (s["step"], s["state"]) == ("reconcile", "done"))
        split = [name.rsplit("/", 1) for name in done]
        planned = [{"entity": entity, "bucket": int(bucket)} for entity, bucket in split]
        pairs: list[dict[str, Any]] = gate.gate(opened, planned, outside, backfill=backfill)["apply"]
        return pairs


def released(run: dict[str, Any]) -> list[dict[str, Any]]:
    """The buckets of the run's plan that may be written now; none while it waits for a person, or was refused."""
    opened, outside = _resume(run)
    return plan.pairs_of(outside.ledger.plan(opened.run_id))


def question(run: dict[str, Any]) -> dict[str, Any] | None:
    """What a person is asked, if the run's plan waits for one: {subject, body, seconds to wait, total}.

    `total`: of a backfill, the values of its runs so far with these; None for a single run.
    """
    opened, outside = _resume(run)
    kept = outside.ledger.plan(opened.run_id)
    if kept is None or kept["state"] != approval.MADE:
        return None
    window = f"{opened.window.start:%Y-%m-%d %H:%M} to {opened.window.end:%Y-%m-%d %H:%M} UTC"
    values = approval.amount(kept["counts"])
    return {
        "subject": f"{opened.configuration}: {values:,} values are above the limits. Write them to HubSpot?",
        "body": approval.question(kept, window),
        "seconds": length(thaw(opened).configuration.crm.approval.timeout).total_seconds(),
        "total": kept["counts"]["total"] if kept["backfill"] else None,
    }


def decide(run: dict[str, Any], state: str, *, by: str | None, grant: int | None = None) -> list[dict[str, Any]]:
    """Enter what was decided about the run's plan; returns the buckets that may be written now.

    `grant`: how many values the whole backfill may write. Raises PlanRefused where it is decided or altered already.
    """
    opened, outside = _resume(run)
    kept = outside.ledger.plan(opened.run_id)
    assert kept is not None
    if state == approval.APPROVED:
        plan.check_usable(kept)
        gate.verify(opened, kept)
    if not outside.ledger.decide_plan(opened.run_id, kept["plan_hash"], state, by=by, approved_values=grant):
        raise PlanRefused(f"the plan of run {opened.run_id} does not wait for a decision any more")
    return released(run)


def open_apply(
    run_id: str, plan_hash: str, *, by: str, grant: int | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(the run, the buckets to write) of a plan that is approved hereby, or was before and is not wholly applied.

    `grant`: how many values the whole backfill may write, of which the run is a part.

    Raises ConfigurationError where there is no such run, PlanRefused where the plan may not be applied, and LeaseHeld
    while another run works a part of its window.
    """
    ledger = Ledger(ledger_url())
    ledger.check()
    facts = ledger.find_run(run_id)
    if facts is None:
        raise ConfigurationError(f"there is no run {run_id!r}. Copy the run id from its report.")
    opened, kept = run_of(facts), ledger.plan(run_id)
    if kept is None:
        raise PlanRefused(f"run {run_id} has no plan: there was nothing to write.")
    if plan_hash != kept["plan_hash"]:
        raise PlanRefused(f"{plan_hash} is not the plan of run {run_id}. Copy the hash from the report of that run.")
    plan.check_usable(kept)
    if grant is not None and (not kept["backfill"] or grant < kept["counts"]["total"]):
        least = f"at least {kept['counts']['total']}" if kept["backfill"] else "nothing: it is no run of a backfill"
        raise ConfigurationError(f"--values {grant}: for run {run_id} give {least}.")
    now = load(settings().mappings, opened.configuration)
    if now.mapping_hash != kept["mapping_hash"]:
        raise PlanRefused(f"the mapping changed since run {run_id} made its plan. Run the window again.")
    if now.crm.mode != "adopted":
        raise PlanRefused(f"{opened.configuration} is in mode {now.crm.mode}: nothing is written.")
    gate.verify(opened, kept)
    run = opened.as_dict()
    with taken(opened, ledger, None):
        pairs = decide(run, approval.APPROVED, by=by, grant=grant) if kept["state"] == approval.MADE else released(run)
    return run, pairs


def apply_bucket(run: dict[str, Any], entity: str, bucket: int) -> dict[str, Any]:
    with _at_work(run, "apply", f"{entity}/{bucket}") as (opened, outside):
        counts = deliver.deliver(opened, entity, bucket, outside)
        additions.deliver(opened, entity, bucket, outside)
        return counts


def judge(run: dict[str, Any], suite: str, part: str) -> dict[str, Any]:
    with _at_work(run, f"judge_{suite}", part) as (opened, outside):
        return quality.judge(opened, suite, part, settings().expectations, outside)


def write_report(run: dict[str, Any]) -> dict[str, Any]:
    """Write the report's files, close the run; returns the folder, the state, the failures and, of a run that
    was applied and covers its window, what it did."""
    with _at_work(run, "report", "all") as (opened, outside):
        return _reported(opened, outside)


def _reported(opened: Run, outside: Ports) -> dict[str, Any]:
    from memorialization.report.build import build
    from memorialization.report.files import write_files
    from memorialization.report.trend import NIGHTS, with_trend

    with recorded(opened, outside, "report", "all", leased=False) as summary:
        facts, steps = outside.ledger.run(opened.run_id), outside.ledger.steps(opened.run_id)
        kept = uncured(outside.ledger, opened.configuration)
        report = build(opened, facts, steps, outside.ledger.plan(opened.run_id), kept)
        applied = _is_applied(opened, report)
        if not opened.reverts:
            report = with_growth(report, lengths_before(outside.ledger, opened.configuration, opened.window.end))
            keep_lengths(outside.ledger, opened.configuration, opened.run_id, nights_of(report))
            covered = coverage.of_run(opened, outside.ledger, applied=applied)
            report = with_coverage(report, covered, nightly=opened.nightly)
            report = with_trend(report, before(outside.ledger, opened.configuration, opened.window.end, NIGHTS - 1))
        folder = settings().reports / opened.configuration / opened.run_id
        write_files(report, folder)
        summary.update(report=str(folder))
    state = "failed" if report.verdict.failures else "done"
    outside.ledger.close_run(opened.run_id, state=state, funnel=report.funnel.model_dump(), report=str(folder))
    if report.plan and _is_settled(report) and not _without_leave(report):
        _close_plan(opened, outside, steps)
    if applied:
        _cover(opened, outside)
    outside.ledger.release_lease(opened.run_id)
    metrics.night(report)
    return {
        "report": str(folder),
        "failures": list(report.verdict.failures),
        "without_leave": _without_leave(report),
        "funnel": report.funnel.model_dump(),
        "applied": _applied(opened, report.funnel) if applied else None,
    }


def _is_settled(report: Report) -> bool:
    settled = all(step.state == "done" for step in report.steps) and not report.funnel.unaccounted
    settled &= not any(addition.unaccounted for addition in report.additions)
    return settled and not any(failure.startswith(STOPPED) for failure in report.verdict.failures)


def _without_leave(report: Report) -> str | None:
    """The state of a plan of which nothing may be written."""
    return report.plan.state if report.plan and report.plan.state in approval.WITHOUT_LEAVE else None


def _is_applied(run: Run, report: Report) -> bool:
    """Whether the run has delivered its window."""
    writes = report.run.mode == "adopted" and not run.dry_run and not run.reverts
    return writes and _is_settled(report) and not _without_leave(report) and not report.funnel.imbalances()


def _applied(run: Run, funnel: Funnel) -> dict[str, Any]:
    """What others may know of a run that was applied: which window, and how much became of it."""
    counts = {name: getattr(funnel, name) for name in ("due", "written", "verified", "rejected", "parked", "held")}
    return {**counts, "run_id": run.run_id, "window_start": run.window_start, "window_end": run.window_end}


def _close_plan(run: Run, outside: Ports, steps: list[dict[str, Any]]) -> None:
    kept = outside.ledger.plan(run.run_id)
    done = {s["partition"] for s in steps if (s["step"], s["state"]) == ("apply", "done")}
    if kept is not None and done >= set(kept["buckets"]):
        outside.ledger.close_plan(run.run_id)


def _cover(run: Run, outside: Ports) -> None:
    intake.remember(run, outside)
    window, mapping_hash = run.window, thaw(run).configuration.mapping_hash
    outside.ledger.cover(run.configuration, window.start, window.end, run.run_id, mapping_hash)


def release(run: dict[str, Any]) -> None:
    """Whoever wants the run's window may take it at once: the run is given up, and writes nothing more."""
    Ledger(ledger_url()).release_lease(run["run_id"])


def finish(reported: dict[str, Any]) -> None:
    """Raises, after the report, if anything is not settled: ApprovalNeeded, PlanRefused, QuotaExhausted,
    PartitionFailed or Unbalanced."""
    failures = reported["failures"]
    if not failures:
        return
    if reported["without_leave"]:
        kind: type[MemorializationError] = ApprovalNeeded if reported["without_leave"] == approval.MADE else PlanRefused
        raise kind(f"{failures[0]}. Report: {reported['report']}/report.html")
    if failures[0].startswith(STOPPED):
        raise QuotaExhausted(f"{failures[0]} Report: {reported['report']}/report.html")
    kind = Unbalanced if any("unaccounted" in f or " is not " in f for f in failures) else PartitionFailed
    raise kind(f"{'; '.join(f.rstrip('.') for f in failures)}. Report: {reported['report']}/report.html")


@contextmanager
def _at_work(run: dict[str, Any], step: str, part: str) -> Iterator[tuple[Run, Ports]]:
    opened, outside = _resume(run)
    with watched(opened.configuration, step, part, outside, opened.run_id):
        yield opened, outside


def _resume(run: dict[str, Any]) -> tuple[Run, Ports]:
    opened = Run(**run)
    return opened, ports(thaw(opened).configuration)
