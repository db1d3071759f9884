"""Small configurations, interactions and whole nights over the fakes; every default is a plain, due call."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from memorialization import additions, deliver, gate, intake, prepare, quality, reconcile, revert
from memorialization.configuration import Configuration
from memorialization.crm import Crm
from memorialization.interactions import DIGITAL, SCRIPT, VOICE
from memorialization.ledger import Ledger
from memorialization.ledger.rejections import uncured
from memorialization.mappings import Assignment, FieldRow, Mapping, Section, Workflows
from memorialization.ports import Property, Window
from memorialization.report.build import build
from memorialization.report.model import Report
from memorialization.run import Ports, Run, recorded, thaw
from tests.memorialization.fakes import PORTAL, MemorySource, MemoryStore, text

EVENING = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
DAY = Window(datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))
SECRET = "keys-the-hashes-of-customers-addresses"
EXPECTATIONS = Path(__file__).resolve().parents[2] / "expectations"
_CHANNELS: dict[str, Literal["Voice call contact", "Digital contact", "Script variable"]] = {
    "voice": VOICE, "digital": DIGITAL, "script": SCRIPT,
}  # fmt: skip


def row(name: str, channel: str, data: str, **policies: Any) -> FieldRow:
    return FieldRow(external_crm_field=name, channel=_CHANNELS[channel], cxone_data=data, **policies)


def section(entity: str, *rows: FieldRow, **settings: Any) -> Section:
    return Section(entity=entity, fields=rows, **settings)


def configuration(*sections: Section, **crm: Any) -> Configuration:
    """One mapping "All" for both channels."""
    settings: dict[str, Any] = {
        "configuration_name": "Acme",
        "integration_type": "HubSpot",
        "authentication_name": "key",
        "external_screenpop_domain_hs": "https://ven12345.hubspot.com",
        "account_id": PORTAL,
        "mode": "adopted",
        "phone_regions": ("DE", "US"),
    }
    assignments = (
        Assignment(channel="Voice call contact", memorialization_mapping="All"),
        Assignment(channel="Digital contact", memorialization_mapping="All"),
    )
    return Configuration(
        name="acme",
        crm=Crm(**(settings | crm)),
        mappings={"All": Mapping(memorialization_mapping="All", sections=sections)},
        dynamic={},
        workflows=Workflows(assignments=assignments),
    )


def schema(**properties: Property) -> dict[str, dict[str, Property]]:
    """The same texts for every entity: key (unique), last_id, agent, notes, transcript (20 characters)."""
    names = {
        "email": text("email", unique=True),
        "phone": text("phone"),
        "mobilephone": text("mobilephone"),
        "hs_searchable_calculated_phone_number": text("hs_searchable_calculated_phone_number"),
        "hs_searchable_calculated_mobile_number": text("hs_searchable_calculated_mobile_number"),
        "key": text("key", unique=True),
        "last_id": text("last_id"),
        "agent": text("agent"),
        "notes": text("notes"),
        "subject": text("subject"),
        "transcript": text("transcript", max_length=20, area=True),
    } | properties
    return {entity: dict(names) for entity in ("Contact", "Company", "Ticket")}


def interaction(number: int, **facts: Any) -> dict[str, Any]:
    """A call that ended `number` minutes after 18:00 on 22 November 2026, its after-call work a minute later."""
    channel = facts.get("channel", "voice")
    end = facts.get("end_time", EVENING + timedelta(minutes=number))
    return {
        "interaction_key": f"v:{number}" if channel == "voice" else f"d:{number}:0:1",
        "channel": channel,
        "contact_id": str(number),
        "start_time": EVENING - timedelta(hours=1),
        "end_time": end,
        "due_at": None if end is None else end + timedelta(minutes=1),
        "updated_at": end,
        "media_type_id": 4 if channel == "voice" else 9,
        "agent_kind": "human",
        "refused": False,
        "abandoned": False,
        "wrap_up_closed": end is not None,
        "ended_by": "agent",
        "customer_email": "kim@example.com",
        "agent_name": f"Agent {number}",
        "transcript_ref": facts.get("transcript_ref"),
    } | facts


@dataclass(frozen=True)
class Night:
    """One run taken step by step; each step is the product's own."""

    run: Run
    ports: Ports

    def prepare(self) -> list[dict[str, Any]]:
        extracted = [intake.extract(self.run, channel, self.ports) for channel in intake.CHANNELS]
        return [prepare.prepare(self.run, **p, ports=self.ports) for p in intake.partition(self.run, extracted)]

    def reconcile(self) -> list[dict[str, Any]]:
        counts = [reconcile.reconcile(self.run, **pair, ports=self.ports) for pair in intake.buckets_of(self.run)]
        for pair in intake.buckets_of(self.run):
            additions.plan(self.run, **pair, ports=self.ports)
        return counts

    def gate(self) -> list[dict[str, Any]]:
        pairs: list[dict[str, Any]] = gate.gate(self.run, intake.buckets_of(self.run), self.ports)["apply"]
        return pairs

    def deliver(self) -> list[dict[str, Any]]:
        pairs = self.gate()
        counts = []
        for pair in pairs:
            counts.append(deliver.deliver(self.run, **pair, ports=self.ports))
            additions.deliver(self.run, **pair, ports=self.ports)
        return counts

    def judge(self) -> None:
        partitions = self.run.files.read_json("partitions.json")["partitions"]
        for suite in ("source", "mapped"):
            for part in partitions:
                quality.judge(self.run, suite, part, EXPECTATIONS, self.ports)
        for pair in intake.buckets_of(self.run):
            quality.judge(self.run, "stored", f"{pair['entity']}/{pair['bucket']}", EXPECTATIONS, self.ports)

    def report(self) -> Report:
        ledger = self.ports.ledger
        run_id = self.run.run_id
        return build(self.run, ledger.run(run_id), ledger.steps(run_id), ledger.plan(run_id), uncured(ledger, "acme"))

    def whole(self) -> Report:
        """All steps but the quality judgement."""
        self.prepare()
        self.reconcile()
        self.deliver()
        intake.remember(self.run, self.ports)
        return self.report()

    def frame(self, name: str) -> Any:
        return self.run.files.read_frame(f"{name}.parquet")

    def fail(self, step: str, part: str) -> None:
        """A step that dies with an error of its own."""
        try:
            with recorded(self.run, self.ports, step, part):
                raise RuntimeError("secret text")
        except RuntimeError:
            pass


def reverted(opened: Night) -> Run:
    """The run that takes this one back, carried out."""
    folder, facts = Path(opened.run.staging).parents[1], opened.ports.ledger.run(opened.run.run_id)
    run = revert.open_revert(facts, opened.ports, staging_root=str(folder), dry_run=False)
    for pair in revert.plan_revert(run, opened.ports):
        deliver.deliver(run, **pair, ports=opened.ports)
    opened.ports.ledger.release_lease(run.run_id)
    return run


def night(
    setup: Configuration,
    store: MemoryStore,
    ledger: Ledger,
    folder: Path,
    *rows: dict[str, Any],
    texts: dict[str, str] | None = None,
    window: Window = DAY,
    dry_run: bool = False,
) -> Night:
    """An opened run over these interactions."""
    variables = tuple(sorted(setup.script_variables))
    source = MemorySource(list(rows), texts or {}, script_variables=variables)
    ports = Ports(source, store, ledger, SECRET)
    run = intake.open_run(setup, window, ports, staging_root=str(folder), dry_run=dry_run)
    assert thaw(run).configuration == setup
    # nights of these tests follow each other without their last step: each holds a lease, and it is on nothing
    ledger.carry_out({"leases": "update leases set window_end = window_start"})
    return Night(run, ports)
