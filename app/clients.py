"""The two clients of a configuration by themselves, for verbs that need no run and no ledger."""

from typing import TYPE_CHECKING

from app.connections import connection

if TYPE_CHECKING:
    from plugins.cxone.lookups import Lookups
    from plugins.hubspot.client import Client


def hubspot_client(name: str) -> "Client":
    """HubSpot's client over the connection `hubspot_<name>`; nothing is asked yet."""
    from plugins.hubspot.connect import client_from

    found = connection(f"hubspot_{name}")
    return client_from(found.base_url, found.password, found.extras)


def cxone_lookups(name: str) -> "Lookups":
    """Names behind CXone's ids over the connection `cxone_<name>`; each list is asked for at its first use."""
    from plugins.cxone.client import client_from
    from plugins.cxone.lookups import Lookups

    found = connection(f"cxone_{name}")
    return Lookups(client_from(found.base_url, found.login, found.password, found.extras))
