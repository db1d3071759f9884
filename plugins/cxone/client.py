"""One CXone tenant over HTTP: an answer is parsed JSON or None, a failure one of `memorialization.errors`.

The token is shared by all threads and goes only to the token host and to the API endpoint that discovery
names; redirects are never followed, and no message holds a body, a query or a token.
Facts: cxone-api, sections 2 (token, discovery), 3 (Accept, 204) and 6 (limits, errors).
"""

import json
import logging
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from ipaddress import ip_address
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx
import orjson
from pyrate_limiter import Duration, InMemoryBucket, Limiter, Rate, SingleBucketFactory
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from memorialization.clock import ahead
from memorialization.errors import (
    AuthenticationError,
    ConfigurationError,
    ContractBroken,
    MemorializationError,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    ServiceUnavailable,
)
from plugins.cxone.fields import count_of, rows_of, text_of

log = logging.getLogger(__name__)

Params = Mapping[str, str | int | list[str]]

DISCOVERY_HOST: Final = "https://cxone.niceincontact.com"
API_VERSION: Final = "30.0"
TRIES: Final = 6
CASE_READS: Final = Rate(120_000, Duration.HOUR)  # of a tenant (cxone-api, section 6)
_ACD: Final = "/incontactapi/services/v{version}/"
_DFO: Final = "/dfo/3.0/"
_LONGEST_RETRY_AFTER: Final = 300.0
_ADMIN_PAGE: Final = 100
_SAY_AGAIN: Final = 60.0
_CASE_READ: Final = re.compile(r"contacts/[^/]+(/messages)?|messages/[^/]+")
_BASE: Final = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]+)?/?", re.IGNORECASE | re.ASCII)


