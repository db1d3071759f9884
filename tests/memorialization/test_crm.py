from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from memorialization.crm import Alerts, Approval, Crm, Quota, Threshold
from memorialization.durations import length

WRITTEN: dict[str, Any] = {
    "configuration_name": "Acme", "integration_type": "HubSpot", "authentication_name": "key",
    "external_screenpop_domain_hs": "https://ven12345.hubspot.com", "account_id": 1, "phone_regions": ("DE",),
}  # fmt: skip


def test_what_is_not_written_is_the_cautious_choice() -> None:
    crm = Crm(**WRITTEN)
    assert (crm.mode, crm.schedule, crm.contact_ended_first, crm.digital_trigger) == (
        "observe", "0 2 * * *", "digital", "unassign",
    )  # fmt: skip
    assert (crm.end_reasons.agent, crm.end_reasons.contact, crm.integration_sources) == ((), (), ("INTEGRATION",))
    assert (crm.rendering.agent_id, crm.rendering.contact_id, crm.rendering.tags_separator) == ("number", "number", ";")
    assert not crm.extraction.total_duration_includes_acw
    assert (crm.extraction.acw_grace_hours, crm.extraction.settle_horizon_days) == (24, 7)
    assert (crm.systematic.share, crm.systematic.at_least) == (0.3, 20)
    assert crm.probed is None


@pytest.mark.parametrize("key", WRITTEN)
def test_what_nobody_can_guess_must_be_written(key: str) -> None:
    with pytest.raises(ValidationError, match=f"{key}\\n  Field required"):
        Crm(**{name: value for name, value in WRITTEN.items() if name != key})


@pytest.mark.parametrize(
    "address",
    [
        "http://ven12345.hubspot.com", "https://ven12345.hubspot.com/", "https://ven12345.hubspot.com/path",
        "ven12345.hubspot.com", "https://.com", "https://ven 12345.hubspot.com", "https://user@hubspot.com",
        "https://hubspot.com:443", "https://ven12345.hubspot.de",
    ],
)  # fmt: skip
def test_only_an_https_address_up_to_dot_com_is_accepted(address: str) -> None:
    with pytest.raises(ValidationError, match="must be the account's HubSpot address up to '.com', as https://ven1"):
        Crm(**WRITTEN | {"external_screenpop_domain_hs": address})


@pytest.mark.parametrize("schedule", ["daily", "0 2 * *", "0 2 * * * *", ""])
def test_a_schedule_has_five_fields(schedule: str) -> None:
    with pytest.raises(ValidationError, match="must be a cron expression of five fields, as '0 2"):
        Crm(**WRITTEN | {"schedule": schedule})


