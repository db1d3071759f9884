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
    """Which run this is. Times are ISO 8601, UTC. `thresholds`: the limits of crm.yaml that it was judged by."""

    run_id: str
    configuration: str
    configuration_name: str
    window_start: str
    window_end: str
    mode: Literal["observe", "adopted"]
    dry_run: bool
    reverts: str | None = None  # the run that this one takes back; null for a night
    mapping_hash: str
    character_unit: Literal["utf16", "code_points", "bytes", "unknown"] = "unknown"  # then UTF-16 units are presumed
    started_at: str
    finished_at: str
    hubspot_calls: int
    hubspot_throttled: int
    versions: dict[str, str]
    language: Literal["en", "de"] = "en"  # of the sentences in this report
    thresholds: dict[str, int | float | str | None] = {}


class Quota(_Model):
    """HubSpot's calls of the day, as they stood before anything was written.

    `reserve`: the share, 0 to 1, left to the account's other programs. `needed`: calls that the writing was
    forecast to take; `short`: how many of them the day did not have, the reserve left alone.
    """

    daily_limit: int
    remaining: int
    reserve: float
    needed: int
    short: int


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
    ambiguous: int = 0  # texts, before latest wins, that fit in one unit of length and not in another


class UnitLengths(_Model):
    """Lengths of one field's transcripts in one unit, against the same limit."""

    unit: Literal["code_points", "utf16", "bytes"]
    over_limit: int
    p99: int
    longest: int


class Advice(_Model):
    """What would hold every transcript of a field. `holds`: unmapped properties of the record that would.

    none: it does. text_area: its lines run together; map to a multi-line or rich text. raise_rule: a validation rule
    of the property is all that stands against it. choose_policy: nothing is longer; `on_overflow: note` keeps the
    whole, `cut` the beginning. cut, note: its row does so.
    """

    kind: Literal["none", "text_area", "raise_rule", "choose_policy", "cut", "note"]
    holds: tuple[str, ...] = ()


class Growth(_Model):
    """How the 99th percentile of a field's lengths moved over the last `nights` of 30 days; an estimate.

    `per_month`: characters in 30 days, by the median of the slopes between all pairs of nights. `tight_on`: the day
    from which on 1 % of transcripts will not fit, today's where they do not; null = not within two years.
    """

    nights: int
    per_month: int
    tight_on: str | None


class Truncation(_Model):
    """Transcripts against the limit of one target field; lengths in the run's `character_unit`.

    A transcript that stands as the row's `on_overflow: cut` shortens it is not whole: `found_shortened` were found so,
    `shortened_by_policy` stand so now. `bound`: what sets the limit. `ambiguous` fit in one unit and not in another.
    `histogram`: transcripts by length, in twentieths of the limit, then those above it. Of the cut ones, `cut_by` says
    who wrote them (live, us, person, unknown), `cut_inside` what the cut falls into, `usual_cut` after how many
    characters three or more end alike. `found_flattened` are among `found_altered`; `flattened_by_design` among the
    whole: their property has one line. Lost words and turns are those of which anything is missing.
    """

    mapping: str
    entity: str
    external_crm_field: str
    format: Literal["single_line", "multi_line", "rich_text", "other"] = "other"
    limit: int
    bound: Literal["rule", "probed", "hubspot"] = "hubspot"
    transcripts: int
    over_limit: int
    ambiguous: int = 0
    median: int
    p95: int = 0
    p99: int
    p999: int = 0
    longest: int
    histogram: tuple[int, ...] = ()
    by_unit: tuple[UnitLengths, ...] = ()
    found_whole: int
    found_truncated: int
    found_missing: int
    found_altered: int
    found_flattened: int = 0
    found_not_expected: int = 0
    found_shortened: int = 0
    flattened_by_design: int = 0
    whole_now: int
    shortened_by_policy: int = 0
    characters_lost: int
    turns_lost: int = 0
    words_lost: int = 0
    cut_by: dict[str, int] = {}
    cut_inside: dict[str, int] = {}
    usual_cut: int | None = None
    advice: Advice = Advice(kind="none")
    growth: Growth | None = None


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


class Lateness(_Model):
    """How many hours after the end of its leg CXone changed an interaction last (`changed`), or after which the window
    ended that found it due first (`due`). `span`: those that ended in this window, or that became due in the 30 days
    before it."""

    span: Literal["run", "month"]
    channel: str
    what: Literal["changed", "due"]
    interactions: int
    p50: float
    p95: float
    p99: float
    longest: float


class Moving(_Model):
    """Late and moving data.

    Of earlier windows, back to `trailing_days` before this one (0 = this run did not look), `changed` interactions
    were taken up again, and `late` ones for the first time. `given_up`: provisional ones that CXone does not show any
    more, closed as never became due. `skipped` and `assumed`: rows of CXone that were left out, and of which a fact
    was assumed or withheld, by reason.
    """

    trailing_days: int
    changed: int
    late: int
    given_up: int
    skipped: dict[str, int]
    assumed: dict[str, int]
    lateness: tuple[Lateness, ...]
    horizon_days: int
    suggested_days: int | None


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


