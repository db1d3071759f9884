"""The hook over a connection from the environment, as a task or the command line of Airflow meets it."""

import json

import pytest

from memorialization.ports import Account

pytestmark = pytest.mark.slow  # imports Airflow


@pytest.fixture
def connected(twin, monkeypatch):
    def connect(**fields):
        connection = {"conn_type": "hubspot_memorialization", "host": twin.url, **fields}
        monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT_ACME", json.dumps(connection))
        from plugins.hubspot.hook import HubSpotHook

        return HubSpotHook("hubspot_acme")

    return connect


def test_the_connection_becomes_a_store(connected):
    hook = connected(password="pat-eu1-acme-demo", extra={"api_version": "2026-09"})
    assert hook.get_conn().account() == Account(4711001, "Europe/Berlin", "app-eu1.hubspot.com")


def test_host_and_port_may_come_apart(connected, twin):
    host, port = twin.url.rsplit(":", 1)
    hook = connected(password="pat-eu1-acme-demo", host=host, port=int(port))
    assert hook.get_conn().account().portal_id == 4711001


def test_the_test_names_account_and_scopes(connected):
    works, message = connected(password="pat-eu1-acme-demo").test_connection()
    assert works
    assert message.startswith("Account 4711001 (app-eu1.hubspot.com, Europe/Berlin). Scopes: crm.objects.")
    assert "pat-eu1-acme-demo" not in message


@pytest.mark.parametrize("password", ["pat-wrong-token", ""])
def test_a_failed_test_says_why_and_never_the_token(connected, password):
    works, message = connected(password=password).test_connection()
    assert not works
    assert "token" in message
    assert "pat-wrong-token" not in message
