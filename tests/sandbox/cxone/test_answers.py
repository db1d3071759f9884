import orjson
import pytest
from starlette.requests import Request

from sandbox.cxone.answers import Refused, digital_error, flag, no_content, reporting_error, whole


def asked(query: str) -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": []})


def test_numbers_and_flags_of_the_query() -> None:
    assert (whole(asked("top=20000"), "top", 10, 10_000), whole(asked(""), "top", 10)) == (10_000, 10)
    assert (flag(asked("tags=True"), "tags"), flag(asked(""), "tags")) == (True, None)
    with pytest.raises(Refused, match="skip must be"):
        whole(asked("skip=-1"), "skip", 0)
    with pytest.raises(Refused, match="tags must be"):
        flag(asked("tags=yes"), "tags")


def test_each_api_has_its_own_form_of_error() -> None:
    reporting, digital = reporting_error(Refused(400, "why")), digital_error(Refused(404, "why"))
    assert (reporting.status_code, reporting.body, reporting.headers["icStatusDescription"]) == (
        400,
        b"",
        "why",
    )
    assert orjson.loads(digital.body)["errors"][0]["message"] == "why"
    assert (no_content().status_code, no_content().body) == (204, b"")
