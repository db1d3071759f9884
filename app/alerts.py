"""Tells people through Airflow's notifiers when a configuration's nights change; whatever fails here fails no run.

What is told, and when, is decided in `memorialization.alerts`; whom, `alerts` of crm.yaml says. Airflow calls these
functions within tasks and callbacks; a message that reached nobody is tried again with the next run.
"""

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec
from urllib.parse import quote

from app.findings import Finding
from app.settings import settings
from memorialization.errors import ConfigurationError, MemorializationError

if TYPE_CHECKING:
    from memorialization.alerts import Sight
    from memorialization.crm import Alerts, Recipient

log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_REPORT_TAB: Final = "/plugin/memorialization-report"  # the url_route in plugins/memorialization_plugin.py
_SLACK_MISSING: Final = "the Slack provider is not installed. Run: pip install 'memorialize[slack]'"


def _harmless(body: Callable[_P, None]) -> Callable[_P, None]:
    @wraps(body)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            body(*args, **kwargs)
        except Exception as error:
            log.error("alerts could not be sent: %s", _why(error))  # no traceback: it may quote anything

    return guarded


@_harmless
def settled(run: dict[str, Any], reported: dict[str, Any] | None, dag_run: Any) -> None:
    """A run is at its end. `reported`: what `steps.write_report` returned, None where it did not; `dag_run`: Airflow's.

    Dry runs tell nothing: nothing is meant to come of them.
    """
    if run["dry_run"]:
        return
    from memorialization import alerts
    from memorialization.report.model import Report
    from memorialization.run import Run, thaw

    opened = Run(**run)
    if reported is None:
        sights = [alerts.unreported(opened.window.start, opened.window.end)]
        _tell(opened.configuration, sights, opened.run_id, _link(dag_run.dag_id, dag_run.run_id))
        return
    folder = Path(reported["report"])
    report = Report.model_validate_json((folder / "report.json").read_bytes())
    link = _link(dag_run.dag_id, dag_run.run_id, _REPORT_TAB) or str(folder / "report.html")
    timezone = thaw(opened).configuration.crm.timezone
    _tell(opened.configuration, alerts.seen(report, timezone), opened.run_id, link)


@_harmless
def unopened(name: str, context: Any) -> None:
    """The task that opens a run has failed for good. `context`: what Airflow gives a callback of a task."""
    from memorialization import alerts

    dag_run, error = context["dag_run"], context.get("exception")
    _tell(name, [alerts.unopened(error)], None, _link(dag_run.dag_id, dag_run.run_id))


@_harmless
def waiting(run: dict[str, Any], dag_run: Any) -> None:
    """The plan of a run waits for a person. `dag_run`: Airflow's."""
    from app.connections import ledger_url
    from memorialization import alerts
    from memorialization.ledger import Ledger
    from memorialization.run import Run, thaw

    opened = Run(**run)
    plan = Ledger(ledger_url()).plan(opened.run_id)
    assert plan is not None, "somebody is asked about it"
    timeout = thaw(opened).configuration.crm.approval.timeout
    sight = alerts.waiting(plan, opened.window.start, opened.window.end, timeout)
    _tell(opened.configuration, [sight], opened.run_id, _link(dag_run.dag_id, dag_run.run_id))


@_harmless
def late(configuration: str, deadline: str, context: dict[str, Any]) -> None:
    """Airflow calls this beside a run that has no report in time, and marks the missed deadline at the run itself.

    `deadline`: as in crm.yaml (`report_deadline`); `context`: what Airflow tells of the run, as JSON. The runs of a
    backfill wait for each other, so one that is late is no news.
    """
    run = context["dag_run"]
    if run["run_type"] == "backfill":
        log.info("%s of the backfill is not done %s after it was queued", run["dag_run_id"], deadline)
        return
    from memorialization import alerts

    sight = alerts.late(run["dag_run_id"], deadline)
    log.error("%s: %s %s", configuration, sight.said, sight.cure)
    _tell(configuration, [sight], None, _link(run["dag_id"], run["dag_run_id"]))


def send_test(name: str) -> list[Finding]:
    """Send everybody a test message: a finding for each. Raises ConfigurationError if crm.yaml cannot be read."""
    people = _alerts(name).to
    if not people:
        cure = "Add alerts: {to: [...]} to crm.yaml; see docs/operations.md, Alerts."
        return [Finding("alerts", "fail", "crm.yaml names nobody to tell", cure)]
    said = ["This is a test: alerts of this configuration reach you here.", "Nothing is to be done."]
    return [_tried(person, f"Memorialize {name}: a test message", said) for person in people]


