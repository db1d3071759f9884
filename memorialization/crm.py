"""The CRM configuration, `crm.yaml`: one HubSpot account, and how CXone and the live system behave in this tenant.

Every key that may be absent has the cautious default (memorialization reference, section 2).
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from string import Formatter
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field, model_validator

from memorialization.durations import PATTERN, length
from memorialization.strict import StrictModel
from memorialization.text import Measure


def _one_message(value: str) -> str:
    """The three fields, and a layout for the time alone: a width such as {text:>999999999} would fill the memory."""
    try:
        fields = [part for part in Formatter().parse(value) if part[1] is not None]
    except ValueError:  # a brace that is not closed
        fields = [("", "", "", None)]
    known = all(name == "time" or (name in ("name", "text") and not layout) for _, name, layout, _ in fields)
    plain = not any(conversion or "{" in (layout or "") for _, _, layout, conversion in fields)
    if not known or not plain or "text" not in {name for _, name, _, _ in fields}:
        raise ValueError("must hold {text}, and may hold {name} and {time}; as '[{time:%H:%M}] {name}: {text}'")
    return value


class Rendering(StrictModel):
    """How values are spelled; the live system's own spelling is not documented, so it is configuration."""

    tags_separator: Annotated[str, Field(min_length=1)] = ";"
    agent_id: Literal["number", "uuid"] = "number"
    contact_id: Literal["number", "guid"] = "number"
    transcript_template: Annotated[str, Field(max_length=200), AfterValidator(_one_message)] = (
        "[{time:%Y-%m-%d %H:%M:%S}] {name}: {text}"  # one line a message, time in UTC
    )
    cut_marker: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\S(?:.*\S)?$")] = (
        "[... cut here. The whole transcript:]"  # the last line of a shortened transcript; its URL follows
    )


class Extraction(StrictModel):
    """How far to look around a window, and what CXone leaves open."""

    max_call_hours: Annotated[int, Field(ge=1, le=72)] = 12
    max_case_days: Annotated[int, Field(ge=1, le=90)] = 7
    heal_days: Annotated[int, Field(ge=0, le=30)] = 3  # how far the newest run reaches back over failed nights
    trailing_days: Annotated[int, Field(ge=0, le=28)] = 4  # how far each night looks back for what changed since
    acw_grace_hours: Annotated[int, Field(ge=0, le=720)] = 24
    settle_horizon_days: Annotated[int, Field(ge=1, le=90)] = 7  # then what is still open never became due
    total_duration_includes_acw: bool = False
    api_version: str = "30.0"
    partition_rows: Annotated[int, Field(ge=100, le=1_000_000)] = 50_000


class EndReasons(StrictModel):
    """CXone's free text of who ended a call, by outcome; what stands in neither list is unknown."""

    agent: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_outcome_each(self) -> "EndReasons":
        if both := sorted({*self.agent} & {*self.contact}):
            raise ValueError(f"{both[0]!r} stands under agent and under contact; keep one")
        return self


class Systematic(StrictModel):
    """When the same disagreement in most values of a row speaks of a misunderstanding, not of lost values."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.3
    at_least: Annotated[int, Field(ge=1)] = 20


class Threshold(StrictModel):
    """Share of failing rows (0 to 1) from which a quality suite warns or fails the run; null = never."""

    warn: Annotated[float, Field(ge=0, le=1)] | None = 0.0
    fail: Annotated[float, Field(ge=0, le=1)] | None = None


Duration = Annotated[str, Field(pattern=PATTERN)]
"""A span of time as people write it: 90m, 6h, 2d (`durations.length`)."""


class Approval(StrictModel):
    """What one run may change in HubSpot unseen. Above any of these limits a person is asked first.

    Filling an empty property takes nothing away from anybody, so it is in no limit but that of new records. A note is
    a record, and mending one an overwrite.
    """

    max_changed_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    max_overwrites: Annotated[int, Field(ge=0)] = 5_000
    max_creates: Annotated[int, Field(ge=0)] = 1_000
    timeout: Duration = "6h"
    horizon: Duration = "24h"

    @model_validator(mode="after")
    def _answered_while_it_holds(self) -> "Approval":
        if length(self.timeout) >= length(self.horizon):
            raise ValueError(f"timeout ({self.timeout}) must be shorter than horizon ({self.horizon})")
        return self


def _share(value: str | float) -> float:
    """25%, "25 %" and 0.25 are the same."""
    return float(value.removesuffix("%")) / 100 if isinstance(value, str) else value


def _share_below_one(value: str | float) -> str | float:
    spelled = not isinstance(value, str) or re.fullmatch(r"[0-9]{1,2}(\.[0-9]+)? ?%", value)
    if not spelled or not 0 <= _share(value) < 1:
        raise ValueError("must be a share of less than the whole, as 25% or 0.25")
    return value


_SHARE: Final = {"pattern": r"^[0-9]{1,2}(\.[0-9]+)? ?%$", "minimum": 0, "exclusiveMaximum": 1}


class Quota(StrictModel):
    """How much of the account's HubSpot calls is left to its other programs (hubspot-api, section 5)."""

    reserve: Annotated[str | float, AfterValidator(_share_below_one), Field(json_schema_extra=_SHARE)] = "25%"

    @property
    def share(self) -> float:
        """The reserve as a number, 0 up to, not including, 1."""
        return _share(self.reserve)


