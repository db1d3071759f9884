"""Every call to HubSpot leaves through `Client._send`: limited, timed out, counted, retried and translated.

The official SDK builds the requests; its answers are taken raw, because it turns unknown 2xx into None and
hides a 207's errors (hubspot-api, section 1.2). One ApiClient, and so one connection pool, serves all of the
SDK's packages. Every call offered here is idempotent (reads, updates by id, upserts by a unique property), so
that each may be repeated after an answer that never came.
"""

import json
import logging
import random
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from hubspot import HubSpot
from hubspot.crm.objects import ApiClient, Configuration
from hubspot.crm.objects.exceptions import ApiException
from hubspot.crm.objects.rest import RESTClientObject
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from urllib3 import HTTPResponse, Retry
from urllib3.exceptions import HTTPError

from memorialization.errors import ContractBroken
from memorialization.ports import Usage
from plugins.hubspot import failures
from plugins.hubspot.failures import Failure
from plugins.hubspot.limits import Limits

DATED = "2026-09"
VERSIONS = ("v3", DATED)
TIMEOUT = (5, 60)  # seconds to connect, seconds between two bytes
TRIES = 6
log = logging.getLogger(__name__)
THREADS = 4  # calls side by side

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON object of a 2xx; `partial` says it was a 207, whose `errors` must be read."""

    partial: bool
    body: Body

    @property
    def results(self) -> list[Body]:
        results: list[Body] = self.body.get("results") or []
        return results

    @property
    def errors(self) -> list[Body]:
        errors: list[Body] = self.body.get("errors") or []
        return errors


class _Failed(Exception):
    """A failed try, on its way to the retry; never leaves this module."""

    def __init__(self, failure: Failure) -> None:
        super().__init__()
        self.failure = failure


def _say_again(state: RetryCallState) -> None:
    trouble = state.outcome.exception() if state.outcome else None
    if isinstance(trouble, _Failed) and state.next_action:
        wait = state.next_action.sleep
        log.warning("%s Try %d in %.1f s.", trouble.failure.error, state.attempt_number + 1, wait)


class _DatedRest(RESTClientObject):  # type: ignore[misc]
    """The SDK's REST client, speaking the dated paths that the SDK does not know (hubspot-api, section 0)."""

    def request(self, method: str, url: str, **options: Any) -> HTTPResponse:
        response: HTTPResponse = super().request(method, dated(url), **options)
        return response


def dated(url: str) -> str:
    """The 2026-09 form of a v3 or v4 address; others are returned as they are."""
    url = re.sub(r"/crm/v[34]/([a-z-]+)", rf"/crm/\1/{DATED}", url, count=1)
    return re.sub(r"/(crm-object-schemas|account-info)/v3/", rf"/\1/{DATED}/", url, count=1)


