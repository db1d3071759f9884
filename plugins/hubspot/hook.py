"""Airflow's way to a `HubSpotStore`: the connection type, its test and nothing of HubSpot itself."""

from functools import cached_property

from airflow.sdk import BaseHook

from memorialization.errors import MemorializationError
from plugins.hubspot.connect import store_from
from plugins.hubspot.records import HubSpotStore


class HubSpotHook(BaseHook):  # type: ignore[misc]
    """Password: private app token or service key. Host: base URL, empty for HubSpot's. Extra: `api_version`.

    :param hubspot_conn_id: the Airflow connection, of type `hubspot_memorialization`
    """

    conn_name_attr = "hubspot_conn_id"
    default_conn_name = "hubspot_default"
    conn_type = "hubspot_memorialization"  # "hubspot" would collide with other packages' connection types
    hook_name = "HubSpot (memorialization)"

    def __init__(self, hubspot_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.hubspot_conn_id = hubspot_conn_id

    @cached_property
    def store(self) -> HubSpotStore:
        """The records of the connection's account; raises ConfigurationError."""
        connection = self.get_connection(self.hubspot_conn_id)
        host = connection.host
        if host and connection.port:
            host = f"{host}:{connection.port}"
        return store_from(host, connection.password, connection.extra_dejson)

    def get_conn(self) -> HubSpotStore:
        return self.store

    def test_connection(self) -> tuple[bool, str]:
        """Names the account and the token's scopes, never the token."""
        try:
            account = self.store.account()
            scopes = self.store.scopes()
        except MemorializationError as error:
            return False, str(error)
        granted = ", ".join(sorted(scopes)) if scopes else "not told by HubSpot"
        return (
            True,
            f"Account {account.portal_id} ({account.ui_domain}, {account.time_zone}). Scopes: {granted}.",
        )
