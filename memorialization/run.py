"""What every step of a run shares: its identity, its ports, its files, and its line in the ledger.

A `Run` is all that travels between steps and through Airflow's XCom: names and addresses, never a value.
The configuration and the portal's schema are frozen into staging when the run opens, so that an edit in the
middle of a night changes nothing half-way.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from memorialization.configuration import Configuration
from memorialization.errors import MemorializationError
from memorialization.hashing import Key, key_of
from memorialization.leases import renewed
from memorialization.ledger import Ledger
from memorialization.mappings import Mapping, Section
from memorialization.ports import Entity, InteractionSource, Property, RecordStore, Window
from memorialization.staging import Staging


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside world of one step."""

    source: InteractionSource
    store: RecordStore
    ledger: Ledger
    address_secret: str = field(default="", repr=False)  # "": no addresses are kept, and `key` is known to everybody

    @property
    def key(self) -> Key:
        """What keys the ledger's hashes of values."""
        return key_of(self.address_secret)


@dataclass(frozen=True, slots=True)
class Run:
    """One try of one window of one configuration. Times are ISO 8601, UTC."""

    run_id: str
    configuration: str
    staging: str
    window_start: str
    window_end: str
    dry_run: bool
    reverts: str | None = None  # the run that this one takes back; None for a night
    nightly: bool = False  # of the schedule: it also looks at what changed since earlier nights

    @property
    def window(self) -> Window:
        return Window(datetime.fromisoformat(self.window_start), datetime.fromisoformat(self.window_end))

    @property
    def files(self) -> Staging:
        return Staging(self.staging)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run_of(facts: dict[str, Any]) -> Run:
    """A run as its row in the ledger tells it."""
    return Run(
        run_id=str(facts["run_id"]),
        configuration=facts["configuration"],
        staging=facts["staging"],
        window_start=facts["window_start"].astimezone(UTC).isoformat(),
        window_end=facts["window_end"].astimezone(UTC).isoformat(),
        dry_run=facts["dry_run"],
        reverts=str(facts["reverts"]) if facts["reverts"] else None,
    )


@dataclass(frozen=True, slots=True)
class NumberedSection:
    """A section with its number within the configuration, the same in every step of a run."""

    number: int
    mapping: Mapping
    section: Section


@dataclass(frozen=True, slots=True)
class Frozen:
    """The configuration and the portal's schema as they were when the run opened."""

    configuration: Configuration
    entities: dict[str, Entity]
    schema: dict[str, dict[str, Property]]  # entity name -> property name -> property
    salt: str = field(default_factory=lambda: secrets.token_hex(16))  # of the plan's hashes: it leaves staging never

    @property
    def sections(self) -> list[NumberedSection]:
        pairs = [(m, s) for m in self.configuration.mappings.values() for s in m.sections]
        return [NumberedSection(i, mapping, section) for i, (mapping, section) in enumerate(pairs)]


def freeze(run: Run, frozen: Frozen) -> None:
    """Write what a run works with into its staging."""
    run.files.write_json(
        "frozen.json",
        {
            "configuration": frozen.configuration.model_dump(mode="json"),
            "entities": {name: asdict(entity) for name, entity in frozen.entities.items()},
            "schema": {
                name: {p.name: asdict(p) for p in properties.values()} for name, properties in frozen.schema.items()
            },
            "salt": frozen.salt,
        },
    )


def thaw(run: Run) -> Frozen:
    """Read back what `freeze` wrote."""
    import orjson

    data = run.files.read_json("frozen.json")
    return Frozen(
        configuration=Configuration.model_validate_json(orjson.dumps(data["configuration"])),
        entities={name: Entity(**entity) for name, entity in data["entities"].items()},
        schema={
            name: {p: Property(**(d | {"options": tuple(map(tuple, d["options"]))})) for p, d in properties.items()}
            for name, properties in data["schema"].items()
        },
        salt=data["salt"],
    )


@contextmanager
def recorded(run: Run, ports: Ports, step: str, partition: str, *, leased: bool = True) -> Iterator[dict[str, Any]]:
    """Record a step in the ledger: running, then done with the summary the caller fills, or failed.

    Raises LeaseLost where another run has taken the run's window; `leased=False` for a step that needs no window.

    A failed step keeps the error's class and, for the product's own errors, its message (which by law 5
    holds no customer text); the error goes on. `calls` in a summary counts the step's HubSpot calls, `daily`
    holds the account's calls of the day and what is left of them, where they are known.
    """
    summary: dict[str, Any] = {}
    ledger = ports.ledger
    before = ports.store.usage()
    ledger.start_step(run.run_id, step, partition)
    try:
        with renewed(ledger, run.run_id) if leased else nullcontext():
            yield summary
    except BaseException as error:
        message = str(error) if isinstance(error, MemorializationError) else "see the task's log"
        ledger.finish_step(
            run.run_id,
            step,
            partition,
            state="failed",
            summary={"error": type(error).__name__, "message": message},
        )
        raise
    after = ports.store.usage()
    summary["calls"] = sum(after.calls.values()) - sum(before.calls.values())
    summary["throttled"] = after.throttled - before.throttled
    if after.daily_limit is not None:
        summary["daily"] = [after.daily_limit, after.daily_remaining]
    ledger.finish_step(run.run_id, step, partition, state="done", summary=summary)
