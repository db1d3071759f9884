"""The two clients of a configuration by themselves, for verbs that need no run and no ledger; and their limits."""

from functools import lru_cache
from typing import TYPE_CHECKING

from app.connections import connection, ledger_url

if TYPE_CHECKING:
    from memorialization.configuration import Configuration
    from plugins.cxone.client import CxoneClient
    from plugins.cxone.lookups import Lookups
    from plugins.hubspot.client import Client
    from plugins.hubspot.limits import Limits


def hubspot_client(name: str) -> "Client":
    """HubSpot's client over the connection `hubspot_<name>`; nothing is asked yet."""
    from plugins.hubspot.connect import client_from

    found = connection(f"hubspot_{name}")
    return client_from(found.base_url, found.password, found.extras)


def hubspot_limits(configuration: "Configuration") -> "Limits":
    """The limits of the configuration's HubSpot account, shared through the ledger; nothing is asked yet."""
    crm = configuration.crm
    return _limits(ledger_url(), f"hubspot:{crm.account_id}", crm.quota.share)


@lru_cache(maxsize=1)
def _limits(url: str, account: str, reserve: float) -> "Limits":
    """The same for all steps of a run in one process: one connection to the database, and leases are used up."""
    from memorialization.ledger.quota import Quota
    from plugins.hubspot.limits import Limits

    return Limits(Quota(url, account), reserve=reserve)


def cxone_client(name: str) -> "CxoneClient":
    """CXone's client over the connection `cxone_<name>`; nothing is asked yet."""
    from plugins.cxone.client import client_from

    found = connection(f"cxone_{name}")
    return client_from(found.base_url, found.login, found.password, found.extras)


def cxone_lookups(name: str) -> "Lookups":
    """Names behind CXone's ids over the connection `cxone_<name>`; each list is asked for at its first use."""
    from plugins.cxone.lookups import Lookups

    return Lookups(cxone_client(name))
