"""Path, parameters and body of every call that the product makes are ones that the official SDK knows, field for field.

The bodies are those of real work against the twin, caught where they leave; the dated version sends the very same.
"""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import orjson
import pytest
from hubspot.crm import objects, pipelines, properties, schemas
from hubspot.crm.associations import v4 as associations
from hubspot.crm.associations.v4 import schema as association_schemas
from hubspot.crm.objects.rest import RESTClientObject

from memorialization.ports import Entity, NewRecord, WriteRow
from plugins.hubspot import provision
from plugins.hubspot.client import Client
from plugins.hubspot.records import HubSpotStore
from plugins.hubspot.versions import DATED
from tests.plugins.hubspot.conftest import as_v3

CONTACT, TICKET, NOTE = Entity("Contact", "0-1"), Entity("Ticket", "0-5"), Entity("Note", "0-46")
# SDK package and model of each body; OWN: the SDK has no module for the path (hubspot-api, section 1.1)
OWN = "own"
MODELS: dict[str, tuple[ModuleType, str] | str] = {
    r"POST /crm/v3/objects/[^/]+/batch/read": (objects, "BatchReadInputSimplePublicObjectId"),
    r"POST /crm/v3/objects/[^/]+/batch/update": (objects, "BatchInputSimplePublicObjectBatchInput"),
    r"POST /crm/v3/objects/[^/]+/batch/upsert": (objects, "BatchInputSimplePublicObjectBatchInputUpsert"),
    r"POST /crm/v3/objects/[^/]+/batch/create": (objects, "BatchInputSimplePublicObjectBatchInputForCreate"),
    r"POST /crm/v3/objects/[^/]+/batch/archive": (objects, "BatchInputSimplePublicObjectId"),
    r"POST /crm/v3/objects/[^/]+/search": (objects, "PublicObjectSearchRequest"),
    r"POST /crm/v4/associations/[^/]+/[^/]+/batch/read": (
        associations,
        "BatchInputPublicFetchAssociationsBatchRequest",
    ),
    r"POST /crm/v4/associations/[^/]+/[^/]+/batch/associate/default": (
        associations,
        "BatchInputPublicDefaultAssociationMultiPost",
    ),
    r"POST /crm/v3/properties/[^/]+": (properties, "PropertyCreate"),
    r"POST /crm/v3/properties/[^/]+/groups": (properties, "PropertyGroupCreate"),
    r"POST /oauth/v2/private-apps/get/access-token-info": OWN,
}

# calls beside the SDK, and the parameters they may have
BESIDE: dict[str, set[str]] = {
    r"POST /oauth/v2/private-apps/get/access-token-info": set(),
    r"GET /account-info/v3/details": set(),
    r"GET /crm/v3/property-validations/[^/]+": set(),
}
# parameters that HubSpot's guide has and the SDK has not
NEWER: dict[str, set[str]] = {r"GET /crm/v3/properties/[^/]+": {"dataSensitivity"}}


@dataclass
class Caught:
    """The requests that left: "METHOD /path" as v3 spells it, and the body as it stood on the wire."""

    requests: list[tuple[str, Any]] = field(default_factory=list)
    queries: list[tuple[str, set[str]]] = field(default_factory=list)  # the same calls, names of their parameters
    urls: list[str] = field(default_factory=list)

    @property
    def bodies(self) -> Iterator[tuple[str, Any]]:
        return ((call, body) for call, body in self.requests if body is not None)


@pytest.fixture
def caught(monkeypatch: pytest.MonkeyPatch) -> Caught:
    found = Caught()
    real = RESTClientObject.request

    def request(self: Any, method: str, url: str, **options: Any) -> Any:
        body = options.get("body")
        path = re.sub(r"https?://[^/]+", "", url)
        found.urls.append(path)
        found.queries.append((f"{method} {as_v3(path)}", {name for name, _ in options.get("query_params") or []}))
        found.requests.append((f"{method} {as_v3(path)}", None if body is None else orjson.loads(orjson.dumps(body))))
        return real(self, method, url, **options)

    monkeypatch.setattr(RESTClientObject, "request", request)
    return found


def _everything(client: Client, contact: str, ticket: str) -> None:
    """Every call that the product makes, as its own modules make it."""
    store = HubSpotStore(client)
    store.account()
    store.scopes()
    with pytest.raises(Exception, match="no record type"):
        store.entity("Spaceship")
    store.properties(TICKET)
    store.pipelines(TICKET)
    store.read(CONTACT, ["Ada@Example.com", "b@example.com"], ["email", "phone"], id_property="email")
    store.read(TICKET, [ticket, "404"], ["subject"])
    store.histories(TICKET, [ticket], ["subject"])
    store.search(CONTACT, {"email": ["ada@example.com", "x@example.com"], "phone": ["1"]}, ["email"])
    store.associated(TICKET, [ticket], CONTACT)
    store.associate(TICKET, [(ticket, contact)], CONTACT)
    fixed = {"hs_pipeline": "0", "hs_pipeline_stage": "1"}
    store.write(
        TICKET,
        [
            WriteRow("a", {"subject": "\u00e4 \U0001f600", "cxone_agent_name": ""}, record_id=ticket),
            WriteRow("b", {"subject": "new", **fixed}, key_property="cxone_contact_id", key_value="k"),
        ],
    )
    note = NewRecord("n", {"hs_note_body": "x", "hs_timestamp": "2026-11-22T10:00:00Z"}, contact)
    store.add(NOTE, [note], CONTACT)
    provision.ensure_group(client, TICKET, "made", "Made")
    definition = {
        "name": "made", "label": "Made", "type": "string", "fieldType": "text", "groupName": "made",
        "description": "by a test", "hasUniqueValue": True, "formField": False, "options": [],
    }  # fmt: skip
    assert provision.create_property(client, TICKET, definition) == "created"
    client.archive_property("0-5", "made")
    client.archived_properties("0-5")
    client.sensitive_properties("0-5")
    client.batch_archive("0-5", [ticket])


