"""The writer waits for nothing between its rounds: no test here needs the time that HubSpot takes to come back."""

import pytest


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memorialization.deliver.FIRST_WAIT", 0.0)
