"""The steps of a run bound to the real clients; the DAG and the command line call these same functions.

What goes in and out is what may travel through Airflow's XCom: names, counts and addresses, never values.
"""

from datetime import UTC, datetime
from typing import Any

from app.connections import connection, ledger_url
from app.dag_facts import check_drawn
from app.settings import settings
from memorialization import cards, deliver, gate, intake, prepare, quality, reconcile
from memorialization.configuration import Configuration, load
from memorialization.errors import PartitionFailed, Unbalanced, WindowError
from memorialization.ledger import Ledger
from memorialization.ports import Channel, Window
from memorialization.run import Ports, Run, recorded, thaw


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
        source=CxoneSource(client, phone_region=crm.phone_regions[0], options=options),
        store=store_from(hubspot.base_url, hubspot.password, hubspot.extras),
        ledger=Ledger(ledger_url()),
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
    return intake.open_run(
        configuration, window, ports(configuration),
        staging_root=where.staging, dry_run=dry_run, heal=heal, dag_run_id=dag_run_id, try_number=try_number,
    ).as_dict()  # fmt: skip


def extract(run: dict[str, Any], channel: Channel) -> dict[str, Any]:
    opened, outside = _resume(run)
    return intake.extract(opened, channel, outside)


def partition(run: dict[str, Any], extracted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return intake.partition(Run(**run), extracted)


def prepare_partition(run: dict[str, Any], partition: str, buckets: int) -> dict[str, Any]:
    opened, outside = _resume(run)
    return prepare.prepare(opened, partition, buckets, outside)


def cards_of(run: dict[str, Any], partition: str) -> dict[str, Any]:
    opened, outside = _resume(run)
    return cards.cards(opened, partition, outside)


def buckets(run: dict[str, Any]) -> list[dict[str, Any]]:
    return intake.buckets_of(Run(**run))


def reconcile_bucket(run: dict[str, Any], entity: str, bucket: int) -> dict[str, Any]:
    opened, outside = _resume(run)
    return reconcile.reconcile(opened, entity, bucket, outside)


def gate_run(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Decide what may be written, over all buckets whose plan exists; returns those with something to write."""
    opened, outside = _resume(run)
    steps = outside.ledger.steps(opened.run_id)
    done = sorted(s["partition"] for s in steps if (s["step"], s["state"]) == ("reconcile", "done"))
    split = [name.rsplit("/", 1) for name in done]
    planned = [{"entity": entity, "bucket": int(bucket)} for entity, bucket in split]
    pairs: list[dict[str, Any]] = gate.gate(opened, planned, outside)["apply"]
    return pairs


def apply_bucket(run: dict[str, Any], entity: str, bucket: int) -> dict[str, Any]:
    opened, outside = _resume(run)
    return deliver.deliver(opened, entity, bucket, outside)


def judge(run: dict[str, Any], suite: str, part: str) -> dict[str, Any]:
    opened, outside = _resume(run)
    return quality.judge(opened, suite, part, settings().expectations, outside)


def write_report(run: dict[str, Any]) -> dict[str, Any]:
    """Write report.json and report.html, close the run; returns the folder, the state and the failures."""
    from memorialization.report.build import build
    from memorialization.report.files import write_files

    opened, outside = _resume(run)
    with recorded(opened, outside, "report", "all") as summary:
        report = build(opened, outside.ledger.run(opened.run_id), outside.ledger.steps(opened.run_id))
        folder = settings().reports / opened.configuration / opened.run_id
        write_files(report, folder)
        summary.update(report=str(folder))
    state = "failed" if report.verdict.failures else "done"
    outside.ledger.close_run(opened.run_id, state=state, funnel=report.funnel.model_dump(), report=str(folder))
    settled = all(step.state == "done" for step in report.steps) and not report.funnel.unaccounted
    if settled and not report.funnel.imbalances() and report.run.mode == "adopted" and not opened.dry_run:
        _cover(opened, outside)
    return {
        "report": str(folder),
        "failures": list(report.verdict.failures),
        "funnel": report.funnel.model_dump(),
    }


def _cover(run: Run, outside: Ports) -> None:
    intake.remember(run, outside)
    window, mapping_hash = run.window, thaw(run).configuration.mapping_hash
    outside.ledger.cover(run.configuration, window.start, window.end, run.run_id, mapping_hash)


def finish(reported: dict[str, Any]) -> None:
    """Raises PartitionFailed or Unbalanced, after the report, if anything is not settled."""
    failures = reported["failures"]
    if not failures:
        return
    kind = Unbalanced if any("unaccounted" in f or " is not " in f for f in failures) else PartitionFailed
    raise kind(f"{'; '.join(f.rstrip('.') for f in failures)}. Report: {reported['report']}/report.html")


def _resume(run: dict[str, Any]) -> tuple[Run, Ports]:
    opened = Run(**run)
    return opened, ports(thaw(opened).configuration)
