"""The Airflow connection type `cxone`; the only module here that imports Airflow.

The form's fields are declared in the provider's information (plugins/provider.py), as Airflow wants it
since 3.2.
"""

from functools import cached_property

from airflow.sdk import BaseHook

from memorialization.errors import MemorializationError
from plugins.cxone.client import CxoneClient, client_from


class CxoneHook(BaseHook):  # type: ignore[misc]
    """CXone by an access key: login = access key id, password = its secret, host = overrides the area.

    Extras: `area`, `tenant_id`, `api_version`, `api_endpoint` (see `client_from`); `address_secret` is the product's.

    :param cxone_conn_id: the connection to use.
    """

    conn_name_attr = "cxone_conn_id"
    default_conn_name = "cxone_default"
    conn_type = "cxone"
    hook_name = "NICE CXone"

    def __init__(self, cxone_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.cxone_conn_id = cxone_conn_id

    @cached_property
    def client(self) -> CxoneClient:
        """The client of the connection; nothing is asked of CXone yet."""
        connection = self.get_connection(self.cxone_conn_id)
        host = connection.host
        if host and connection.port and "://" not in host:
            host = f"{host}:{connection.port}"
        return client_from(host, connection.login, connection.password, connection.extra_dejson)

    def get_conn(self) -> CxoneClient:
        """The client, as every hook offers it."""
        return self.client

    def test_connection(self) -> tuple[bool, str]:
        """Logs in, finds the API and asks it the time."""
        try:
            self.client.server_time()
        except MemorializationError as error:
            return False, str(error)
        return True, f"CXone answers at {self.client.api_endpoint}"
