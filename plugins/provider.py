"""What Airflow is told of this distribution: its connection types, with forms and tests.

Airflow refuses to start when `package-name` differs from the distribution's name (a law tests it).
"""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """The provider's information, as Airflow's `apache_airflow_provider` entry point wants it."""
    return {
        "package-name": "memorialize",
        "name": "Memorialize",
        "description": "CXone and HubSpot connections of the memorialization pipeline",
        "connection-types": [
            {
                "connection-type": "hubspot_memorialization",
                "hook-class-name": "plugins.hubspot.hook.HubSpotHook",
                "hook-name": "HubSpot (memorialization)",
                "conn-fields": {
                    "api_version": {
                        "label": "API version",
                        "description": "v3, or 2026-09 for HubSpot's dated paths",
                        "schema": {"type": ["string", "null"], "enum": ["v3", "2026-09"], "default": "v3"},
                    }
                },
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "login", "extra"],
                    "relabeling": {"password": "Private app token or service key", "host": "Base URL"},
                    "placeholders": {"host": "https://api.hubapi.com", "password": "pat-eu1-..."},
                },
            },
            {
                "connection-type": "cxone",
                "hook-class-name": "plugins.cxone.hook.CxoneHook",
                "hook-name": "NICE CXone",
                "conn-fields": {
                    "area": {
                        "label": "Area",
                        "description": "na1, eu1, au1, uk1, jp1, ca1",
                        "schema": {"type": ["string", "null"]},
                    },
                    "tenant_id": {
                        "label": "Tenant id",
                        "description": "GUID; finds the tenant's API host",
                        "schema": {"type": ["string", "null"]},
                    },
                    "api_endpoint": {
                        "label": "API endpoint",
                        "description": "skips discovery, as https://api-na1.niceincontact.com",
                        "schema": {"type": ["string", "null"]},
                    },
                    "address_secret": {
                        "label": "Address secret",
                        "description": "32 characters or more, kept for ever: keys the ledger's hashes; decisions "
                        "about parked targets are then kept for the customer's next interactions",
                        "schema": {"type": ["string", "null"], "format": "password"},
                    },
                },
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "extra"],
                    "relabeling": {
                        "login": "Access key id",
                        "password": "Access key secret",
                        "host": "Base URL (overrides the area)",
                    },
                    "placeholders": {"login": "access key id"},
                },
            },
        ],
    }
