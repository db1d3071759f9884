"""The report of one run as data: the published schema (`include/schemas/report.schema.json`) is made from it.

No text of a customer and no phone number stands in a report; interactions are named by key, records by id.
`Funnel.imbalances` is the law of the house: three closed units that add up (README, "How it works").
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Funnel(_Model):
    """Counts of interactions, targets and values; each unit closed within itself."""

    pulled: int = 0
    due: int = 0
    provisional: int = 0
    never_due: int = 0
    targets: int = 0
    matched: int = 0
    to_create: int = 0
    parked: int = 0
    not_attempted: int = 0
    values: int = 0
    equal: int = 0
    missing: int = 0
    drifted: int = 0
    truncated: int = 0
    edited: int = 0
    not_expected: int = 0
    no_source: int = 0
    withheld: int = 0
    unreadable: int = 0
    superseded: int = 0
    planned: int = 0
    held: int = 0
    written: int = 0
    rejected: int = 0
    unaccounted: int = 0
    verified: int = 0
    verify_failed: int = 0

    def imbalances(self) -> list[str]:
        """The sums that do not hold; empty in every honest report."""
        verdicts = (
            self.equal + self.missing + self.drifted + self.truncated + self.edited
            + self.not_expected + self.no_source + self.withheld + self.unreadable
        )  # fmt: skip
        sums = {
            "pulled = due + provisional + never_due": (
                self.pulled,
                self.due + self.provisional + self.never_due,
            ),
            "targets = matched + to_create + parked + not_attempted": (
                self.targets,
                self.matched + self.to_create + self.parked + self.not_attempted,
            ),
            "values = the nine verdicts": (self.values, verdicts),
            "planned + held = missing + drifted + truncated": (
                self.planned + self.held,
                self.missing + self.drifted + self.truncated,
            ),
            "planned = written + rejected + unaccounted": (
                self.planned,
                self.written + self.rejected + self.unaccounted,
            ),
            "written = verified + verify_failed": (self.written, self.verified + self.verify_failed),
        }
        return [f"{name}: {left:,} is not {right:,}" for name, (left, right) in sums.items() if left != right]


class RunFacts(_Model):
    """Which run this is. Times are ISO 8601, UTC."""

    run_id: str
    configuration: str
    configuration_name: str
    window_start: str
    window_end: str
    mode: Literal["observe", "adopted"]
    dry_run: bool
    mapping_hash: str
    started_at: str
    finished_at: str
    hubspot_calls: int
    hubspot_throttled: int
    versions: dict[str, str]


class Verdict(_Model):
    """What a reader must know first."""

    state: Literal["balanced", "attention", "failed"]
    sentence: str
    failures: tuple[str, ...]


class MappingRow(_Model):
    """One row of a mapping and the verdicts of its values."""

    mapping: str
    entity: str
    external_crm_field: str
    channel: str
    cxone_data: str
    verdicts: dict[str, int]
    held: int
    written: int
    rejected: int


class Truncation(_Model):
    """Transcripts against the limit of one target field; lengths in UTF-16 units.

    A transcript that stands as the row's `on_overflow: cut` shortens it is not whole: `found_shortened` were found so,
    `shortened_by_policy` stand so now.
    """

    mapping: str
    entity: str
    external_crm_field: str
    limit: int
    transcripts: int
    over_limit: int
    median: int
    p99: int
    longest: int
    found_whole: int
    found_truncated: int
    found_missing: int
    found_altered: int
    found_shortened: int = 0
    whole_now: int
    shortened_by_policy: int = 0
    characters_lost: int


class CardField(_Model):
    """One HubSpot field on the customer card, and on how many of the cards it is empty."""

    field: str
    empty: int


class Card(_Model):
    """One record type of a dynamic data mapping over all due interactions whose assignment names it.

    interactions = cards + without_record: a card is shown where the run has matched a record of the type. On
    `unreadable` cards nothing is known of any field. Counts only.
    """

    dynamic_data_mapping: str
    entity: str
    interactions: int
    cards: int
    without_record: int
    unreadable: int
    fields: tuple[CardField, ...]


class Suite(_Model):
    """One quality suite over the whole run. Shares are between 0 and 1."""

    suite: str
    about: str
    rows: int
    failing: int
    warn: float | None
    fail: float | None
    state: Literal["ok", "warn", "fail"]
    interaction_keys: tuple[str, ...]


class Parked(_Model):
    """A target that needs a person."""

    interaction_key: str
    mapping: str
    entity: str
    reason: str
    candidates: tuple[str, ...]
    links: tuple[str, ...]


class Rejected(_Model):
    """Values of one record that HubSpot refused."""

    interaction_key: str
    entity: str
    record: str
    link: str | None
    properties: tuple[str, ...]
    category: str | None
    code: str | None
    correlation_id: str | None


class SystematicRow(_Model):
    """A mapping row that is held because most of its values disagree in the same way."""

    mapping: str
    entity: str
    external_crm_field: str
    pattern: str
    disagree: int
    comparable: int


class Step(_Model):
    """One step of the run on one partition."""

    step: str
    partition: str
    state: str
    seconds: float
    error: str | None


class Report(_Model):
    """Everything a run has to say."""

    schema_version: Literal[1] = 1
    run: RunFacts
    verdict: Verdict
    funnel: Funnel
    reasons: dict[str, dict[str, int]]
    mapping_rows: tuple[MappingRow, ...]
    truncation: tuple[Truncation, ...]
    cards: tuple[Card, ...] = ()
    quality: tuple[Suite, ...]
    systematic: tuple[SystematicRow, ...]
    parked: tuple[Parked, ...]
    rejected: tuple[Rejected, ...]
    steps: tuple[Step, ...]
