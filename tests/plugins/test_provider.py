import importlib
from typing import Any

import pytest

from plugins.provider import get_provider_info

TYPES = {t["connection-type"]: t for t in get_provider_info()["connection-types"]}


def test_the_two_connection_types() -> None:
    assert set(TYPES) == {"hubspot_memorialization", "cxone"}


@pytest.mark.slow
@pytest.mark.parametrize("name", TYPES)
def test_each_type_names_a_hook_that_says_the_same(name: str) -> None:
    module, _, hook_name = TYPES[name]["hook-class-name"].rpartition(".")
    hook = getattr(importlib.import_module(module), hook_name)
    assert (hook.conn_type, hook.hook_name) == (name, TYPES[name]["hook-name"])
    assert callable(hook.test_connection)


@pytest.mark.parametrize(
    ("name", "fields"),
    [("hubspot_memorialization", {"api_version"}), ("cxone", {"address_secret", "api_endpoint", "area", "tenant_id"})],
)
def test_the_form_shows_the_extras_and_hides_the_raw_ones(name: str, fields: set[str]) -> None:
    shown: dict[str, Any] = TYPES[name]["conn-fields"]
    assert set(shown) == fields
    assert all("null" in field["schema"]["type"] for field in shown.values()), "every extra may be left empty"
    assert "extra" in TYPES[name]["ui-field-behaviour"]["hidden-fields"]


def test_no_field_of_the_form_holds_a_secret_by_default() -> None:
    for kind in TYPES.values():
        assert "password" not in kind["ui-field-behaviour"].get("hidden-fields", [])
        assert not [f for f in kind["conn-fields"].values() if f["schema"].get("default") not in (None, "v3")]
