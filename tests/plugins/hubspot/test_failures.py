import traceback
from datetime import UTC, datetime

import orjson
import pytest

from memorialization.errors import (
    AuthenticationError,
    ContractBroken,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    ServiceUnavailable,
)
from plugins.hubspot.failures import Reason, Refused, broken_connection, contract, day_is_used_up, reason, refusal

SECRET = "Frau Krause, +49 171 555"


def test_a_validation_error_keeps_identifiers_only():
    body = {
        "status": "error",
        "message": f'Property values were not valid: [{{"message":"{SECRET}","error":"X","name":"y"}}]',
        "correlationId": "0a1b2c3d-0000-4000-8000-000000000000",
        "category": "VALIDATION_ERROR",
        "errors": [{"message": SECRET, "code": "INVALID_OPTION", "context": {"propertyName": ["cxone_direction"]}}],
    }
    assert reason(body) == Reason(
        category="VALIDATION_ERROR",
        code="INVALID_OPTION",
        property="cxone_direction",
        correlation_id="0a1b2c3d-0000-4000-8000-000000000000",
    )
    error = refusal("batch/update", 400, orjson.dumps(body), None).error
    assert isinstance(error, Refused)
    assert str(error) == (
        "HubSpot refused batch/update with 400 (category VALIDATION_ERROR, code INVALID_OPTION, "
        "property cxone_direction, correlation id 0a1b2c3d-0000-4000-8000-000000000000)."
    )


def test_an_item_of_a_207_tells_code_and_property_from_the_json_in_its_message():
    item = {
        "category": "VALIDATION_ERROR",
        "message": 'Property values were not valid: [{"isValid":false,"error":"INVALID_DATE","name":"cb"}]',
        "context": {"objectWriteTraceId": ["t1"]},
    }
    assert reason(item) == Reason(category="VALIDATION_ERROR", code="INVALID_DATE", property="cb", traces=("t1",))


def test_free_text_where_an_identifier_belongs_is_dropped():
    body = {
        "category": SECRET,
        "correlationId": SECRET,
        "errors": [{"code": SECRET, "context": {"propertyName": [SECRET]}}],
    }
    assert reason(body) == Reason()
    assert reason([SECRET]) == Reason()


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "again", "wait"),
    [
        (400, {"category": "VALIDATION_ERROR"}, {"Retry-After": "1"}, Refused, False, None),
        (401, {}, {}, AuthenticationError, False, None),
        (403, {}, {}, PermissionMissing, False, None),
        (404, {}, {}, Refused, False, None),
        (408, {}, {}, Refused, False, None),
        (409, {}, {}, Refused, False, None),
        (414, {}, {}, Refused, False, None),
        (302, {}, {}, ContractBroken, False, None),
        (429, {"policyName": "DAILY"}, {"Retry-After": "5"}, QuotaExhausted, False, None),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, {}, RateLimited, True, 10.0),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, {"Retry-After": "3"}, RateLimited, True, 3.0),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, {"Retry-After": "3600"}, RateLimited, False, 3600.0),
        (429, {"category": "RATE_LIMITS"}, {}, RateLimited, True, 1.0),
        (429, {"category": "RATE_LIMITS"}, {"Retry-After": "4"}, RateLimited, True, 4.0),
        (429, {}, {"Retry-After": "Wed, 25 Nov 2026 07:28:00 GMT"}, RateLimited, True, 10.0),
        (423, {}, {}, ServiceUnavailable, True, 2.0),
        (423, {}, {"Retry-After": "1"}, ServiceUnavailable, True, 2.0),
        (423, {}, {"Retry-After": "3600"}, ServiceUnavailable, False, 3600.0),
        (477, {}, {"Retry-After": "60"}, ServiceUnavailable, True, 60.0),
        (477, {}, {"Retry-After": "61"}, ServiceUnavailable, False, 61.0),
        (477, {}, {}, ServiceUnavailable, False, None),
        (500, {}, {}, ServiceUnavailable, True, None),
        (503, {}, {"Retry-After": "7"}, ServiceUnavailable, True, 7.0),
        (503, {}, {"Retry-After": "900"}, ServiceUnavailable, False, 900.0),
        (521, {}, {}, ServiceUnavailable, True, None),
        (524, {}, {}, ServiceUnavailable, True, None),
    ],
)
def test_each_status_has_its_error_and_its_patience(status, body, headers, kind, again, wait):
    failure = refusal("batch/read", status, orjson.dumps(body), headers)
    assert (type(failure.error), failure.again, failure.wait) == (kind, again, wait)


@pytest.mark.parametrize(
    ("zone", "now", "told"),
    [
        (
            "Europe/Berlin",
            datetime(2026, 11, 23, 2, 30, tzinfo=UTC),
            "2026-11-24 00:00 Europe/Berlin (2026-11-23 23:00 UTC)",
        ),
        ("US/Eastern", datetime(2026, 11, 23, 2, 30, tzinfo=UTC), "2026-11-23 00:00 US/Eastern (2026-11-23 05:00 UTC)"),
        (
            "Europe/Berlin",
            datetime(2026, 10, 24, 23, 30, tzinfo=UTC),
            "2026-10-26 00:00 Europe/Berlin (2026-10-25 23:00 UTC)",
        ),
        (None, None, "midnight of the account's time zone"),
        ("Mars/Olympus", None, "midnight of the account's time zone"),
    ],
)
def test_the_end_of_the_day_is_told_in_the_accounts_time_and_in_utc(zone, now, told):
    error = day_is_used_up("none is left", zone, now)
    assert str(error) == f"HubSpot's calls of this day are used up (none is left): the first run after {told} goes on."


def test_a_page_instead_of_json_is_no_obstacle():
    failure = refusal("batch/read", 502, "<html>Bad Gateway</html>", {})
    assert str(failure.error) == "HubSpot answered 502 at batch/read: try again later."


def test_missing_scopes_are_named_in_both_dialects():
    flat = {"context": {"requiredGranularScopes": ["tickets", SECRET]}, "category": "MISSING_SCOPES"}
    nested = {"errors": [{"context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}]}
    assert "grant tickets to its app or key" in str(refusal("x", 403, orjson.dumps(flat), {}).error)
    assert "grant crm.objects.contacts.read to" in str(refusal("x", 403, orjson.dumps(nested), {}).error)


def test_a_broken_connection_tells_only_its_kind():
    failure = broken_connection("batch/read", ConnectionResetError(SECRET))
    assert str(failure.error) == "No answer from HubSpot at batch/read (ConnectionResetError): try again later."
    assert failure.again


def test_an_unknown_shape_is_told_without_its_content():
    with pytest.raises(ContractBroken) as caught, contract("reading records"):
        {}[SECRET]
    assert str(caught.value) == (
        "HubSpot's answer has a shape its contract does not know (KeyError while reading records)."
    )
    assert SECRET not in "".join(traceback.format_exception(caught.value))
