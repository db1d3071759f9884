import base64

import orjson

from sandbox.cxone.tokens import KEY_ID, KEY_SECRET, Tokens


def test_a_token_is_good_for_its_own_tenant_only_after_log_in() -> None:
    tokens = Tokens("t-1", 3600)
    assert tokens.log_in(KEY_ID, "wrong") is None
    granted = tokens.log_in(KEY_ID, KEY_SECRET)
    assert granted is not None and granted["expires_in"] == 3600
    assert tokens.valid(f"Bearer {granted['access_token']}")
    assert not tokens.valid("Bearer other") and not tokens.valid(None)
    payload = granted["access_token"].split(".")[1]
    claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["tenantId"] == "t-1"


def test_lifetime_zero_is_expired_at_once() -> None:
    tokens = Tokens("t-1", 0)
    granted = tokens.log_in(KEY_ID, KEY_SECRET)
    assert granted is not None and not tokens.valid(f"Bearer {granted['access_token']}")
