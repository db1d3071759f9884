"""A connection's fields become a store, or a ConfigurationError that names the field and never the token.

The same function serves Airflow's hook and the command line.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from memorialization.errors import ConfigurationError
from plugins.hubspot.client import TRIES, Client
from plugins.hubspot.limits import Limits
from plugins.hubspot.records import HubSpotStore
from plugins.hubspot.versions import VERSIONS
from plugins.hubspot.write import BATCH_BYTES

HOST = "https://api.hubapi.com"
_BASE: Final = re.compile(r"[a-z]+://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]+)?/?", re.IGNORECASE | re.ASCII)


def store_from(
    host: str | None, password: str | None, extras: Mapping[str, object], limits: Limits | None = None
) -> HubSpotStore:
    """A store over the client of `client_from`.

    `extras` may hold `batch_bytes`: the most that one write sends, for HubSpot publishes no limit (default 2,000,000).
    """
    client = client_from(host, password, extras, limits)
    most = str(extras.get("batch_bytes") or BATCH_BYTES)
    if not re.fullmatch(r"[0-9]{5,8}", most):
        raise ConfigurationError(
            "The HubSpot connection's batch_bytes must be a number of bytes from 10000 on, such as 2000000."
        )
    return HubSpotStore(client, batch_bytes=int(most))


def client_from(
    host: str | None,
    password: str | None,
    extras: Mapping[str, object],
    limits: Limits | None = None,
    *,
    tries: int = TRIES,
) -> Client:
    """A client with the token `password`; `host` is a base URL, HubSpot's own where empty.

    `limits` are those of the account, shared with its other processes; without them, this process's own.
    `extras` may hold `api_version`: "v3" (default) or "2026-09". Raises ConfigurationError.
    """
    token = (password or "").strip()
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ConfigurationError(
            "The HubSpot connection's password must be a private app token or service key: it is empty "
            "or holds characters that no token has."
        )
    version = extras.get("api_version") or "v3"
    if version not in VERSIONS:
        raise ConfigurationError(f"The HubSpot connection's api_version must be one of {', '.join(VERSIONS)}.")
    return Client(token, host=_base_url(host or HOST), api_version=str(version), limits=limits, tries=tries)


def _base_url(host: str) -> str:
    url = host.strip() if "://" in host else f"https://{host.strip()}"
    try:
        parts = urlsplit(url)
        wrong = parts.port == 0 or not _BASE.fullmatch(url)
    except ValueError:  # a port that is no number, or half an IPv6 address
        wrong = True
    if wrong or not parts.hostname:
        raise ConfigurationError("The HubSpot connection's host must be a base URL such as https://api.hubapi.com.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _loopback(parts.hostname)):
        raise ConfigurationError(
            "The HubSpot connection's host must use https, for the token travels with every call; "
            "http is allowed for this machine only."
        )
    return f"{parts.scheme}://{parts.netloc}"


def _loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