class Cause(_Model):
    """Lost values whose interactions have something in common; inferred, not known (`report.causes` has the rules).

    `subject`: the agent's id or the skill. `values` were lost of `interactions`, among the `of` that the cause could
    have struck, between `start` and `end`; of the `elsewhere_of` others, `elsewhere` lost values. Missing and drifted
    values count; truncated ones, and rows held as systematic, have causes of their own.
    """

    kind: Literal["since", "outage", "skill", "agent", "first_of_day", "scattered"]
    subject: str | None
    start: str
    end: str
    values: int
    interactions: int
    of: int
    elsewhere: int
    elsewhere_of: int
    interaction_keys: tuple[str, ...]  # the first of them


class Night(_Model):
    """One run among the last: the newest of its window. `state`: whether all was settled."""

    run_id: str
    window_end: str
    state: Literal["done", "failed"]
    pulled: int
    values: int
    wrong: int
    mended: int
    parked: int


class Parked(_Model):
    """A target that needs a person. `cxone`: where CXone shows the interaction, if it says so."""

    interaction_key: str
    mapping: str
    entity: str
    reason: str
    candidates: tuple[str, ...]
    links: tuple[str, ...]
    cxone: str | None = None


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
    cxone: str | None = None


class Refused(_Model):
    """Values that HubSpot refused in this run or before, of one code and state, which the ledger keeps until cured.

    Open ones are offered again by the first run whose window ends at or after `next_at` (the earliest of them).
    """

    category: str | None
    code: str | None
    state: Literal["open", "expired", "dismissed"]
    values: int
    cure: str
    first_at: str
    next_at: str | None  # of open ones


class Edited(_Model):
    """A value that somebody changed in HubSpot later than the interaction was due; it stays. `source` is its kind."""

    interaction_key: str
    mapping: str
    entity: str
    external_crm_field: str
    record_id: str
    link: str
    changed_at: str
    source: str
    cxone: str | None = None


class Left(_Model):
    """Values of one record that a revert left as they are. `reason`: moved, newer or created."""

    reason: str
    interaction_key: str
    entity: str
    record_id: str
    link: str
    properties: tuple[str, ...]


class Addition(_Model):
    """What belongs beside the values of one section's records, and what became of it.

    A note holds a transcript that is too long for its property, or a part of one: `about` is the property. An
    association leads to the record that another section found for the interaction: `about` is its record type.
    wanted = standing + edited + held + planned; planned = made + rejected + unaccounted. `edited`: a person changed
    or deleted the note; `verified` are those of `made` that were read back and are as they should be.
    """

    kind: Literal["note", "association"]
    mapping: str
    entity: str
    about: str
    wanted: int
    standing: int
    edited: int
    held: int
    planned: int
    made: int
    rejected: int
    unaccounted: int
    verified: int


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


class PlanApproval(_Model):
    """The run's plan and what was decided about it. `overwrites` replace a value that HubSpot holds; `comparable`
    values are held by HubSpot and known to CXone; `exceeds` names the limits of crm.yaml that it is above."""

    state: Literal["made", "not_needed", "approved", "refused", "expired", "applied"]
    plan_hash: str
    values: int
    overwrites: int
    creates: int
    records: int
    comparable: int
    exceeds: tuple[str, ...]
    expires_at: str
    decided_by: str | None
    decided_at: str | None


class CoverageDay(_Model):
    """The intervals of the schedule that begin on one day, in the schedule's time zone; `state` is their worst.

    `older_mapping`: covered, and at least in part under another mapping than the present one only.
    """

    day: str
    state: Literal["covered", "running", "not_applied", "stopped_on_quota", "failed", "gap"]
    older_mapping: bool = False


class Gap(_Model):
    """Time that should be covered and is not. `too_old`: no later night reaches back so far; `command` heals it."""

    window_start: str
    window_end: str
    days: tuple[str, ...]
    too_old: bool
    command: str


class Healed(_Model):
    """Days before its own interval that this run took along; `was`: what had become of them."""

    days: tuple[str, ...]
    was: Literal["running", "not_applied", "stopped_on_quota", "failed", "gap"]


class Coverage(_Model):
    """The last days of the configuration, as they stand after this run; before `since` nothing is a gap."""

    since: str | None
    days: tuple[CoverageDay, ...]
    gaps: tuple[Gap, ...]
    healed: tuple[Healed, ...] = ()


class Report(_Model):
    """Everything a run has to say."""

    schema_version: Literal[1] = 1
    run: RunFacts
    verdict: Verdict
    funnel: Funnel
    plan: PlanApproval | None = None
    reasons: dict[str, dict[str, int]]
    mapping_rows: tuple[MappingRow, ...]
    truncation: tuple[Truncation, ...]
    cards: tuple[Card, ...] = ()
    additions: tuple[Addition, ...] = ()
    quality: tuple[Suite, ...]
    systematic: tuple[SystematicRow, ...]
    parked: tuple[Parked, ...]
    knows_customers: bool = True  # decisions about parked targets are kept for the customer's next interactions
    rejected: tuple[Rejected, ...]
    refused: tuple[Refused, ...] = ()
    edited: tuple[Edited, ...] = ()
    left: tuple[Left, ...] = ()
    quota: Quota | None = None
    moving: Moving | None = None
    coverage: Coverage | None = None
    causes: tuple[Cause, ...] = ()
    trend: tuple[Night, ...] = ()
    steps: tuple[Step, ...]
