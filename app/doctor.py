"""Looks at everything a run needs, and at what runs left behind; leaves all as it was, and asks each service little.

Each finding says what is so and, unless it is well, what to do. A service that does not answer is asked once, not as
often as a run would.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app import leftovers
from app.clients import hubspot_limits
from app.connections import LEDGER, address_secret, connection, ledger_url
from app.findings import Finding, State
from app.settings import settings
from memorialization.configuration import Configuration, load, names
from memorialization.discard import discard, is_staged
from memorialization.errors import ConfigurationError, MemorializationError
from memorialization.ledger import Ledger
from memorialization.portal import check_account, check_schema, check_scopes, creates_in_pipelines
from memorialization.staging import Staging

_SCARCE: Final = 2 * 10**9  # bytes free
_FULL: Final = 2 * 10**8
_SKEWED: Final = 60.0  # seconds: live writes are told from later edits by minutes
_WRONG: Final = 600.0
_ONCE: Final = 1


def examine(name: str) -> list[Finding]:
    """Everything about one configuration. Never raises for what it examines."""
    findings: list[Finding] = []
    configuration = None
    try:
        configuration = load(settings().mappings, name)
    except ConfigurationError as error:
        findings.append(_trouble("configuration", error))
    else:
        crm = configuration.crm
        said = f"{crm.configuration_name}: {len(configuration.mappings)} mappings, {crm.mode}, {crm.schedule} UTC"
        findings.append(Finding("configuration", "ok", said))
    ledger = None
    with suppress(MemorializationError):
        ledger = Ledger(ledger_url())
    findings += _safely("ledger", _ledger)
    if configuration is not None:
        known = configuration
        findings += _safely("HubSpot", lambda: _hubspot(known))
        findings += _safely("CXone", lambda: _cxone(known))
    findings += _safely("places", lambda: _places(name))
    if (
        ledger is not None
        and configuration is not None
        and all(f.state == "ok" for f in findings if f.check == "ledger")
    ):
        kept = ledger
        findings += _safely("ledger", lambda: leftovers.examine(known, kept, datetime.now(UTC)))
    return findings


def known_names() -> list[str]:
    """The configurations to examine."""
    found = names(settings().mappings)
    if not found:
        raise ConfigurationError(f"{settings().mappings}: no configuration here. Start one: memorialize init NAME")
    return found


def _safely(check: str, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """The findings up to the trouble that ended the look, which is one itself."""
    findings: list[Finding] = []
    try:
        findings.extend(look())
    except (MemorializationError, OSError) as error:
        findings.append(_trouble(check, error))
    return findings


def _trouble(check: str, error: Exception) -> Finding:
    if isinstance(error, OSError):
        return Finding(check, "fail", f"{error.filename}: {error.strerror}", "Check path, rights and free space.")
    return Finding(check, "fail", str(error))  # the product's errors say what to do


def _ledger() -> Iterator[Finding]:
    ledger = Ledger(ledger_url())
    ledger.check()
    yield Finding("ledger", "ok", f"connection {LEDGER} answers, and its tables are of this version")


def _hubspot(configuration: Configuration) -> Iterator[Finding]:
    from plugins.hubspot.connect import client_from
    from plugins.hubspot.failures import contract
    from plugins.hubspot.records import HubSpotStore
    from plugins.hubspot.schema import Schema
    from plugins.hubspot.versions import support_ends

    found = connection(configuration.hubspot_connection)
    limits = None
    with suppress(MemorializationError):  # without a ledger, doctor's own calls alone are counted
        Ledger(ledger_url()).check()
        limits = hubspot_limits(configuration)
    client = client_from(found.base_url, found.password, found.extras, limits, tries=_ONCE)
    store = HubSpotStore(client)
    with contract("reading account-info"):
        account = Schema(client).account()  # the store would log the end of the API's version, which is a finding here
    yield from _verdict(
        "HubSpot account", lambda: check_account(configuration, account),
        f"Hub ID {account.portal_id}, {account.account_type.lower()}, {account.time_zone}",
    )  # fmt: skip
    yield from _skew("HubSpot clock", client.clock_ahead)
    if ending := support_ends(client.api_version, datetime.now(UTC).date()):
        yield Finding("HubSpot version", "warn", ending)
    writes = configuration.crm.mode == "adopted"
    scopes = store.scopes()
    told = "cannot be told of this token" if scopes is None else "all that the mappings need are granted"
    yield from _verdict("HubSpot scopes", lambda: check_scopes(configuration, scopes, writes=writes), told)
    entities = {name: store.entity(name) for name in configuration.written_entities}
    schema = {name: store.properties(entity) for name, entity in entities.items()}
    pipelines = {name: store.pipelines(entities[name]) for name in creates_in_pipelines(configuration)}
    mapped = sum(len(section.fields) for mapping in configuration.mappings.values() for section in mapping.sections)
    yield from _verdict(
        "HubSpot properties", lambda: check_schema(configuration, schema, pipelines),
        f"all {mapped} mapped rows fit their properties",
    )  # fmt: skip
    usage = store.usage()
    if usage.daily_limit is None or usage.daily_remaining is None:
        yield Finding("HubSpot quota", "ok", "not told by this account")
        return
    left = usage.daily_remaining / usage.daily_limit
    said = f"{usage.daily_remaining:,} of {usage.daily_limit:,} calls of the day are left"
    if left > configuration.crm.quota.share:
        yield Finding("HubSpot quota", "ok", said)
    else:
        yield Finding(
            "HubSpot quota", "warn", f"{said}, which quota.reserve keeps for others",
            "Runs stop until the account's midnight; see in HubSpot which program uses the calls.",
        )  # fmt: skip


def _cxone(configuration: Configuration) -> Iterator[Finding]:
    from plugins.cxone.client import client_from

    found = connection(configuration.cxone_connection)
    extras = {"api_version": configuration.crm.extraction.api_version} | found.extras
    with client_from(found.base_url, found.login, found.password, extras, tries=_ONCE) as client:
        client.server_time()
        host = client.api_endpoint.split("://", 1)[1]
        yield Finding("CXone access key", "ok", f"accepted; {host} answers, version {client.api_version}")
        yield from _skew("CXone clock", client.clock_ahead)
    if address_secret(found):
        yield Finding(
            "address secret", "ok",
            "decisions about parked targets are kept for a customer's next contacts; hashes in the ledger are keyed",
        )  # fmt: skip
    else:
        yield Finding(
            "address secret", "warn",
            "none: a decision about a parked target holds for that interaction alone, and who reads the ledger can try "
            "which value a hash is of",
            "Add the extra address_secret to the CXone connection: openssl rand -hex 32",
        )  # fmt: skip


def _verdict(check: str, look: Callable[[], None], said: str) -> Iterator[Finding]:
    """One finding; what is wrong here keeps nothing else from being looked at."""
    try:
        look()
    except MemorializationError as error:
        yield _trouble(check, error)
    else:
        yield Finding(check, "ok", said)


def _skew(check: str, ahead: float | None) -> Iterator[Finding]:
    if ahead is None:
        yield Finding(check, "ok", "the service tells no time")
    elif abs(ahead) < _SKEWED:
        yield Finding(check, "ok", f"this machine's agrees within {max(2, round(abs(ahead)))} s")
    else:
        way = "ahead of" if ahead > 0 else "behind"
        said = f"this machine's is {abs(ahead):,.0f} s {way} the service's"
        cure = "Set the clock (NTP): late writes and people's edits are told apart by time."
        yield Finding(check, "fail" if abs(ahead) >= _WRONG else "warn", said, cure)


def _places(name: str) -> Iterator[Finding]:
    where = settings()
    yield from _rights(where.staging, name)
    if ":/" in str(where.reports):
        said = f"MEMORIALIZATION_REPORTS must be a folder, not an address ({where.reports})"
        yield Finding("reports", "fail", said, "Mount one that workers and web server share; see docs/cluster.md.")
        return
    places = {"staging": where.staging, "reports": str(where.reports)}
    for check, place in places.items():
        if "://" in place:
            continue
        there = _existing(Path(place))
        if not os.access(there, os.W_OK | os.X_OK):
            yield Finding(check, "fail", f"{there} may not be written to", "Give this user the right to write there.")
    local = {os.stat(_existing(Path(p))).st_dev: _existing(Path(p)) for p in places.values() if "://" not in p}
    for there in local.values():
        free = shutil.disk_usage(there).free
        state: State = "fail" if free < _FULL else "warn" if free < _SCARCE else "ok"
        cure = "" if state == "ok" else "Free space, or purge sooner: memorialize purge --older-than 7d"
        yield Finding("disk", state, f"{free / 10**9:,.1f} GB free at {there}", cure)


def _rights(staging: str, name: str) -> Iterator[Finding]:
    """Staging holds customer text: nobody else may look into it."""
    if "://" in staging:
        yield from _bucket(f"{staging}/{name}/doctor")
        return
    folder = Path(staging) / name
    if not folder.exists():
        yield Finding("staging", "ok", f"{folder} is made, for this user alone, by the first run")
        return
    open_ = [path for path in (folder, *folder.iterdir()) if not path.is_symlink() and path.stat().st_mode & 0o077]
    if open_:
        said = f"others may look into {len(open_):,} of its folders, such as {open_[0]}"
        yield Finding("staging", "fail", said, f"Run: chmod -R go-rwx {folder}")
    else:
        yield Finding("staging", "ok", f"{folder}: for this user alone (0700)")


def _bucket(address: str) -> Iterator[Finding]:
    """Write, read and delete, as runs and the purge do."""
    probe = Staging(address)
    try:
        probe.read_json(probe.write_json("probe.json", None))
        discard(address, is_staged, dry_run=False)
    except MemorializationError as error:
        yield _trouble("staging", error)
    else:
        yield Finding("staging", "ok", f"{address} can be written; who else may read it is the object store's to say")


def _existing(path: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
