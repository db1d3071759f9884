"""Every line that a step logs says of which run, step and partition it is; those of failed calls, HubSpot's id."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.command import NIGHT, memorialize
from tests.app.world import World
from tests.leaks import CREDENTIALS

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def loggers() -> Iterator[None]:
    """As they were: the command line sets them for the life of its process."""
    ours = [logging.getLogger(name) for name in ("app", "memorialization", "plugins")]
    yield
    for logger in ours:
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True


def test_a_night_can_be_followed_by_its_log(world: World, tmp_path: Path) -> None:
    world.faults(
        "hubspot",
        {"match": "batch/read", "status": 429, "retry_after": 1},
        {"match": "0-1/batch/update", "status": 403, "times": 99},
    )
    log = tmp_path / "night.jsonl"
    outcome = memorialize("--log-json", str(log), *NIGHT, "--json")
    assert outcome.code == 1
    run_id = outcome.report["run"]["run_id"]
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()]

    assert all(line["configuration"] == "acme" and line["step"] and line["partition"] for line in lines)
    assert {line.get("memorialize_run") for line in lines if line["step"] != "open"} == {run_id}
    ends = [(line["step"], line["partition"]) for line in lines if " calls of HubSpot" in line["event"]]
    assert ends[:3] == [("open", "all"), ("extract", "voice"), ("extract", "digital")]
    assert len(ends) == len(set(ends)) and ends[-1] == ("report", "all")
    assert {"prepare", "reconcile", "gate", "apply", "judge_stored"} <= {step for step, _ in ends}

    (again,) = [line for line in lines if " Try 2 in " in line["event"]]
    assert (again["level"], again["step"]) == ("warning", "prepare")
    assert len(again["correlation_id"]) >= 8
    refused = [line for line in lines if line["event"].startswith("apply of Contact/") and "failed" in line["event"]]
    assert refused and all(line["correlation_id"] in line["event"] for line in refused)
    assert all(word not in log.read_text() for word in CREDENTIALS)
