"""What Airflow's metrics clients send of a real night: to a collector of OpenTelemetry, and to a StatsD listener."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from tests.app.command import DAY, mappings
from tests.app.world import World
from tests.laws.conftest import interpreter
from tests.laws.test_runbook import rows

pytestmark = pytest.mark.slow

NIGHT = """
import json, socket, sys
import airflow.sdk
from airflow.sdk._shared.observability.metrics.otel_logger import flush_otel_metrics
from airflow.sdk._shared.observability.metrics.statsd_logger import get_statsd_logger
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics.stats_utils import get_stats_factory
from app import metrics, runner, steps
from memorialization.errors import LeaseHeld
from memorialization.intake import window
from memorialization.ports import Usage
from memorialization.report.model import Report

stats.initialize(factory=get_stats_factory(), export_legacy_names=False)  # as Airflow does where a task begins
day = window(*sys.argv[1:3])
done = runner.run("acme", day, dry_run=False, progress=lambda step, part: None)
steps.open_run("acme", day, dry_run=False)
try:
    steps.open_run("acme", day, dry_run=False)
except LeaseHeld:
    pass
flush_otel_metrics()

class Client:  # what statsd's own does of it
    def __init__(self, host, port, prefix, ipv6):
        self.socket, self.to, self.prefix = socket.socket(type=socket.SOCK_DGRAM), (host, port), prefix
    def send(self, stat, text):
        self.socket.sendto(f"{self.prefix}.{stat}:{text}".encode(), self.to)
    def incr(self, stat, count, rate):
        self.send(stat, f"{count}|c")
    def gauge(self, stat, value, rate, delta):
        self.send(stat, f"{value}|g")
    def timing(self, stat, dt):
        self.send(stat, f"{dt.total_seconds() * 1000:g}|ms")

stats.initialize(export_legacy_names=False, factory=lambda: get_statsd_logger(
    stats_class=Client, host="127.0.0.1", port=int(sys.argv[3]), prefix="airflow",
    influxdb_tags_enabled=True, statsd_influxdb_enabled=True))
report = Report.model_validate_json(open(done["report"] + "/report.json").read())
metrics.night(report)
rehearsal = report.run.model_copy(update={"dry_run": True, "configuration": "dry"})
metrics.night(report.model_copy(update={"run": rehearsal}))
metrics.step("acme", "judge_source", Usage({"batch/read": 2}, 1, 250_000, 249_000, 14.2, 1.5))
print(json.dumps(json.loads(report.model_dump_json())))
"""

Point = tuple[dict[str, str], float]


@contextmanager
def collector() -> Iterator[tuple[str, dict[str, list[Point]]]]:
    """(its address, metric -> (tags, value) of what was sent there last; of a timer, how often)."""
    told: dict[str, list[Point]] = {}

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = ExportMetricsServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            for resource in sent.resource_metrics:
                for metric in (m for scope in resource.scope_metrics for m in scope.metrics):
                    kind = metric.WhichOneof("data")
                    told[metric.name] = [
                        (
                            {a.key: a.value.string_value for a in point.attributes},
                            point.count if kind == "exponential_histogram" else point.as_double or point.as_int,
                        )
                        for point in getattr(metric, kind).data_points
                    ]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", told
    server.shutdown()
    server.server_close()


def test_a_night_tells_its_funnel_its_calls_and_its_waits(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mappings(tmp_path, monkeypatch)
    world.faults("hubspot", {"match": "batch/read", "status": 429})
    ours = {k: v for k, v in os.environ.items() if k.startswith(("AIRFLOW_CONN_", "MEMORIALIZATION_"))}
    with socket.socket(type=socket.SOCK_DGRAM) as statsd, collector() as (address, told):
        statsd.bind(("127.0.0.1", 0))
        statsd.settimeout(5)
        on = {"AIRFLOW__METRICS__OTEL_ON": "True", "OTEL_EXPORTER_OTLP_ENDPOINT": address}
        report = interpreter(NIGHT, tmp_path, *DAY, str(statsd.getsockname()[1]), **ours, **on)
        lines = received(statsd, until="hubspot.left_today")

    assert all(tags["configuration"] == "acme" for points in told.values() for tags, _ in points)
    named = {name.removeprefix("airflow."): points for name, points in told.items() if ".memorialization." in name}
    single = {name: points[0][1] for name, points in named.items() if len(points) == 1}
    funnel = {n.rpartition(".")[2]: v for n, v in single.items() if n.startswith("memorialization.funnel.")}
    assert funnel == report["funnel"]
    assert funnel["missing"] > 0 and funnel["written"] > 0

    calls = {tags["step"]: value for tags, value in named["memorialization.hubspot.calls"]}
    assert sum(calls.values()) == sum(world.requests("hubspot").values())
    assert set(calls) == {"open", "extract", "prepare", "cards", "reconcile", "gate", "apply", "report"} | {
        f"judge_{suite}" for suite in ("source", "mapped", "stored")
    }
    assert calls["extract"] == calls["report"] == 0
    throttled = {tags["step"]: value for tags, value in named["memorialization.hubspot.throttled"]}
    assert {step: value for step, value in throttled.items() if value} == {"prepare": 1}
    assert {tags["step"] for tags, _ in named["memorialization.hubspot.waited"]} == set(calls)
    assert 0 < single["memorialization.hubspot.left_today"] < 1_000_000
    assert named["memorialization.window.held"] == [({"configuration": "acme"}, 1)]
    assert single["memorialization.report.after_window"] > 0
    assert {tags["channel"] for tags, _ in named["memorialization.lateness.changed"]} == {"voice", "digital"}

    table = rows("metric", "kind", "tags beside", "tells")
    assert {pattern for pattern in table if any(fnmatch(name, pattern) for name in named)} == set(table)
    assert [name for name in named if not any(fnmatch(name, pattern) for pattern in table)] == []

    missing = report["funnel"]["missing"]
    assert f"airflow.memorialization.funnel.missing,configuration=acme:{missing}|g" in lines
    of = "configuration=acme,step=judge_source"
    assert lines[-4:] == [
        f"airflow.memorialization.hubspot.calls,{of}:2|c",
        f"airflow.memorialization.hubspot.throttled,{of}:1|c",
        f"airflow.memorialization.hubspot.waited,{of}:1500|ms",
        "airflow.memorialization.hubspot.left_today,configuration=acme:249000|g",
    ]
    assert not [line for line in lines if "dry" in line], "a dry run tells nothing of the nights"


def received(statsd: socket.socket, *, until: str) -> list[str]:
    lines: list[str] = []
    while not lines or until not in lines[-1]:
        lines.append(statsd.recv(65_536).decode())
    return lines


def test_outside_of_airflow_nothing_is_loaded_for_it(tmp_path: Path) -> None:
    script = (
        "import json, sys; from app import metrics; metrics.held_back('acme'); "
        "print(json.dumps([name for name in sys.modules if name.startswith('airflow')]))"
    )
    assert interpreter(script, tmp_path) == []
