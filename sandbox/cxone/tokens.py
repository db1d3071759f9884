"""Bearer tokens live `lifetime` seconds of real time and are refused afterwards (cxone-api, section 2)."""

import base64
import random
import time
from typing import Any

import orjson

KEY_ID = "acme-access-key"
KEY_SECRET = "acme-access-secret"  # noqa: S105 - the twin's own


class Tokens:
    """Issues and checks tokens of one tenant."""

    def __init__(self, tenant_id: str, lifetime: int) -> None:
        self._tenant_id, self._lifetime = tenant_id, lifetime
        self._random = random.Random(tenant_id)
        self._expires: dict[str, float] = {}
        self._refresh: set[str] = set()

    def log_in(self, key_id: object, secret: object) -> dict[str, Any] | None:
        """The answer of token/access-key, or None for a wrong key."""
        if (key_id, secret) != (KEY_ID, KEY_SECRET):
            return None
        access, refresh = self._issue()
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self._lifetime,
            "refresh_token": refresh,
            "id_token": self._jwt("id"),
        }

    def renew(self, refresh: object) -> dict[str, Any] | None:
        """The answer of public/user/refresh, under its other names; a refresh token works once."""
        if refresh not in self._refresh:
            return None
        self._refresh.discard(str(refresh))
        access, fresh = self._issue()
        return {
            "token": access,
            "refreshToken": fresh,
            "tokenExpirationTimeSec": self._lifetime,
            "refreshTokenExpirationTimeSec": 2 * self._lifetime,
        }

    def granted(self, refresh: object) -> dict[str, Any] | None:
        """A renewal under OAuth's names."""
        renewed = self.renew(refresh)
        if renewed is None:
            return None
        return {
            "access_token": renewed["token"],
            "token_type": "Bearer",
            "expires_in": self._lifetime,
            "refresh_token": renewed["refreshToken"],
            "id_token": self._jwt("id"),
        }

    def valid(self, header: str | None) -> bool:
        """Whether an Authorization header carries a token that still lives."""
        token = (header or "").removeprefix("Bearer ")
        return self._expires.get(token, 0.0) > time.monotonic()

    def _issue(self) -> tuple[str, str]:
        access, refresh = self._jwt("access"), f"{self._random.getrandbits(128):032x}"
        self._expires[access] = time.monotonic() + self._lifetime
        self._refresh.add(refresh)
        return access, refresh

    def _jwt(self, kind: str) -> str:
        claims = {
            "sub": "user:11ea0000-0000-4000-8000-000000000001",
            "tenantId": self._tenant_id,
            "tenant": "acme",
            "icBUId": 4_595_964,
            "icClusterId": "C42",
            "icAgentId": 20_786_405,
            "use": kind,
            "jti": f"{self._random.getrandbits(64):016x}",
        }
        parts = ({"alg": "none", "typ": "JWT"}, claims)
        return ".".join(base64.urlsafe_b64encode(orjson.dumps(p)).decode().rstrip("=") for p in parts) + ".twin"