class Rejections(StrictModel):
    """How long a value that HubSpot refused is offered again, 1, 2, 4, 8 ... days after each refusal."""

    expire_after: Duration = "30d"


class Reporting(StrictModel):
    """How the report speaks: its sentences, figures and dates. What programs read stays English."""

    language: Literal["en", "de"] = "en"


class Retention(StrictModel):
    """How long the files of a run that has ended are kept; without its staging a run cannot be taken back."""

    staging: Duration = "30d"
    reports: Duration = "400d"


class Recipient(StrictModel):
    """Whom to tell, through one of Airflow's notifiers; what is secret stands in its connection alone."""

    notifier: Literal["smtp", "slack"]
    connection: Annotated[str, Field(pattern=r"^[\w.-]{1,200}$")] | None = None
    addresses: tuple[Annotated[str, Field(pattern=r"^[^@\s,<>]+@[^@\s,<>]+$")], ...] = ()

    @property
    def connection_id(self) -> str:
        return self.connection or f"{self.notifier}_default"

    @model_validator(mode="after")
    def _can_be_reached(self) -> "Recipient":
        if self.notifier == "smtp" and not self.addresses:
            raise ValueError("smtp needs addresses, as [crm-team@example.com]")
        if self.notifier == "slack" and self.addresses:
            raise ValueError("slack posts where its connection's webhook leads; remove addresses")
        return self


class Alerts(StrictModel):
    """Who is told when the nights of this configuration change for the worse or for the better."""

    to: tuple[Recipient, ...] = ()


class Answered(StrictModel):
    """How HubSpot answered a request that breaks a limit; `kept`: characters kept of a text that it took."""

    status: int
    category: str | None = None
    code: str | None = None
    kept: int | None = None


class Probed(StrictModel):
    """What `memorialize portal probe` settled on a test account (hubspot-api, section 12); "unknown" stays open."""

    at: str
    account_id: int
    api_version: Literal["v3", "2026-09"]
    string_limit: int | Literal["unknown"]
    character_unit: Literal["utf16", "code_points", "bytes", "unknown"]
    over_limit: Answered
    over_batch: Answered
    trims_text: bool | Literal["unknown"]
    newlines: Literal["kept", "lf", "crlf", "flattened", "unknown"]
    unchanged_write_bumps_modified: bool | Literal["unknown"]
    partial_upsert_by_email: Literal["kept", "blanked", "refused", "unknown"]
    upsert_on_archived: Literal["created", "restored", "refused", "unknown"]
    unique_on_engagements: bool | Literal["unknown"]
    request_bytes: int | Literal["unknown"] = "unknown"
    over_request: Answered | None = None


class ProbedCxone(StrictModel):
    """What `memorialize portal probe` saw in the CXone tenant, by reading alone (cxone-api, section 10)."""

    at: str
    api_version: str
    contacts: int
    field_names: Literal["new", "old", "unknown"]
    end_reasons: tuple[str, ...]
    total_duration_includes_acw: bool | Literal["unknown"]
    acw_closes_within_hours: float | Literal["unknown"]
    end_date_inclusive: bool | Literal["unknown"]
    updated_since: Literal["updates", "starts", "unknown"]
    case_dates: Literal["created", "updated", "unknown"]
    case_histories: int
    case_histories_understood: int
    case_events: tuple[str, ...]
    script_variables: tuple[str, ...]


