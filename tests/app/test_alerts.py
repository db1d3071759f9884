"""E-mails that really arrive: what people read of a configuration, and when; no run fails where they cannot."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException

from app import alerts
from local.stage import free_port
from memorialization.errors import AuthenticationError
from memorialization.ledger import Ledger
from memorialization.ledger.alerts import states
from memorialization.report.model import Report, Step, Verdict
from memorialization.run import Frozen, Run, freeze
from tests.app.command import change_connection, mappings, memorialize, replace
from tests.mailbox import Mailbox, body, mailbox
from tests.memorialization.nights import configuration, row, section

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[1] / "memorialization/report/report.json"
DAG_RUN = SimpleNamespace(dag_id="memorialize__acme", run_id="manual__2026-11-23T02:00:00+00:00")
RUN_ID = "01a20913-3458-78a3-ba11-489a7c01f2ea"
TO = "alerts: {to: [{notifier: smtp, addresses: [ana@example.com, ben@example.com]}]}\nquality:"
REFUSED = AuthenticationError("HubSpot refused the token at account-info (401).")


@pytest.fixture(scope="module")
def server() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture
def post(server: Mailbox) -> Mailbox:
    server.received.clear()
    server.refuses = False
    return server


@pytest.fixture
def acme(
    post: Mailbox, tmp_path: Path, postgres_socket: str, ledger_database: str, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder of a configuration that tells two people, on a ledger of its own."""
    folder = mappings(tmp_path, monkeypatch)
    replace(folder / "crm.yaml", "quality:", TO)
    at_hand = {"login": "postgres", "schema": ledger_database, "extra": {"host": postgres_socket}}
    smtp = {
        "conn_type": "smtp", "host": "127.0.0.1", "port": post.port,
        "extra": {"from_email": "airflow@example.com", "disable_ssl": True, "disable_tls": True, "retry_limit": 0},
    }  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_MEMORIALIZATION_LEDGER", json.dumps(at_hand))
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(smtp))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/ops/")
    return folder


@pytest.fixture
def night(tmp_path: Path) -> Callable[..., None]:
    """Ends a run of acme: with the failures given, or well; a dry one; one without a report."""

    def end(*failures: str, dry_run: bool = False, report: bool = True) -> None:
        run = Run(
            RUN_ID, "acme", str(tmp_path / "staging"), "2026-11-22T02:00:00+00:00", "2026-11-23T02:00:00+00:00", dry_run
        )
        freeze(run, Frozen(configuration(section("Contact", row("agent", "voice", "Agent Name"))), {}, {}))
        told = Report.model_validate_json(SAMPLE.read_text(encoding="utf-8"))
        steps = tuple(
            Step(step="apply", partition="Contact/0", state="failed", seconds=1.0, error=failure)
            for failure in failures
        )
        if failures:
            verdict = Verdict(state="failed", sentence="", failures=tuple(f"apply failed: {f}" for f in failures))
            told = told.model_copy(update={"verdict": verdict, "steps": steps})
        (tmp_path / "report.json").write_text(told.model_copy(update={"quality": ()}).model_dump_json())
        alerts.settled(run.as_dict(), {"report": str(tmp_path)} if report else None, DAG_RUN)

    return end


def opened_badly(error: BaseException = REFUSED) -> None:
    alerts.unopened("acme", {"dag_run": DAG_RUN, "exception": error})


def test_an_e_mail_says_what_is_so_what_to_do_and_where_to_read_on(
    acme: Path, post: Mailbox, night: Callable[..., None]
) -> None:
    night("RequestRefused: <b>no</b>.")
    (message,) = post.received
    assert (message["From"], message["To"]) == ("airflow@example.com", "ana@example.com, ben@example.com")
    assert message["Subject"] == "Memorialize acme: a run failed"
    link = (
        "https://airflow.example.com/ops/dags/memorialize__acme/runs/manual__2026-11-23T02%3A00%3A00%2B00%3A00"
        "/plugin/memorialization-report"
    )
    assert body(message).splitlines() == [
        "<p>The run of 2026-11-22 02:00 to 2026-11-23 02:00 UTC failed: apply failed: RequestRefused: "
        "&lt;b&gt;no&lt;/b&gt;; of 1,176 planned values 1,176 are written and 1,176 proven.</p>",
        "<p>Mend what the report names. The next nights take the days along as far as extraction.heal_days reaches, "
        "or: memorialize run -c acme --from 2026-11-22T02:00:00+00:00 --to 2026-11-23T02:00:00+00:00</p>",
        f'<p><a href="{link}">{link}</a></p>',
    ]


def test_over_a_week_each_change_is_one_e_mail(
    acme: Path, post: Mailbox, night: Callable[..., None], ledger: Ledger
) -> None:
    night()
    assert post.subjects() == []
    night("RequestRefused: no.")
    assert post.subjects() == ["Memorialize acme: a run failed"]
    night("RequestRefused: no.")
    assert post.subjects() == []
    night("RequestRefused: no.", "ServiceUnavailable: away.")
    assert post.subjects() == ["Memorialize acme: a run failed"]
    rows = ledger.rows("select kind, state, run_id::text, now() - since < interval '1 minute' as new from alerts")
    assert rows == [
        {"kind": "failed", "state": ["RequestRefused", "ServiceUnavailable"], "run_id": RUN_ID, "new": True}
    ]
    night(dry_run=True)
    assert post.subjects() == []
    opened_badly()
    opened_badly()
    night(report=False)
    assert post.subjects() == ["Memorialize acme: a run failed"] * 2
    night()
    night()
    assert post.subjects() == ["Memorialize acme: runs succeed again"]
    assert states(ledger, "acme") == {"failed": frozenset()}


