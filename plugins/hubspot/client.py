"""Every call to HubSpot leaves through `Client._send`: limited, timed out, counted, retried and translated.

The official SDK builds the requests; its answers are taken raw, because it turns unknown 2xx into None and
hides a 207's errors (hubspot-api, section 1.2). One ApiClient, and so one connection pool, serves all of the
SDK's packages. A call that may have been carried out although its answer never came is repeated where nobody can
suffer from it; values and new records are not sent again without a new look (`batch_update`, `batch_upsert`,
`batch_create`), for a person may have changed them in between.
"""

import json
import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from hubspot import HubSpot
from hubspot.crm.objects import ApiClient, Configuration
from hubspot.crm.objects.exceptions import ApiException
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from urllib3 import HTTPResponse, Retry
from urllib3.exceptions import HTTPError

from memorialization.clock import ahead
from memorialization.errors import ContractBroken, QuotaExhausted
from memorialization.logs import about
from memorialization.ports import Usage
from plugins.hubspot import failures
from plugins.hubspot.failures import Failure
from plugins.hubspot.limits import Call, Limits, told
from plugins.hubspot.versions import DATED, DatedRest

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
    correlation_id: str | None = None  # of the call: the errors of a 207 carry none (hubspot-api, section 2.2)

    @property
    def results(self) -> list[Body]:
        results: list[Body] = self.body.get("results") or []
        return results

    @property
    def errors(self) -> list[Body]:
        errors: list[Body] = self.body.get("errors") or []
        known = {} if self.correlation_id is None else {"correlationId": self.correlation_id}
        return [known | error if isinstance(error, dict) else error for error in errors]


class _Failed(Exception):
    """A failed try, on its way to the retry; never leaves this module."""

    def __init__(self, failure: Failure) -> None:
        super().__init__()
        self.failure = failure


def _say_again(state: RetryCallState) -> None:
    trouble = state.outcome.exception() if state.outcome else None
    if isinstance(trouble, _Failed) and state.next_action:
        error, wait = trouble.failure.error, state.next_action.sleep
        with about(correlation_id=error.correlation_id):
            log.warning("%s Try %d in %.1f s.", error, state.attempt_number + 1, wait)