@pytest.mark.parametrize("schedule", ["0 25 * * *", "0 2 31 2 *", "a b c d e"])
def test_a_schedule_comes(schedule: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Crm(**WRITTEN | {"schedule": schedule})
    assert f"Value error, {schedule!r} is no time that ever comes; write it as '0 2 * * *'" in str(raised.value)


@pytest.mark.parametrize("region", ["UK", "XX", "EU"])
def test_a_region_is_a_country_with_phone_numbers(region: str) -> None:
    with pytest.raises(ValidationError, match=f"'{region}' is no country of phone numbers; write its ISO code, as DE"):
        Crm(**WRITTEN | {"phone_regions": ("DE", region)})


@pytest.mark.parametrize(
    "template",
    [
        "{foo}{text}", "{text.__class__}", "{text!r}", "{text:>999999999}", "{time:{name}}{text}", "{}{text}",
        "{0}{text}", "{text", "text}", "{name}", "", "{text}" + "x" * 195,
    ],
)  # fmt: skip
def test_a_transcript_template_has_the_text_and_no_other_fields(template: str) -> None:
    with pytest.raises(ValidationError, match="transcript_template"):
        Crm(**WRITTEN | {"rendering": {"transcript_template": template}})


@pytest.mark.parametrize("template", ["{text}", "{name}: {text}", "{time}|{text}", "{{{time:%d.%m. %H:%M}}} {text}"])
def test_other_layouts_of_a_transcript_are_accepted(template: str) -> None:
    assert Crm(**WRITTEN | {"rendering": {"transcript_template": template}}).rendering.transcript_template == template


def test_an_end_reason_has_one_outcome() -> None:
    reasons = {"agent": ("Hangup", "Agent Hangup"), "contact": ("Agent Hangup",)}
    with pytest.raises(ValidationError, match="'Agent Hangup' stands under agent and under contact; keep one"):
        Crm(**WRITTEN | {"end_reasons": reasons})


@pytest.mark.parametrize("regions", [(), ("de",), ("DEU",), ("",)])
def test_regions_are_countries_by_two_capital_letters(regions: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="phone_regions"):
        Crm(**WRITTEN | {"phone_regions": regions})


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_between_0_and_1(share: float) -> None:
    with pytest.raises(ValidationError):
        Threshold(fail=share)
    assert Threshold(warn=None, fail=1.0).warn is None


@pytest.mark.parametrize("marker", ["", " x", "x ", "a\nb", "x" * 201])
def test_the_marker_of_a_cut_is_one_line_that_nothing_trims(marker: str) -> None:
    with pytest.raises(ValidationError, match="cut_marker"):
        Crm(**WRITTEN | {"rendering": {"cut_marker": marker}})


@pytest.mark.parametrize(("written", "share"), [("25%", 0.25), ("12.5 %", 0.125), (0.4, 0.4), ("0%", 0.0), (0, 0.0)])
def test_a_reserve_is_written_in_per_cent_or_as_a_share(written: str | float, share: float) -> None:
    assert Quota(reserve=written).share == share


@pytest.mark.parametrize("written", ["100%", "-5%", "a quarter", "25", 1.0, -0.1])
def test_a_reserve_is_less_than_the_whole(written: str | float) -> None:
    with pytest.raises(ValidationError, match="must be a share of less than the whole, as 25% or 0.25"):
        Quota(reserve=written)


def test_a_quarter_is_left_to_others_where_nothing_is_said() -> None:
    assert Quota().share == 0.25


def test_a_span_of_time_is_written_as_people_do() -> None:
    assert [length(text) for text in ("90m", "6h", "2d")] == [
        timedelta(minutes=90), timedelta(hours=6), timedelta(days=2)
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["6", "0h", "6 h", "-1h", "6hours", "1.5h", ""])
def test_what_is_no_span_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="timeout"):
        Approval(timeout=text)


def test_an_answer_comes_while_the_plan_holds_and_before_the_next_night() -> None:
    with pytest.raises(ValidationError, match=r"timeout \(24h\) must be shorter than horizon \(24h\)"):
        Approval(timeout="24h")
    hourly = WRITTEN | {"schedule": "0 * * * *"}
    with pytest.raises(ValidationError, match=r"approval\.timeout \(6h\) must be shorter than the schedule's interval"):
        Crm(**hourly)
    assert Crm(**hourly, approval={"timeout": "59m"}).approval.timeout == "59m"
    twice = WRITTEN | {"schedule": "0 2,6 * * *"}  # four hours and twenty
    with pytest.raises(ValidationError, match="4:00:00"):
        Crm(**twice)


def test_the_limits_of_approval_are_cautious() -> None:
    assert (Approval().max_changed_share, Approval().max_overwrites, Approval().max_creates) == (0.05, 5_000, 1_000)


def test_who_is_told_is_reached_through_the_connection_named_or_the_usual_one() -> None:
    written = (
        '{"to": [{"notifier": "smtp", "addresses": ["ana@example.com"]},'
        ' {"notifier": "slack"}, {"notifier": "slack", "connection": "slack_crm"}]}'
    )
    alerts = Alerts.model_validate_json(written)
    assert [person.connection_id for person in alerts.to] == ["smtp_default", "slack_default", "slack_crm"]
    assert Crm(**WRITTEN).alerts.to == ()


@pytest.mark.parametrize(
    ("person", "told"),
    [
        ('{"notifier": "smtp"}', "smtp needs addresses"),
        ('{"notifier": "slack", "addresses": ["a@b.example"]}', "remove addresses"),
        ('{"notifier": "smtp", "addresses": ["a@b.example\\r\\nBcc: c@d.example"]}', "should match pattern"),
        ('{"notifier": "slack", "connection": "https://hooks.slack.com/services/T/B/X"}', "should match pattern"),
        ('{"notifier": "pager"}', "Input should be 'smtp' or 'slack'"),
    ],
)
def test_who_cannot_be_reached_and_what_is_secret_is_refused(person: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Alerts.model_validate_json(f'{{"to": [{person}]}}')
