"""Ways to a token over HTTP (cxone-api, sections 2.2 to 2.4)."""

import httpx
import pytest

from tests.sandbox.conftest import KEY, Twin

pytestmark = pytest.mark.slow
PASSWORD = {"grant_type": "password", "username": KEY["accessKeyId"], "password": KEY["accessKeySecret"]}
TIME = "/incontactapi/services/v30.0/server-time"
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def anonymous(twin: Twin) -> httpx.Client:
    return httpx.Client(base_url=twin.cxone.base_url, headers=JSON)


def test_oauth_of_a_registered_application(anonymous: httpx.Client) -> None:
    endpoint = anonymous.get("/.well-known/openid-configuration").json()["token_endpoint"]
    granted = anonymous.post(endpoint, data=PASSWORD, auth=("app", "secret")).json()
    assert set(granted) == {"access_token", "token_type", "expires_in", "refresh_token", "id_token"}
    assert anonymous.get(TIME, headers={"Authorization": f"Bearer {granted['access_token']}"}).status_code == 200
    again = {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"], "client_id": "app"}
    renewed = anonymous.post(endpoint, data=again)
    assert renewed.json()["access_token"] != granted["access_token"]
    used = anonymous.post(endpoint, data=again)
    assert (used.status_code, used.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (PASSWORD, 401, "invalid_client"),
        (PASSWORD | {"client_id": "app", "password": "wrong"}, 400, "invalid_grant"),
        ({"client_id": "app", "grant_type": "magic"}, 400, "unsupported_grant_type"),
    ],
)
def test_what_oauth_refuses(anonymous: httpx.Client, form: dict[str, str], status: int, error: str) -> None:
    answer = anonymous.post("/auth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_the_agent_apps_refresh_has_the_other_names(anonymous: httpx.Client) -> None:
    granted = anonymous.post("/authentication/v1/token/access-key", json=KEY).json()
    renewed = anonymous.post("/public/authentication/v1/refresh", json={"token": granted["refresh_token"]}).json()
    assert {"token", "refreshToken"} <= set(renewed)
    assert anonymous.post("/authentication/v1/token/access-key", json={"accessKeyId": "x"}).status_code == 401


def test_another_tenant_is_not_found(anonymous: httpx.Client) -> None:
    found = anonymous.get("/.well-known/cxone-configuration")
    assert found.json()["api_endpoint"] == str(anonymous.base_url).rstrip("/")
    assert anonymous.get("/.well-known/cxone-configuration", params={"tenantId": "other"}).status_code == 404