class _Again(Exception):
    """Carries what a further try may cure, and how long the service asked to wait."""

    def __init__(self, error: MemorializationError, wait: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.wait = wait


class CxoneClient:
    """Reads one tenant; safe to share between threads; close it or use it as a context manager.

    `base_url` issues tokens (https://{area}.nice-incontact.com); `discovery_url` tells the API endpoint,
    unless `api_endpoint` is given. `first_wait` (seconds) doubles with every try up to `max_wait`. Reads of cases and
    their messages wait until `case_reads` permits them. Raises ConfigurationError for a URL that is not https, unless
    it is a loopback address.
    """

    def __init__(
        self,
        base_url: str,
        access_key_id: str,
        access_key_secret: str,
        *,
        discovery_url: str | None = None,
        api_endpoint: str | None = None,
        tenant_id: str | None = None,
        api_version: str = API_VERSION,
        tries: int = TRIES,
        first_wait: float = 5.0,
        max_wait: float = 60.0,
        timeout: float = 120.0,
        case_reads: Rate = CASE_READS,
    ) -> None:
        if not access_key_id or not access_key_secret:
            raise ConfigurationError("the CXone connection needs an access key id (login) and its secret (password)")
        self._base_url = _safe_url(base_url)
        self._discovery_url = _safe_url(discovery_url or base_url)
        self._given_endpoint = _safe_url(api_endpoint) if api_endpoint else None
        self._key = {"accessKeyId": access_key_id, "accessKeySecret": access_key_secret}
        self._tenant_id = tenant_id
        self.api_version = api_version
        self._tries, self._first_wait, self._max_wait = tries, first_wait, max_wait
        self._lock = threading.Lock()
        # without its thread that forgets old reads, which never ends: an hour's take ten megabytes
        self._case_reads = Limiter(SingleBucketFactory(InMemoryBucket([case_reads]), schedule_leak=False))
        self._waiting_said = float("-inf")
        self._token = ""
        self._renew_at = 0.0
        self.clock_ahead: float | None = None  # of the last answer, see memorialization.clock
        self._http = httpx.Client(
            verify=_trusted(),
            timeout=httpx.Timeout(timeout, connect=15.0),
            follow_redirects=False,
            headers={"Accept": "application/json"},
            # a proxy from the environment must not carry loopback traffic, nor see its token
            trust_env=not _is_loopback(self._base_url),
            # servers commonly drop idle connections after 5 s: let go of them before that
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=3.0),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections; the client is of no use afterwards."""
        self._http.close()

    @cached_property
    def api_endpoint(self) -> str:
        """Base of all API calls, without a trailing slash (cxone-api, section 2.4)."""
        if self._given_endpoint:
            return self._given_endpoint
        query = {"tenantId": self._tenant_id} if self._tenant_id else {}
        # without a tenant id the area host wants to know who asks; with one the question is public
        found = self._get(f"{self._discovery_url}/.well-known/cxone-configuration", query, bearer=not self._tenant_id)
        if not isinstance(found, dict):
            raise ContractBroken("CXone discovery answered no JSON object; set api_endpoint in the connection")
        endpoint = found.get("api_endpoint")
        if not endpoint and found.get("area") and found.get("domain"):
            endpoint = f"https://api-{found['area']}.{found['domain']}"
        if not isinstance(endpoint, str) or not endpoint:
            raise ContractBroken("CXone discovery names no api_endpoint; set it in the connection")
        return _safe_url(endpoint)

    def server_time(self) -> datetime:
        """CXone's own clock, UTC; this machine's if it does not tell."""
        told = text_of(self.acd("server-time", missing_ok=True) or {}, "ServerTime", "serverTime")
        try:
            return datetime.fromisoformat(told or "").astimezone(UTC)
        except ValueError:
            return datetime.now(UTC)

    def acd(
        self, path: str, params: Params | None = None, *, missing_ok: bool = False, rows_under: str | None = None
    ) -> Any:
        """GET of the reporting and admin API; None for 204, and for 404 where `missing_ok`.

        A list under the key `rows_under` must hold rows, or it is asked for again.
        """
        base = self.api_endpoint + _ACD.format(version=self.api_version)
        return self._get(base + path, params or {}, missing_ok=missing_ok, rows_under=rows_under)

    def dfo(self, path: str, params: Params | None = None, *, missing_ok: bool = False) -> Any:
        """GET of Digital Experience; None for 204, and for 404 where `missing_ok`."""
        if _CASE_READ.fullmatch(path):
            self._await_case_read()
        return self._get(self.api_endpoint + _DFO + path, params or {}, missing_ok=missing_ok)

    def _await_case_read(self) -> None:
        if self._case_reads.try_acquire("case", blocking=False):
            return
        if time.monotonic() > self._waiting_said + _SAY_AGAIN:
            self._waiting_said = time.monotonic()
            log.info("CXone's limit for reads of cases is reached: they wait until it permits more")
        self._case_reads.try_acquire("case")

    def acd_pages(
        self, path: str, key: str, params: Params | None = None, *, top: int = _ADMIN_PAGE
    ) -> Iterator[tuple[list[Any], Mapping[str, Any]]]:
        """Pages of a skip/top list as (rows, envelope), until 204, an empty page or `totalRecords`.

        A page shorter than `top` is no end: the service may cap pages lower than asked. Nor is one without rows
        before `totalRecords`: it is asked for again, and ServiceUnavailable if it stays so.
        """
        skip, previous, total = 0, list[Any](), None
        while True:
            asked = {**(params or {}), "skip": skip, "top": top}
            body = self.acd(path, asked, rows_under=None if total is None else key)
            if body is None:
                return
            rows, envelope = rows_of(body, key, path)
            if not rows or rows == previous:  # an unpaged list repeats itself whatever `skip` says
                return
            yield rows, envelope
            # a page that repeats its predecessor's last row may be longer than asked: that row is no progress
            skip, previous = skip + min(len(rows), top), rows
            total = count_of(envelope, "totalRecords")
            if total is not None and skip >= total:
                return

    def _get(
        self,
        url: str,
        params: Params,
        *,
        bearer: bool = True,
        missing_ok: bool = False,
        rows_under: str | None = None,
    ) -> Any:
        def once() -> Any:
            token = self._bearer() if bearer else None
            response = self._send("GET", url, params=params, token=token)
            if response.status_code == 401 and token:
                self._forget(token)
                response = self._send("GET", url, params=params, token=self._bearer())
            body = _parsed(response, missing_ok=missing_ok)
            if rows_under and (body is None or not rows_of(body, rows_under, _place(response))[0]):
                raise _Again(ServiceUnavailable(f"{_place(response)} gave no rows where more are due: run again"))
            return body

        return self._patiently(once)

    def _bearer(self) -> str:
        """A token good for at least the next minutes; whoever finds it old renews it for all."""
        with self._lock:
            if not self._token or time.monotonic() >= self._renew_at:
                self._log_in()
            return self._token

    def _forget(self, token: str) -> None:
        with self._lock:
            if self._token == token:  # else another thread has renewed it already
                self._token = ""

    def _log_in(self) -> None:
        url = f"{self._base_url}/authentication/v1/token/access-key"
        asked = time.monotonic()
        response = self._send("POST", url, body=self._key)
        if response.status_code in (400, 401, 403):
            raise AuthenticationError(
                f"CXone refused the access key (HTTP {response.status_code} from {_place(response)}): "
                "check the connection's login and password, and that the key is active"
            )
        answer = _parsed(response, missing_ok=False)
        try:
            token, life = str(answer["access_token"]), float(answer["expires_in"])
        except (KeyError, TypeError, ValueError):
            raise ContractBroken(f"{_place(response)} answered no access_token with expires_in") from None
        self._token = token
        self._renew_at = asked + life - min(300.0, life / 5)

    def _send(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        body: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            response = self._http.request(method, url, params=params, json=body, headers=headers)
        except httpx.HTTPError as trouble:
            place = f"{method} {urlsplit(url).path} at {urlsplit(url).hostname}"
            kind = type(trouble).__name__
            raise _Again(
                ServiceUnavailable(
                    f"CXone does not answer ({kind}, {place}): check the connection's host, then run again"
                )
            ) from None
        self.clock_ahead = ahead(response.headers.get("Date"))
        return response

    def _patiently(self, once: Callable[[], Any]) -> Any:
        retrying = Retrying(
            retry=retry_if_exception_type(_Again),
            stop=stop_after_attempt(self._tries),
            wait=self._pause,
            before_sleep=_say_again,
            reraise=True,
        )
        try:
            return retrying(once)
        except _Again as last:
            error = last.error
        raise error

    def _pause(self, state: RetryCallState) -> float:
        trouble = state.outcome.exception() if state.outcome else None
        if isinstance(trouble, _Again) and trouble.wait is not None:
            return trouble.wait
        return float(min(self._max_wait, self._first_wait * 2 ** (state.attempt_number - 1)))


def client_from(
    host: str | None, login: str | None, password: str | None, extras: Mapping[str, Any], *, tries: int = TRIES
) -> CxoneClient:
    """The client of a connection: `host` overrides token and discovery host, else the area names them.

    Extras: `area` (na1, eu1, ...), `tenant_id` (guid), `api_version` ("30.0"), `api_endpoint` (skips
    discovery). Raises ConfigurationError where they do not suffice.
    """
    tenant_id = extras.get("tenant_id") or None
    if host:
        base = discovery = _with_scheme(host)
    elif re.fullmatch(r"[a-z]{2,4}\d{1,2}", str(extras.get("area"))):
        base = f"https://{extras['area']}.nice-incontact.com"
        discovery = DISCOVERY_HOST if tenant_id else base
    else:
        raise ConfigurationError("the CXone connection needs the extra `area` (na1, eu1, ...) or a host")
    return CxoneClient(
        base,
        login or "",
        password or "",
        discovery_url=discovery,
        api_endpoint=extras.get("api_endpoint") or None,
        tenant_id=tenant_id,
        api_version=_version(extras.get("api_version") or API_VERSION),
        tries=tries,
    )


def _parsed(response: httpx.Response, *, missing_ok: bool) -> Any:
    status, place = response.status_code, _place(response)
    if status == 204 or (status == 404 and missing_ok):
        return None
    if status == 200:
        if "html" in response.headers.get("content-type", ""):
            raise _Again(ServiceUnavailable(f"{place} answered an HTML page"))
        return _json(response.content, place)
    what = f"{place} answered HTTP {status}{_description(response)}"
    if status == 429:
        raise _Again(RateLimited(f"{what}, too many calls: run fewer programs at a time"), _retry_after(response))
    if status == 408 or status >= 500:
        raise _Again(ServiceUnavailable(what), _retry_after(response))
    if status == 401:
        raise AuthenticationError(f"{what} to a fresh token: check that the access key's user is active")
    if status == 403:
        raise PermissionMissing(f"{what}: grant the access key's user the permission")
    if 400 <= status < 500:
        raise RequestRefused(what)
    raise ContractBroken(f"{what}, which its contract does not know (redirects are not followed)")


def _json(content: bytes, place: str) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass
    try:  # a body cut inside an emoji holds half a surrogate pair, which only the standard library reads
        whole = json.dumps(json.loads(content), ensure_ascii=False)
        return orjson.loads(whole.encode("utf-8", "replace"))
    except ValueError:
        raise ContractBroken(f"{place} answered HTTP 200 with a body that is no JSON") from None


def _place(response: httpx.Response) -> str:
    request = response.request
    return f"{request.method} {request.url.path} at {request.url.host}"


def _description(response: httpx.Response) -> str:
    text = "".join(c for c in response.headers.get("icStatusDescription", "") if c.isprintable())
    return f" ({text[:200]})" if text else ""


def _retry_after(response: httpx.Response) -> float | None:
    header = response.headers.get("Retry-After", "").strip()
    try:
        wait = float(header) if header[:1].isdigit() else (parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
    return max(0.0, min(wait, _LONGEST_RETRY_AFTER))


def _say_again(state: RetryCallState) -> None:
    trouble = state.outcome.exception() if state.outcome else None
    if isinstance(trouble, _Again) and state.next_action:
        log.warning("%s; try %d in %.1f s", trouble.error, state.attempt_number + 1, state.next_action.sleep)


@lru_cache
def _trusted() -> ssl.SSLContext:
    """The certificates, read once: a run makes a client for each of its steps."""
    return httpx.create_ssl_context()


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # no address, or nothing that could be one
        return False


def _with_scheme(host: str) -> str:
    if "://" in host:
        return host
    return f"http://{host}" if _is_loopback(f"http://{host}") else f"https://{host}"


def _safe_url(url: str) -> str:
    if not _BASE.fullmatch(url):
        raise ConfigurationError("a CXone URL must look like https://host, with nothing before or behind the host")
    if url.startswith("http://") and not _is_loopback(url):
        host = urlsplit(url).hostname
        raise ConfigurationError(f"CXone at {host} must be called over https: the token would travel in clear")
    return url.rstrip("/")


def _version(given: object) -> str:
    text = str(given).removeprefix("v")
    major, _, minor = text.partition(".")
    if not major.isdigit() or not (minor or "0").isdigit():
        raise ConfigurationError("api_version of the CXone connection must look like 30.0")
    return f"{major}.{minor or '0'}"
