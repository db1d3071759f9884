"""Whatever a person gets wrong: one message that says what to do, the documented exit code, and not one write."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from local.stage import BIN, free_port
from memorialization.report.model import Report
from tests.app.command import (
    NIGHT,
    change_connection,
    held,
    memorialize,
    replace,
)
from tests.app.world import World
from tests.corpora import corpus

pytestmark = pytest.mark.slow

Stage = Callable[[World], None]


def refused(code: int, *arguments: str) -> str:
    """The one message of a command that must end with `code` and print nothing else to stdout."""
    outcome = memorialize(*arguments)
    assert (outcome.code, outcome.out, len(outcome.messages)) == (code, "", 1), outcome
    return outcome.messages[0]


# ---- mapping files


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "told"),
    [
        (
            "voice.yaml",
            "cxone_data: ANI}",
            "cxone_data: ANY}",
            21,
            "'ANY' is not a CXone field of 'Voice call contact'",
        ),
        ("voice.yaml", "cxone_data: ordernumber}", "cxone_data: OrderNumber}", 41, "Write 'ordernumber'."),
        ("voice.yaml", "cxone_data: Tags}", "cxone_data: Attachment}", 39, "only text is. Remove the row."),
        ("crm.yaml", "owner: crm-team", "owner: crm-team\n\tmode: x", 6, "a tab stands before the text"),
        ("crm.yaml", "owner: crm-team", "owner: crm-team\nowner: me", 6, "'owner' stands here twice. Remove one."),
        ("crm.yaml", "account_id: 4711001", "account_id: acme", 9, "account_id"),
        ("crm.yaml", "mode: adopted", "mood: adopted", 12, "mode"),
        ("workflows.yaml", "Acme voice", "Acme vioce", 4, "Did you mean 'Acme voice'?"),
    ],
)
def test_a_wrong_mapping_file_is_named_with_its_line_and_its_cure(
    acme: Path, file: str, old: str, new: str, line: int, told: str
) -> None:
    replace(acme / file, old, new)
    message = refused(2, *NIGHT)
    assert message.startswith(f"ConfigurationError: {acme / file}:{line}: ")
    assert told in message


def test_a_missing_file_of_the_configuration_is_named(acme: Path) -> None:
    (acme / "workflows.yaml").unlink()
    assert f"{acme / 'workflows.yaml'}: cannot be read" in refused(2, *NIGHT)


def test_an_unknown_configuration_is_answered_with_the_known_ones(acme: Path) -> None:
    message = refused(2, "run", "-c", "acmee")
    assert "no configuration 'acmee' here. Did you mean 'acme'? Known: acme." in message


def test_no_argument_leads_to_another_place(acme: Path, untouched: World, tmp_path: Path) -> None:
    (acme.parent / "crm.yaml").write_text((acme / "crm.yaml").read_text())  # what a path could lead to
    assert memorialize("ledger", "upgrade").code == 0
    there, before = sorted(tmp_path.rglob("*")), untouched.requests("hubspot")
    for evil in corpus("paths"):
        assert "no configuration" in refused(2, "run", "-c", evil)
        assert "no configuration" in refused(2, "explain", evil, "-c", evil)
        absent = "a NUL character" if "\x00" in evil else "there is no run"
        assert absent in refused(2, "revert", evil)
        assert absent in refused(2, "apply", evil, "--approve", evil)
        assert "is no name for a configuration" in refused(2, "init", evil)
    for evil in ("..", "../acme", "/etc", "acme/", "acme\x00"):
        for verb in ("coverage", "snapshot", "erase --contact 1", "parked list", "rejected list", "portal plan"):
            assert "no configuration" in refused(2, *verb.split(), "-c", evil)
        for verb in ("backfill", "plan"):
            assert "no configuration" in refused(2, verb, "-c", evil, "--from", "2026-11-20", "--to", "2026-11-21")
        for verb in ("doctor", "purge"):
            outcome = memorialize(verb, "-c", evil)
            assert outcome.code in (1, 2) and "no configuration" in outcome.out + outcome.err, outcome
        assert "no configuration" in refused(2, "init", "new", "--from", evil)
    assert (sorted(tmp_path.rglob("*")), untouched.requests("hubspot")) == (there, before)


def test_a_property_that_the_portal_does_not_have_is_named_with_its_place(acme: Path) -> None:
    replace(acme / "voice.yaml", "external_crm_field: cxone_ani,", "external_crm_field: cxone_any,")
    message = refused(2, *NIGHT)
    assert "mapping 'Acme voice', section Ticket: property 'cxone_any' does not exist" in message
    assert "Create it in HubSpot or correct the row." in message


def test_a_transcript_into_a_date_is_refused_before_anything_is_read_from_cxone(acme: Path, untouched: World) -> None:
    before = untouched.requests("cxone")
    replace(acme / "digital.yaml", "external_crm_field: cxone_transcript,", "external_crm_field: cxone_callback_date,")
    message = refused(2, *NIGHT)
    assert "a transcript can never stand in a date property. Map it to a multi-line text property." in message
    assert untouched.requests("cxone") == before


# ---- windows


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (("--from", "2026-11-20"), "give both, or neither"),
        (("--to", "2026-11-20"), "give both, or neither"),
        (("--from", "2026-11-21", "--to", "2026-11-20"), "before it starts"),
        (("--from", "2026-11-20", "--to", "2026-11-20T01:00:00+01:00"), "before it starts"),
        (("--from", "yesterday", "--to", "2026-11-20"), "'yesterday' is not a time. Write it as 2026-11-22T02:00:00Z"),
        (("--from", "20.11.2026", "--to", "2026-11-21"), "'20.11.2026' is not a time"),
        (("--from", "2026-02-30", "--to", "2026-11-21"), "'2026-02-30' is not a time"),
        (("--from", "", "--to", ""), "'' is not a time"),
        (("--from", "0001-01-01", "--to", "2026-11-21"), "'0001-01-01' is before the year 2000"),
        (("--from", "2026-11-20", "--to", "9999-12-31T23:59:59-05:00"), "'9999-12-31T23:59:59-05:00' is not a time"),
    ],
)
def test_a_wrong_window_is_refused_before_any_request(
    acme: Path, untouched: World, span: tuple[str, ...], told: str
) -> None:
    before = untouched.requests("hubspot")
    message = refused(2, "run", "-c", "acme", *span)
    assert message.startswith("WindowError: ") and told in message
    assert untouched.requests("hubspot") == before


# ---- connections


def test_a_wrong_cxone_key(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change_connection(monkeypatch, "CXONE_ACME", password="not-the-secret")
    message = refused(1, *NIGHT)
    assert message.startswith("AuthenticationError: CXone refused the access key (HTTP 401")
    assert "check the connection's login and password" in message
    assert "not-the-secret" not in message


def test_a_wrong_hubspot_token(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change_connection(monkeypatch, "HUBSPOT_ACME", password="pat-eu1-not-ours")
    message = refused(1, *NIGHT)
    assert message.startswith("AuthenticationError: HubSpot refused the token")
    assert "put a valid private app token or service key into the connection's password" in message
    assert "pat-eu1-not-ours" not in message


def test_a_token_of_another_account(acme: Path) -> None:
    replace(acme / "crm.yaml", "account_id: 4711001", "account_id: 4711002")
    message = refused(2, *NIGHT)
    assert message.startswith("WrongAccount: ")
    assert "belongs to Hub ID 4711001, but account_id in crm.yaml is 4711002. Nothing was written." in message


def test_a_missing_scope_is_named_with_the_entity_that_needs_it(acme: Path) -> None:
    replace(acme / "voice.yaml", "  - entity: Contact", "  - entity: Deal")
    message = refused(1, *NIGHT)
    assert message.startswith("PermissionMissing: ")
    assert "crm.objects.deals.read (for Deal), crm.objects.deals.write (for Deal)" in message


@pytest.mark.parametrize("name", ["CXONE_ACME", "HUBSPOT_ACME"])
def test_a_service_that_is_down(acme: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    change_connection(monkeypatch, name, host=f"http://127.0.0.1:{free_port(0)}")
    assert refused(1, *NIGHT).startswith("ServiceUnavailable: ")


@pytest.mark.parametrize("name", ["CXONE_ACME", "HUBSPOT_ACME", "MEMORIALIZATION_LEDGER"])
@pytest.mark.parametrize(
    "value",
    ["{", '{"extra": "no json"}', '{"extra": "[1]"}', '{"password": 5}', '{"host": 5}', '{"port": "x"}', "http://["],
)
def test_a_connection_that_cannot_be_read(acme: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{name}", value)
    assert f"AIRFLOW_CONN_{name} is neither a connection URI nor JSON." in refused(2, *NIGHT)


@pytest.mark.parametrize("arguments", [NIGHT, ("report",), ("ledger", "upgrade")])
def test_a_ledger_that_is_down(acme: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    change_connection(monkeypatch, "MEMORIALIZATION_LEDGER", extra={"host": "/nowhere"})
    message = refused(1, *arguments)
    assert message.startswith("LedgerUnavailable: ") and "check the connection memorialization_ledger" in message


def test_a_ledger_that_was_never_upgraded_says_how_and_then_serves(
    acme: Path, postgres_socket: str, ledger_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = psycopg2.connect(host=postgres_socket, user="postgres", dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database bare_{ledger_database}")
    connection.close()
    change_connection(monkeypatch, "MEMORIALIZATION_LEDGER", schema=f"bare_{ledger_database}")
    for arguments in (NIGHT, ("report",)):
        assert "the ledger is at version none" in (message := refused(2, *arguments))
        assert message.endswith("Run: memorialize ledger upgrade")
    for _ in range(2):
        assert memorialize("ledger", "upgrade").out == "the ledger is up to date\n"
    assert "there is no such report yet" in refused(2, "report")


def test_without_a_connection_the_message_says_how_to_define_it(acme: Path, tmp_path: Path) -> None:
    """As a process: it looks for the connection in Airflow, which must not speak instead."""
    variables = {k: v for k, v in os.environ.items() if k != "AIRFLOW_CONN_HUBSPOT_ACME"}
    variables["AIRFLOW_HOME"] = str(tmp_path / "airflow")
    ended = subprocess.run([BIN / "memorialize", *NIGHT], env=variables, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
    told = [line for line in ended.stderr.splitlines() if line.startswith("ConfigurationError: ")]
    assert len(told) == 1
    assert "connection 'hubspot_acme' is not defined" in told[0] and "AIRFLOW_CONN_HUBSPOT_ACME" in told[0]


# ---- folders


@pytest.mark.parametrize("name", ["MEMORIALIZATION_STAGING", "MEMORIALIZATION_REPORTS"])
def test_a_folder_that_cannot_be_written_is_named(
    acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(name, str(tmp_path / "file" / "folder"))
    outcome = memorialize(*NIGHT, "--dry-run")
    assert outcome.code == 1
    assert len(outcome.messages) == 1 and str(tmp_path / "file") in outcome.messages[0]


# ---- reading


def test_a_dry_run_writes_nothing_and_its_report_can_be_read_again(acme: Path, untouched: World) -> None:
    before = held(untouched)
    outcome = memorialize(*NIGHT, "--dry-run", "--json")
    assert outcome.code == 0
    report = Report.model_validate_json(outcome.out)
    assert report.run.dry_run and report.funnel.planned == 0
    assert report.reasons["held"] == {"dry_run": report.funnel.held} and report.funnel.held > 0
    assert held(untouched) == before
    assert memorialize("report", "--last", "--json").out == outcome.out
    assert memorialize("report", "--json").out == outcome.out
    assert memorialize("report", "-c", "acme", "--run", report.run.run_id, "--json").out == outcome.out
    shown = memorialize("report", "--last").out
    assert report.verdict.sentence.split(";")[0] in " ".join(shown.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("report",), "there is no such report yet"),
        (("report", "--last", "-c", "nobody"), "there is no such report yet"),
        (("report", "--run", "01a20932-2038-71c1-9e61-6c64398f1e66"), "there is no such report yet"),
        (("report", "--run", "'; drop table runs; --"), "there is no such report yet"),
        (("report", "--last", "--run", "x"), "give --last or --run, not both"),
    ],
)
def test_a_report_that_is_not_there(acme: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in refused(2, *arguments)


@pytest.mark.parametrize("arguments", [("run",), ("run", "-c", "acme", "--fro", "x"), ("nightly",), ("report", "x")])
def test_a_wrong_command_line_ends_with_2(arguments: tuple[str, ...]) -> None:
    assert memorialize(*arguments).code == 2
