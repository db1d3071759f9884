"""`hubspot` is the official SDK, and it works with the installed urllib3 (hubspot-api, section 1.2)."""

from pathlib import Path

import hubspot
from hubspot import HubSpot


def test_hubspot_is_the_sdk_in_site_packages():
    assert "site-packages" in Path(hubspot.__file__).parts
    assert HubSpot(access_token="x").access_token == "x"


def test_the_sdk_reads_an_answer_with_the_installed_urllib3(twin):
    record_id = twin.create("0-1", {"email": "ada@example.com"})
    sdk = HubSpot(access_token="pat-eu1-acme-demo", host=twin.url)
    contact = sdk.crm.objects.basic_api.get_by_id("contacts", record_id, properties=["email"])
    assert contact.properties["email"] == "ada@example.com"
