"""Both versions are the same product (`test_contract` works in both); the end of each is told in time."""

import logging
from datetime import date

import pytest

from plugins.hubspot.versions import dated, support_ends


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("https://h/crm/v3/objects/0-5/batch/read", "https://h/crm/objects/2026-09/0-5/batch/read"),
        (
            "https://h/crm/v4/associations/0-1/0-5/batch/read",
            "https://h/crm/associations/2026-09/0-1/0-5/batch/read",
        ),
        ("https://h/crm/v3/property-validations/0-5", "https://h/crm/property-validations/2026-09/0-5"),
        ("https://h/crm-object-schemas/v3/schemas", "https://h/crm-object-schemas/2026-09/schemas"),
        ("https://h/account-info/v3/details", "https://h/account-info/2026-09/details"),
        ("https://h/oauth/v2/x", "https://h/oauth/v2/x"),
    ],
)
def test_dated_paths(path, expected):
    assert dated(path) == expected


@pytest.mark.parametrize(
    ("version", "today", "told"),
    [
        ("v3", date(2026, 9, 30), None),
        ("v3", date(2026, 10, 1), 'v4 (associations) ends on 2027-03-30. Before that, set api_version to "2026-09"'),
        ("v3", date(2027, 3, 30), "v4 (associations) ended on 2027-03-30, v3 ends on 2027-09-01. Before"),
        ("v3", date(2027, 10, 1), "v4 (associations) ended on 2027-03-30, v3 ended on 2027-09-01. Before"),
        ("2026-09", date(2027, 9, 2), None),
        ("2026-09", date(2027, 9, 4), "2026-09 ends on 2028-03-01. Before that, look for a newer version"),
    ],
)
def test_the_end_of_support_is_told_half_a_year_ahead(version, today, told):
    warning = support_ends(version, today)
    assert warning is None if told is None else told in warning


def test_a_run_tells_it_once_where_it_begins(twin, monkeypatch, caplog):
    monkeypatch.setattr("plugins.hubspot.records.support_ends", lambda version, today: f"{version} ends on a day")
    store = twin.store()
    with caplog.at_level(logging.WARNING, "plugins.hubspot"):
        store.scopes()
        assert caplog.messages == []
        store.account()
    assert caplog.messages == [f"{twin.api_version} ends on a day"]
