"""The Airflow hook over a connection from the environment."""

import json
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # imports Airflow


def connected(monkeypatch: pytest.MonkeyPatch, url: str, **extra: str) -> Any:
    connection = {
        "conn_type": "cxone",
        "host": url,
        "login": "key",
        "password": "s3cret-value",
        "extra": extra,
    }
    monkeypatch.setenv("AIRFLOW_CONN_CXONE_DEFAULT", json.dumps(connection))
    from plugins.cxone.hook import CxoneHook

    return CxoneHook()


def test_the_connection_is_tested_against_the_service(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted.acd("server-time", {"ServerTime": "2026-11-19T02:00:00Z"})
    hook = connected(monkeypatch, scripted.url, api_endpoint=scripted.url)
    assert hook.test_connection() == (True, f"CXone answers at {scripted.url}")
    assert hook.get_conn() is hook.client


def test_a_refused_key_fails_the_test_without_telling_it(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted.answers.clear()
    scripted.on("/authentication/v1/token/access-key", None, status=401)
    passed, words = connected(monkeypatch, scripted.url, api_endpoint=scripted.url).test_connection()
    assert not passed
    assert "refused the access key" in words
    assert "s3cret-value" not in words


def test_a_connection_that_does_not_suffice_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    assert connected(monkeypatch, "").test_connection() == (
        False,
        "the CXone connection needs the extra `area` (na1, eu1, ...) or a host",
    )