def _tell(name: str, sights: "Sequence[Sight]", run_id: str | None, link: str) -> None:
    """Send what is new and remember it. Without the ledger, what is wrong is told each time rather than never."""
    from app.connections import ledger_url
    from memorialization import alerts
    from memorialization.ledger import Ledger
    from memorialization.ledger.alerts import keep, states

    people = _alerts(name).to
    if not people:
        return
    ledger, before = None, {}
    try:
        ledger = Ledger(ledger_url())
        before = states(ledger, name)
    except MemorializationError as error:
        log.warning("what was told before is not known: %s", error)
        ledger = None
    untold = set()
    for alert in alerts.decide(before, sights):
        findings = [_tried(person, *alerts.message(name, alert, link)) for person in people]
        for finding in findings:
            level = logging.INFO if finding.state == "ok" else logging.ERROR
            log.log(level, "%s: %s: %s %s", alert.title, finding.check, finding.said, finding.cure)
        if all(finding.state == "fail" for finding in findings):
            untold.add(alert.kind)
    if ledger is not None:
        for sight in alerts.kept(before, sights, frozenset(untold)):
            keep(ledger, name, sight.kind, sight.words, run_id)


def _alerts(name: str) -> "Alerts":
    """Whom to tell, even where another part of crm.yaml is wrong: that is what there may be to tell."""
    import orjson
    from pydantic import ValidationError

    from memorialization.crm import Alerts
    from memorialization.yaml_files import read_yaml

    file = read_yaml(settings().mappings / name / "crm.yaml")
    found = file.data.get("alerts", {}) if isinstance(file.data, dict) else {}
    try:
        return Alerts.model_validate_json(orjson.dumps(found))
    except ValidationError:
        message = f"the group is wrong, so that nobody is told. See: memorialize lint {settings().mappings / name}"
        raise file.error(("alerts",), message) from None


def _tried(person: "Recipient", subject: str, paragraphs: list[str]) -> Finding:
    """Send one message, and say what became of it."""
    check = f"alerts {person.connection_id}"
    try:
        _notifier(person, subject, paragraphs).notify({})  # not called: a call would take the text for a template
    except Exception as error:  # of whatever library carries it
        cure = f"See the Airflow connection {person.connection_id}; docs/operations.md, Alerts, says what it needs."
        return Finding(check, "fail", f"a message could not be sent: {_why(error)}", cure)
    where = f"to {len(person.addresses)} addresses" if person.notifier == "smtp" else "to its channel"
    return Finding(check, "ok", f"a message went {where}")


def _notifier(person: "Recipient", subject: str, paragraphs: list[str]) -> Any:
    if person.notifier == "smtp":
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier

        body = "\n".join(f"<p>{_linked(paragraph)}</p>" for paragraph in paragraphs)
        return SmtpNotifier(
            to=list(person.addresses), subject=subject, html_content=body, smtp_conn_id=person.connection_id
        )
    try:
        from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier
    except ImportError:
        raise ConfigurationError(_SLACK_MISSING) from None
    text = "\n".join(escape(paragraph, quote=False) for paragraph in (f"*{subject}*", *paragraphs))
    return SlackWebhookNotifier(
        slack_webhook_conn_id=person.connection_id, text=text, unfurl_links=False, unfurl_media=False
    )


def _linked(paragraph: str) -> str:
    text = escape(paragraph)
    return f'<a href="{text}">{text}</a>' if paragraph.startswith(("https://", "http://")) else text


def _link(dag_id: str, dag_run_id: str, page: str = "") -> str:
    """Where Airflow shows the run; empty where `[api] base_url` does not say how people reach it."""
    from airflow.configuration import conf

    base = (conf.get("api", "base_url", fallback=None) or "").rstrip("/")
    return f"{base}/dags/{quote(dag_id)}/runs/{quote(dag_run_id, safe='')}{page}" if base else ""


def _why(error: Exception) -> str:
    """The product's own words, and of anything else only what can hold no secret and no value."""
    if isinstance(error, MemorializationError):
        return str(error)
    code = getattr(error, "smtp_code", None)
    told = error.strerror if isinstance(error, OSError) else None
    return " ".join(str(part) for part in (type(error).__name__, code, told) if part)