class Client:
    """The calls of HubSpot that the product makes; safe to share between threads.

    Each method raises only errors of `memorialization.errors`. `pace` is how many seconds a second of waiting
    before a retry lasts, `tries` how often a call is made at most.
    """

    def __init__(
        self,
        token: str,
        *,
        host: str,
        api_version: str = "v3",
        limits: Limits | None = None,
        pace: float = 1.0,
        tries: int = TRIES,
    ) -> None:
        configuration = Configuration(host=host)
        configuration.access_token = token
        # urllib3 neither repeats nor follows: a redirect would carry the token to another host.
        configuration.retries = Retry(total=0, redirect=False)
        configuration.connection_pool_maxsize = 2 * THREADS
        api = ApiClient(configuration)
        api.user_agent = "memorialize (hubspot-api-client)"
        api.set_default_header("Accept-Encoding", "gzip")
        self.api_version = api_version
        if api_version == DATED:
            api.rest_client = DatedRest(configuration)
        self._api = api
        # The SDK would make a new pool at each access of an attribute.
        self._sdk = HubSpot(api_factory=lambda package, name, _: getattr(package, name)(api_client=api))
        self._token = token
        self._limits = limits or Limits()
        self._pace = pace
        self._tries = tries
        self.clock_ahead: float | None = None  # of the last answer, see memorialization.clock
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._throttled = 0
        self._waited = 0.0

    def batch_read(self, type_id: str, body: Body) -> Answer:
        body = {"properties": [], "propertiesWithHistory": []} | body  # both are required, empty or not
        return self._send("batch/read", self._sdk.crm.objects.batch_api.read, type_id, body, statuses=(200, 207))

    def batch_update(self, type_id: str, inputs: list[Body]) -> Answer:
        """Not repeated after an answer that never came: a person's edit since would be overwritten."""
        call, body = self._sdk.crm.objects.batch_api.update, {"inputs": inputs}
        return self._send("batch/update", call, type_id, body, statuses=(200, 207), repeatable=False)

    def batch_upsert(self, type_id: str, inputs: list[Body]) -> Answer:
        """Likewise."""
        call, body = self._sdk.crm.objects.batch_api.upsert, {"inputs": inputs}
        return self._send("batch/upsert", call, type_id, body, statuses=(200, 207), repeatable=False)

    def search(self, type_id: str, body: Body) -> Answer:
        return self._send("search", self._sdk.crm.objects.search_api.do_search, type_id, body)

    def associations(self, source: str, target: str, inputs: list[Body]) -> Answer:
        call = self._sdk.crm.associations.v4.batch_api.get_page
        return self._send("associations/batch/read", call, source, target, {"inputs": inputs}, statuses=(200, 207))

    def batch_create(self, type_id: str, inputs: list[Body]) -> Answer:
        """Not repeated after an answer that never came: it would make a second record."""
        call = self._sdk.crm.objects.batch_api.create
        body = {"inputs": inputs}
        return self._send("batch/create", call, type_id, body, statuses=(201, 207), repeatable=False)

    def associate(self, source: str, target: str, inputs: list[Body]) -> Answer:
        """By the default type; an association that is there already is no error."""
        call = self._sdk.crm.associations.v4.batch_api.create_default
        known = (200, 201, 207)
        return self._send(
            "associations/batch/associate/default", call, source, target, {"inputs": inputs}, statuses=known
        )

    def association_labels(self, source: str, target: str) -> Answer:
        return self._send("associations/labels", self._raw("GET", f"/crm/v4/associations/{source}/{target}/labels"))

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
        answer = self._send("account-info", self._raw("GET", "/account-info/v3/details"))
        if isinstance(zone := answer.body.get("timeZone"), str):
            self._limits.keep_zone(zone)  # the day of the quota ends at this zone's midnight
        return answer

    def token_info(self) -> Answer:
        path = "/oauth/v2/private-apps/get/access-token-info"
        return self._send("access-token-info", self._raw("POST", path, {"tokenKey": self._token}))

    def usage(self) -> Usage:
        """Calls include every retry, for each counts against the quota."""
        limit, remaining = self._limits.daily or (None, None)
        with self._lock:
            return Usage(dict(self._calls), self._throttled, limit, remaining, self._limits.per_second, self._waited)

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
        repeatable: bool = True,
    ) -> Answer:
        def again(error: BaseException) -> bool:
            failure = error.failure if isinstance(error, _Failed) else None
            return failure is not None and failure.again and (repeatable or failure.undone)

        retrying = Retrying(
            stop=stop_after_attempt(self._tries),
            retry=retry_if_exception(again),
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
        asked = time.monotonic()
        with self._limits.call(search=endpoint == "search") as granted:
            with self._lock:
                self._calls[endpoint] += 1
                self._waited += time.monotonic() - asked
            status, raw, correlation_id, failure = self._exchange(endpoint, call, arguments, granted)
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
        return Answer(status == 207, body, correlation_id)

    def _exchange(
        self, endpoint: str, call: Callable[..., HTTPResponse], arguments: tuple[object, ...], granted: Call
    ) -> tuple[int, bytes, str | None, Failure | None]:
        """Status, body and correlation id of a 2xx, or what went wrong; here alone the SDK's exceptions end."""
        try:
            response = call(*arguments, _preload_content=False, _request_timeout=TIMEOUT)
            status, raw, headers = response.status, response.data, response.headers
        except ApiException as error:
            if not error.status:
                return 0, b"", None, failures.broken_connection(endpoint, error)
            status, raw, headers = error.status, error.body, error.headers
        except (HTTPError, OSError, UnicodeDecodeError) as error:
            return 0, b"", None, failures.broken_connection(endpoint, error)
        self._learn(headers, granted)
        if 200 <= status < 300:
            return status, raw, headers.get("X-HubSpot-Correlation-Id") if headers else None, None
        with self._lock:
            self._throttled += status == 429
        failure = failures.refusal(endpoint, status, raw, headers, self._limits.zone)
        if isinstance(failure.error, QuotaExhausted):
            self._limits.day_is_over()
        return status, b"", None, failure

    def _learn(self, headers: Any, granted: Call) -> None:
        self.clock_ahead = ahead((headers or {}).get("Date"))
        said = told(headers)
        granted.learn(said)
        if said.daily is not None and said.daily_remaining is not None:
            self._limits.keep_day(said.daily, said.daily_remaining)

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = error.failure.wait if isinstance(error, _Failed) else None
        seconds = told if told is not None else 2.0 ** (state.attempt_number - 1)
        jitter = random.uniform(1.0, 1.25)  # noqa: S311 - no secret; only upwards: what HubSpot told is a minimum
        return self._pace * seconds * jitter


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except ValueError:
        # A text cut inside a surrogate pair is JSON to HubSpot but not to orjson; the half becomes "?".
        lenient = json.dumps(json.loads(raw), ensure_ascii=False).encode("utf-8", "replace")
        return orjson.loads(lenient)