def test_a_report_that_is_late_is_told_but_for_backfills(acme: Path, post: Mailbox, night: Callable[..., None]) -> None:
    run = {"dag_id": "memorialize__acme", "dag_run_id": "scheduled__1", "run_type": "backfill"}
    alerts.late("acme", "8h", {"dag_run": run})
    assert post.received == []
    alerts.late("acme", "8h", {"dag_run": run | {"run_type": "scheduled"}})
    assert "Run scheduled__1 has no report 8h after it was queued." in body(post.received[0])
    assert "https://airflow.example.com/ops/dags/memorialize__acme/runs/scheduled__1<" in body(post.received[0])
    post.received.clear()
    night()
    assert post.subjects() == ["Memorialize acme: the late report is there"]


def test_what_a_server_refuses_is_logged_and_told_the_next_time(
    acme: Path, post: Mailbox, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    post.refuses = True
    with caplog.at_level(logging.INFO, "app.alerts"):
        opened_badly()
    assert "a run failed: alerts smtp_default: a message could not be sent: SMTPDataError 554" in caplog.text
    assert states(ledger, "acme") == {}
    post.refuses = False
    opened_badly()
    assert post.subjects() == ["Memorialize acme: a run failed"]


def test_one_who_cannot_be_reached_keeps_the_message_from_nobody_else(
    acme: Path, post: Mailbox, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    replace(acme / "crm.yaml", "{to: [", "{to: [{notifier: smtp, connection: smtp_gone, addresses: [c@example.com]}, ")
    change = json.dumps(
        {"conn_type": "smtp", "host": "127.0.0.1", "port": free_port(0), "extra": {"from_email": "x@y"}}
    )
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_GONE", change)
    opened_badly()
    opened_badly()
    assert post.subjects() == ["Memorialize acme: a run failed"]
    assert "alerts smtp_gone: a message could not be sent: ConnectionRefusedError Connection refused" in caplog.text
    assert states(ledger, "acme") == {"failed": frozenset({"AuthenticationError"})}


def test_nobody_named_means_nothing_told_and_nothing_kept(acme: Path, post: Mailbox, ledger: Ledger) -> None:
    replace(acme / "crm.yaml", TO, "quality:")
    opened_badly()
    assert (post.received, states(ledger, "acme")) == ([], {})


def test_a_ledger_that_is_away_and_files_that_are_wrong_are_told_as_well(
    acme: Path, post: Mailbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    replace(acme / "crm.yaml", "account_id: 4711001", "account_id: acme")
    change_connection(monkeypatch, "MEMORIALIZATION_LEDGER", schema="nowhere")
    opened_badly()
    assert post.subjects() == ["Memorialize acme: a run failed"]
    assert "what was told before is not known: the ledger's database does not answer" in caplog.text


@pytest.mark.parametrize("written", ["alerts: {to: all}", "alerts:\n  to:\n    - {notifier: smtp}", "owner: ["])
def test_where_it_cannot_be_read_whom_to_tell_the_log_says_so(
    acme: Path, post: Mailbox, written: str, caplog: pytest.LogCaptureFixture
) -> None:
    replace(acme / "crm.yaml", TO, f"{written}\nquality:")
    opened_badly()
    assert f"alerts could not be sent: {acme / 'crm.yaml'}:" in caplog.text
    assert post.received == []


def test_no_secret_and_no_word_of_another_error_is_logged(
    acme: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise AirflowException("hunter2 anna@example.com")

    monkeypatch.setattr("airflow.providers.smtp.notifications.smtp.SmtpNotifier.notify", broken)
    opened_badly()
    monkeypatch.setattr("app.alerts._alerts", broken)
    opened_badly()
    assert "a message could not be sent: AirflowException" in caplog.text
    assert "alerts could not be sent: AirflowException" in caplog.text
    assert "hunter2" not in caplog.text and "anna" not in caplog.text


def test_doctor_sends_a_test_message_to_everybody_and_says_who_cannot_be_reached(acme: Path, post: Mailbox) -> None:
    sent = memorialize("doctor", "-c", "acme", "--alert")
    assert (sent.code, post.subjects()) == (0, ["Memorialize acme: a test message"])
    assert "✔ alerts smtp_default  a message went to 2 addresses" in sent.out
    replace(acme / "crm.yaml", "{to: [", "{to: [{notifier: slack, connection: slack_crm}, ")
    outcome = memorialize("doctor", "-c", "acme", "--alert", "--json")
    assert (outcome.code, post.subjects()) == (1, ["Memorialize acme: a test message"])
    (slack, smtp) = json.loads(outcome.out)["acme"]
    assert slack["said"].endswith("the Slack provider is not installed. Run: pip install 'memorialize[slack]'")
    assert smtp["state"] == "ok"
    replace(acme / "crm.yaml", "alerts: {to", "alerts: {nobody")
    wrong = memorialize("doctor", "-c", "acme", "--alert")
    assert wrong.code == 2 and "so that nobody is told" in wrong.messages[0]