class Client:
    """The calls of HubSpot that the product makes; safe to share between threads.

    Each method raises only errors of `memorialization.errors`. `pace` is how many seconds a second of waiting
    before a retry lasts.
    """

    def __init__(
        self,
        token: str,
        *,
        host: str,
        api_version: str = "v3",
        limits: Limits | None = None,
        pace: float = 1.0,
    ) -> None:
        configuration = Configuration(host=host)
        configuration.access_token = token
        # urllib3 neither repeats nor follows: a redirect would carry the token to another host.
        configuration.retries = Retry(total=0, redirect=False)
        configuration.connection_pool_maxsize = 2 * THREADS
        api = ApiClient(configuration)
        api.user_agent = "memorialize (hubspot-api-client)"
        api.set_default_header("Accept-Encoding", "gzip")
        if api_version == DATED:
            api.rest_client = _DatedRest(configuration)
        self._api = api
        # The SDK would make a new pool at each access of an attribute.
        self._sdk = HubSpot(api_factory=lambda package, name, _: getattr(package, name)(api_client=api))
        self._token = token
        self._limits = limits or Limits()
        self._pace = pace
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._throttled = 0
        self._daily: tuple[int | None, int | None] = (None, None)

    def batch_read(self, type_id: str, body: Body) -> Answer:
        return self._send("batch/read", self._sdk.crm.objects.batch_api.read, type_id, body, statuses=(200, 207))

    def batch_update(self, type_id: str, inputs: list[Body]) -> Answer:
        call = self._sdk.crm.objects.batch_api.update
        return self._send("batch/update", call, type_id, {"inputs": inputs}, statuses=(200, 207))

    def batch_upsert(self, type_id: str, inputs: list[Body]) -> Answer:
        call = self._sdk.crm.objects.batch_api.upsert
        return self._send("batch/upsert", call, type_id, {"inputs": inputs}, statuses=(200, 207))

    def search(self, type_id: str, body: Body) -> Answer:
        return self._send("search", self._sdk.crm.objects.search_api.do_search, type_id, body)

    def associations(self, source: str, target: str, inputs: list[Body]) -> Answer:
        call = self._sdk.crm.associations.v4.batch_api.get_page
        return self._send("associations/batch/read", call, source, target, {"inputs": inputs}, statuses=(200, 207))

    def batch_archive(self, type_id: str, ids: list[str]) -> Answer:
        """Archiving what is archived already is no error; the answer is empty."""
        inputs = {"inputs": [{"id": record_id} for record_id in ids]}
        return self._send("batch/archive", self._sdk.crm.objects.batch_api.archive, type_id, inputs, statuses=(204,))

    def properties(self, type_id: str) -> Answer:
        return self._send("properties", self._sdk.crm.properties.core_api.get_all, type_id)

    def archived_properties(self, type_id: str) -> Answer:
        query = [("archived", "true")]  # the SDK would send "True"
        return self._send("properties", partial(self._raw("GET", f"/crm/v3/properties/{type_id}"), query_params=query))

    def sensitive_properties(self, type_id: str) -> Answer:
        """Those that the plain list leaves out; refused with 403 without the scopes of sensitive data."""
        query = [("dataSensitivity", "sensitive")]
        return self._send("properties", partial(self._raw("GET", f"/crm/v3/properties/{type_id}"), query_params=query))

    def pipelines(self, type_id: str) -> Answer:
        return self._send("pipelines", self._raw("GET", f"/crm/v3/pipelines/{type_id}"))

    def create_property(self, type_id: str, body: Body) -> Answer:
        """Refused with 409 where the name is taken, also by an earlier try of the same call."""
        return self._send("properties/create", self._sdk.crm.properties.core_api.create, type_id, body, statuses=(201,))

    def archive_property(self, type_id: str, name: str) -> Answer:
        call = self._sdk.crm.properties.core_api.archive
        return self._send("properties/archive", call, type_id, name, statuses=(204,))

    def property_groups(self, type_id: str) -> Answer:
        return self._send("properties/groups", self._sdk.crm.properties.groups_api.get_all, type_id)

    def create_property_group(self, type_id: str, body: Body) -> Answer:
        """Refused with 409 where the name is taken."""
        call = self._sdk.crm.properties.groups_api.create
        return self._send("properties/groups/create", call, type_id, body, statuses=(201,))

    def validations(self, type_id: str) -> Answer:
        return self._send("property-validations", self._raw("GET", f"/crm/v3/property-validations/{type_id}"))

    def schemas(self) -> Answer:
        return self._send("schemas", self._sdk.crm.schemas.core_api.get_all)

    def account(self) -> Answer:
        return self._send("account-info", self._raw("GET", "/account-info/v3/details"))

    def token_info(self) -> Answer:
        path = "/oauth/v2/private-apps/get/access-token-info"
        return self._send("access-token-info", self._raw("POST", path, {"tokenKey": self._token}))

    def usage(self) -> Usage:
        """Calls include every retry, for each counts against the quota."""
        with self._lock:
            limit, remaining = self._daily
            return Usage(dict(self._calls), self._throttled, limit, remaining, self._limits.per_second)

    def _raw(self, method: str, path: str, body: Body | None = None) -> Callable[..., HTTPResponse]:
        """A path the SDK has no module for, still sent by the SDK's client."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return partial(self._api.call_api, path, method, header_params=headers, body=body, auth_settings=["oauth2"])

    def _send(
        self,
        endpoint: str,
        call: Callable[..., HTTPResponse],
        *arguments: object,
        statuses: tuple[int, ...] = (200,),
    ) -> Answer:
        retrying = Retrying(
            stop=stop_after_attempt(TRIES),
            retry=retry_if_exception(lambda error: isinstance(error, _Failed) and error.failure.again),
            wait=self._wait,
            before_sleep=_say_again,
            reraise=True,
        )
        try:
            return retrying(self._once, endpoint, call, arguments, statuses)
        except _Failed as failed:
            error = failed.failure.error
        raise error  # outside of `except`, so that no body travels along as its context

    def _once(
        self,
        endpoint: str,
        call: Callable[..., HTTPResponse],
        arguments: tuple[object, ...],
        statuses: tuple[int, ...],
    ) -> Answer:
        self._limits.take(search=endpoint == "search")
        with self._lock:
            self._calls[endpoint] += 1
        status, raw, failure = self._exchange(endpoint, call, arguments)
        body = None
        if failure is None and status not in statuses:
            raise ContractBroken(f"HubSpot answered {status} at {endpoint}, which its contract does not know.")
        if failure is None and status == 204:
            return Answer(False, {})
        if failure is None:
            try:
                body = _parsed(raw)
            except ValueError:
                failure = failures.not_json(endpoint)
        if failure is not None:
            raise _Failed(failure)
        if not isinstance(body, dict):
            raise ContractBroken(f"HubSpot answered {endpoint} with JSON that is no object.")
        return Answer(status == 207, body)

    def _exchange(
        self, endpoint: str, call: Callable[..., HTTPResponse], arguments: tuple[object, ...]
    ) -> tuple[int, bytes, Failure | None]:
        """Status and body of a 2xx, or what went wrong: the one place where the SDK's exceptions end."""
        try:
            response = call(*arguments, _preload_content=False, _request_timeout=TIMEOUT)
            self._learn(response.headers)
            return response.status, response.data, None
        except ApiException as error:
            if not error.status:
                return 0, b"", failures.broken_connection(endpoint, error)
            self._learn(error.headers)
            with self._lock:
                self._throttled += error.status == 429
            return error.status, b"", failures.refusal(endpoint, error.status, error.body, error.headers)
        except (HTTPError, OSError, UnicodeDecodeError) as error:
            return 0, b"", failures.broken_connection(endpoint, error)

    def _learn(self, headers: Any) -> None:
        found = {name: _integer((headers or {}).get(f"X-HubSpot-RateLimit-{name}")) for name in _FAMILY}
        if found["Max"]:
            self._limits.learn(found["Max"], (found["Interval-Milliseconds"] or 10_000) / 1_000)
        if found["Daily"] is not None:
            with self._lock:
                self._daily = (found["Daily"], found["Daily-Remaining"])

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = error.failure.wait if isinstance(error, _Failed) else None
        seconds = told if told is not None else 2.0 ** (state.attempt_number - 1)
        jitter = random.uniform(1.0, 1.25)  # noqa: S311 - no secret; only upwards: what HubSpot told is a minimum
        return self._pace * seconds * jitter


_FAMILY = ("Max", "Interval-Milliseconds", "Daily", "Daily-Remaining")


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except ValueError:
        # A text cut inside a surrogate pair is JSON to HubSpot but not to orjson; the half becomes "?".
        lenient = json.dumps(json.loads(raw), ensure_ascii=False).encode("utf-8", "replace")
        return orjson.loads(lenient)


def _integer(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