def _https_origin(value: str) -> str:
    if not re.fullmatch(r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?\.com", value):
        raise ValueError("must be the account's HubSpot address up to '.com', as https://ven12345.hubspot.com")
    return value


def _five_fields(value: str) -> str:
    if len(value.split()) != 5:
        raise ValueError("must be a cron expression of five fields, as '0 2 * * *'")
    if _shortest_interval(value) is None:
        raise ValueError(f"{value!r} is no time that ever comes; write it as '0 2 * * *'")
    return value


def _country(value: str) -> str:
    if value not in SUPPORTED_REGIONS:
        raise ValueError(f"{value!r} is no country of phone numbers; write its ISO code, as DE, AT, US or GB")
    return value


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, a folder of the database
        raise ValueError("must be a time zone's name, as UTC, Europe/Berlin or America/Denver") from None
    return value


Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$"), AfterValidator(_country)]
"""By its ISO code."""


class Crm(StrictModel):
    """`crm.yaml`: one HubSpot account (memorialization reference, section 2)."""

    configuration_name: Annotated[str, Field(min_length=1, max_length=120)]
    description: str = ""
    owner: str = "data-engineering"
    integration_type: Literal["HubSpot"]
    authentication_name: Annotated[str, Field(min_length=1)]
    external_screenpop_domain_hs: Annotated[str, AfterValidator(_https_origin)]
    account_id: Annotated[int, Field(gt=0)]
    developer_api_key: None = None  # accepted, unused: it cannot reach CRM records
    mode: Literal["observe", "adopted"] = "observe"
    schedule: Annotated[str, AfterValidator(_five_fields)] = "0 2 * * *"
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    phone_regions: Annotated[tuple[Country, ...], Field(min_length=1)]
    rendering: Rendering = Rendering()
    extraction: Extraction = Extraction()
    contact_ended_first: Literal["digital", "both"] = "digital"
    digital_trigger: Literal["unassign", "closed"] = "unassign"  # closed: only the leg in which the case was closed
    end_reasons: EndReasons = EndReasons()
    integration_sources: tuple[str, ...] = ("INTEGRATION",)
    live_write_grace_seconds: Annotated[int, Field(ge=0, le=3600)] = 120
    systematic: Systematic = Systematic()
    approval: Approval = Approval()
    quota: Quota = Quota()
    rejected: Rejections = Rejections()
    report_deadline: Duration = "8h"
    retention: Retention = Retention()
    report: Reporting = Reporting()
    alerts: Alerts = Alerts()
    quality: dict[str, Threshold] = Field(default_factory=dict)
    probed: Probed | None = None
    probed_cxone: ProbedCxone | None = None

    @property
    def measure(self) -> Measure:
        """By what the texts of this account are measured: what was probed, else what is presumed.

        Never more than HubSpot documents: what it takes today beyond that it may refuse tomorrow.
        """
        unit = self.probed.character_unit if self.probed else "unknown"
        limit = self.probed.string_limit if self.probed else "unknown"
        presumed = Measure()
        return Measure(
            unit=presumed.unit if unit == "unknown" else unit,
            limit=presumed.limit if limit == "unknown" else min(limit, presumed.limit),
            settled=unit != "unknown",
        )

    @property
    def trims_text(self) -> bool:
        """Whether this account was seen to drop the white space around a text."""
        return self.probed is not None and self.probed.trims_text is True

    @property
    def flattens_text(self) -> bool:
        """Whether this account was seen to make blanks of the line breaks of a text."""
        return self.probed is not None and self.probed.newlines == "flattened"

    @model_validator(mode="after")
    def _asked_between_two_runs(self) -> "Crm":
        interval = _shortest_interval(self.schedule)
        if interval is not None and length(self.approval.timeout) >= interval:
            raise ValueError(
                f"approval.timeout ({self.approval.timeout}) must be shorter than the schedule's interval "
                f"({interval}), else a night waits for the answer of the one before"
            )
        return self


@lru_cache
def _shortest_interval(schedule: str) -> timedelta | None:
    """Between two of the next ticks; None for a schedule without ticks."""
    try:
        ticks = croniter(schedule, datetime(2026, 1, 1, tzinfo=UTC), ret_type=datetime)
        times: list[datetime] = [ticks.get_next() for _ in range(32)]
    except CroniterError:
        return None
    return min(later - earlier for earlier, later in pairwise(times))
