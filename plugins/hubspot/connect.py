"""A connection's fields become a store, or a ConfigurationError that names the field and never the token.

The same function serves Airflow's hook and the command line.
"""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from memorialization.errors import ConfigurationError
from plugins.hubspot.client import VERSIONS, Client
from plugins.hubspot.records import HubSpotStore

HOST = "https://api.hubapi.com"


def store_from(host: str | None, password: str | None, extras: Mapping[str, object]) -> HubSpotStore:
    """A store over the client of `client_from`."""
    return HubSpotStore(client_from(host, password, extras))


def client_from(host: str | None, password: str | None, extras: Mapping[str, object]) -> Client:
    """A client with the token `password`; `host` is a base URL, HubSpot's own where empty.

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
    return Client(token, host=_base_url(host or HOST), api_version=str(version))


def _base_url(host: str) -> str:
    url = host.strip() if "://" in host else f"https://{host.strip()}"
    try:
        parts = urlsplit(url)
        wrong = parts.port == 0 or parts.path not in ("", "/") or "@" in parts.netloc
    except ValueError:  # a port that is no number, or half an IPv6 address
        wrong = True
    if wrong or not parts.hostname or parts.query or parts.fragment:
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
