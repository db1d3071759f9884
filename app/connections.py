"""Resolves a connection by its id: `AIRFLOW_CONN_<ID>`, else a file of that name, else Airflow's; the same everywhere.

Neither the environment nor a file needs Airflow's import, so that the command line starts fast and works without it;
MEMORIALIZATION_CONNECTIONS names the files' folder, such as the one where a container's secrets are mounted. Within
Airflow, what is secret in them is masked in logs and rendered templates from then on, as Airflow does with its own.
"""

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from memorialization.errors import ConfigurationError

LEDGER = "memorialization_ledger"
FOLDER = "MEMORIALIZATION_CONNECTIONS"
_LEAST_SECRET = 32


@dataclass(frozen=True, slots=True)
class Connection:
    """What a client needs of a connection; repr never shows login, password or extras."""

    host: str | None = None
    login: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    schema: str | None = None
    port: int | None = None
    extras: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def base_url(self) -> str | None:
        """Host and port as a base URL; None where the host is empty."""
        if not self.host:
            return None
        return f"{self.host}:{self.port}" if self.port else self.host


def connection(name: str) -> Connection:
    """Raises ConfigurationError, saying how to define it, if there is no such connection."""
    variable = f"AIRFLOW_CONN_{name.upper()}"
    if raw := os.environ.get(variable):
        return _masked(_spelled(raw, variable), raw)
    file = Path(os.environ.get(FOLDER, os.devnull)) / name
    if file.is_file():
        raw = file.read_text(encoding="utf-8").strip()
        return _masked(_spelled(raw, str(file)), raw)
    return _from_airflow(name)


def _masked(found: Connection, raw: str) -> Connection:
    """Of the extras those whose names tell that they are secret; and the whole text as it stands there."""
    if "airflow.sdk" in sys.modules:
        from airflow.sdk.log import mask_secret

        for secret in (raw, found.password, found.extras):
            if secret:
                mask_secret(secret)
    return found


def _spelled(raw: str, where: str) -> Connection:
    try:
        if raw.lstrip().startswith("{"):
            data = json.loads(raw)
            extra = data.get("extra") or {}
            extras: Any = json.loads(extra) if isinstance(extra, str) else extra
            words = {part: data.get(part) for part in ("host", "login", "password", "schema")}
            port = data.get("port")
            if not isinstance(extras, dict) or not all(isinstance(w, str | None) for w in words.values()):
                raise ValueError("a field of another type")
            return Connection(**words, port=None if port is None else int(port), extras=extras)
        parts = urlsplit(raw)
        extras = dict(parse_qsl(parts.query))
        if "__extra__" in extras:
            extras = json.loads(extras["__extra__"])
        return Connection(
            host=unquote(parts.hostname) if parts.hostname else None,
            login=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            schema=unquote(parts.path.removeprefix("/")) or None,
            port=parts.port,
            extras=extras,
        )
    except (ValueError, TypeError, AttributeError):
        raise ConfigurationError(f"{where} is neither a connection URI nor JSON. See README, 'Going live'.") from None


def _from_airflow(name: str) -> Connection:
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowException

    try:
        found = BaseHook.get_connection(name)
    except (AirflowException, RuntimeError):  # not found, or no Airflow database to ask
        raise ConfigurationError(
            f"connection {name!r} is not defined. Add it in Airflow (Admin > Connections) or set "
            f"AIRFLOW_CONN_{name.upper()}. See README, 'Going live'."
        ) from None
    return Connection(
        host=found.host,
        login=found.login,
        password=found.password,
        schema=found.schema,
        port=found.port,
        extras=found.extra_dejson,
    )


def address_secret(cxone: Connection) -> str:
    """What keys the ledger's hashes of customers' addresses and values: an extra of CXone's connection; "" without it.

    It stands apart from the ledger, which holds the hashes. Raises ConfigurationError if it could be guessed.
    """
    secret = cxone.extras.get("address_secret") or ""
    if secret and (not isinstance(secret, str) or len(secret) < _LEAST_SECRET):
        raise ConfigurationError(
            f"the CXone connection's address_secret must be a text of {_LEAST_SECRET} characters at least. "
            "Make one: openssl rand -hex 32"
        )
    return secret


def ledger_url() -> str:
    """SQLAlchemy URL of the ledger. An extra `host` (a socket's folder) overrides the connection's host."""
    from sqlalchemy import URL

    found = connection(LEDGER)
    socket = found.extras.get("host")
    return URL.create(
        "postgresql+psycopg2",
        username=found.login,
        password=found.password,
        host=None if socket else found.host,
        port=found.port,
        database=found.schema or "ledger",
        query={"host": socket} if socket else {},
    ).render_as_string(hide_password=False)
