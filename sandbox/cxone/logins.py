"""Ways to a token, and where a tenant's APIs are: here this very service is every host.

cxone-api, sections 2.1 to 2.4.
"""

from base64 import b64decode
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from sandbox.cxone.answers import Refused, answer, json_object
from sandbox.cxone.behaviour import Behaviour
from sandbox.cxone.tokens import Tokens


class Logins:
    """Handlers over the tokens of one tenant."""

    def __init__(self, tenant_id: str, behaviour: Behaviour) -> None:
        self._tenant_id = tenant_id
        self._tokens = Tokens(tenant_id, behaviour.token_lifetime)

    def admits(self, request: Request) -> bool:
        """Whether a request carries a token that lives."""
        return self._tokens.valid(request.headers.get("authorization"))

    def access_key(self, body: str) -> Response:
        """POST /authentication/v1/token/access-key."""
        asked = json_object(body)
        return _granted(self._tokens.log_in(asked.get("accessKeyId"), asked.get("accessKeySecret")), "access key")

    def refresh(self, body: str) -> Response:
        """POST /public/user/refresh, and the path of the agent app: other names."""
        return _granted(self._tokens.renew(json_object(body).get("token")), "refresh token")

    def oauth(self, request: Request, body: str) -> Response:
        """POST /auth/token, a form, of a registered application: any client id and secret, in the form or as Basic."""
        form = dict(parse_qsl(body))
        if "client_id" not in form and not _basic(request.headers.get("authorization", "")):
            return answer({"error": "invalid_client", "error_description": "client authentication is missing"}, 401)
        grants = {
            "password": lambda: self._tokens.log_in(form.get("username"), form.get("password")),
            "refresh_token": lambda: self._tokens.granted(form.get("refresh_token")),
        }
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            return answer({"error": "unsupported_grant_type"}, 400)
        granted = grant()
        if granted is None:
            return answer({"error": "invalid_grant", "error_description": "the credentials are wrong"}, 400)
        return answer(granted)

    def openid(self, request: Request) -> Response:
        """GET /.well-known/openid-configuration."""
        here = _here(request)
        return answer({"issuer": here, "token_endpoint": f"{here}/auth/token"})

    def discover(self, request: Request) -> Response:
        """GET /.well-known/cxone-configuration; `/dfo/3.0` lies under the same api host."""
        tenant = request.query_params.get("tenantId")
        if tenant is not None and tenant != self._tenant_id:
            raise Refused(404, f"tenant {tenant} not found")
        here = _here(request)
        return answer(
            {
                "api_endpoint": here,
                "auth_endpoint": here,
                "area": "na1",
                "domain": "niceincontact.com",
                "uhDomain": "nice-incontact.com",
                "acdDomain": "nice-incontact.com",
                "cluster": "C42",
                "tenantId": self._tenant_id,
            }
        )


def _granted(granted: dict[str, Any] | None, what: str) -> Response:
    return Response(f"invalid {what}", 401) if granted is None else answer(granted)


def _basic(header: str) -> bool:
    scheme, _, value = header.partition(" ")
    try:
        return scheme.lower() == "basic" and b":" in b64decode(value, validate=True)
    except ValueError:
        return False


def _here(request: Request) -> str:
    return str(request.base_url).rstrip("/")