@pytest.fixture
def worked(twin: Any, caught: Caught) -> Caught:
    contact = twin.create("0-1", {"email": "ada@example.com"})
    ticket = twin.create("0-5", {"subject": "Case"})
    _everything(twin.client(), contact, ticket)
    dated = [url for url in caught.urls if DATED in url]
    apart = [url for url in caught.urls if DATED not in url and not url.startswith("/oauth/")]
    assert (dated == []) if twin.api_version == "v3" else (apart == [])
    return caught


def test_every_body_is_one_of_the_sdks_models_field_for_field(worked: Caught) -> None:
    checked = set()
    for call, body in worked.bodies:
        pattern = next((p for p in MODELS if re.fullmatch(p, call)), None)
        assert pattern is not None, f"{call} sends a body that no model is named for"
        checked.add(pattern)
        model = MODELS[pattern]
        if isinstance(body, dict) and "sorts" in body:  # the SDK says strings, HubSpot's guide objects (section 2.5)
            assert body.pop("sorts") == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        if not isinstance(model, str):
            assert _through(*model, body) == body, call
    assert checked == set(MODELS), "a model that no call was checked against"


def _through(package: Any, model: str, body: Any) -> Any:
    """The body as the SDK's model holds it: what the model does not know is gone, what it requires must be there."""
    configuration = package.Configuration()
    configuration.client_side_validation = True
    api = package.ApiClient(configuration)
    return api.sanitize_for_serialization(api.deserialize(SimpleNamespace(data=orjson.dumps(body).decode()), model))


def test_every_call_of_the_client_is_checked(twin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A method that is added to the client must be added to `_everything`."""
    calls = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")}
    made = set()
    for name in calls:
        real = getattr(Client, name)

        def noted(*args: Any, _name: str = name, _real: Any = real, **options: Any) -> Any:
            made.add(_name)
            return _real(*args, **options)

        monkeypatch.setattr(Client, name, noted)
    contact, ticket = twin.create("0-1", {"email": "ada@example.com"}), twin.create("0-5", {"subject": "Case"})
    _everything(twin.client(), contact, ticket)
    assert calls - made == {"usage"}  # which asks nobody


def _known() -> dict[str, set[str]]:
    """The SDK's own calls: "METHOD /path" as a pattern -> names of the query parameters it knows."""
    calls = {}
    for package in (objects, properties, associations, association_schemas, pipelines, schemas):
        for _, api in inspect.getmembers(package, inspect.isclass):
            for name, method in inspect.getmembers(api, inspect.isfunction):
                if name.endswith("_with_http_info"):
                    source = inspect.getsource(method)
                    path, verb = re.findall(r'call_api\(\s*"([^"]+)",\s*"([A-Z]+)"', source)[0]
                    pattern = f"{verb} {re.sub(r'{[^}]+}', '[^/]+', path)}"
                    calls[pattern] = set(re.findall(r'query_params\.append\(\("(\w+)"', source))
    return calls


def test_every_path_and_parameter_is_one_that_the_sdk_knows(worked: Caught) -> None:
    known = _known() | BESIDE
    used, newer = set(), {}
    for call, names in worked.queries:
        matching = [pattern for pattern in known if re.fullmatch(pattern, call)]
        assert matching, f"{call} is no call of the SDK's"
        used.update(matching)
        if beyond := names - set().union(*(known[pattern] for pattern in matching)):
            newer[matching[0]] = beyond
    assert newer == NEWER
    assert BESIDE.keys() <= used, "an exception that no call needs"


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("BatchInputSimplePublicObjectBatchInput", {"inputs": [{"id": "1"}]}),
        ("BatchInputSimplePublicObjectBatchInputUpsert", {"inputs": [{"properties": {}}]}),
        ("BatchReadInputSimplePublicObjectId", {"inputs": [], "properties": []}),
    ],
)
def test_a_required_field_that_is_absent_is_found(model: str, body: Any) -> None:
    with pytest.raises(ValueError, match="must not be `None`"):
        _through(objects, model, body)


def test_a_field_that_the_model_does_not_know_is_found() -> None:
    body = {"inputs": [{"id": "1", "properties": {}, "objectWriteTrace": "misspelled"}]}
    assert _through(objects, "BatchInputSimplePublicObjectBatchInput", body) != body
