"""A token goes over TLS to the host it is meant for, and to no other: both clients, every kind of call."""

import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from memorialization.errors import ContractBroken, ServiceUnavailable
from plugins.cxone.client import CxoneClient
from plugins.hubspot.client import Client

TOKEN, KEY, SECRET = "pat-planted-token", "planted-key", "planted-secret"


@dataclass
class Server:
    """Answers each request as told, and keeps whatever came in: request lines, headers and bodies."""

    address: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    came: list[str] = field(default_factory=list)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    started = []

    def start(certificate: Path | None = None, **answer: object) -> Server:
        made = Server(**answer)  # type: ignore[arg-type]

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                made.came.append(f"{self.requestline}\n{self.headers}\n{sent.decode()}")
                self.send_response(made.status)
                for name, value in (made.headers | {"Content-Length": str(len(made.body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(made.body)

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        started.append(server)
        made.address = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
        return made

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of a host that says it is 127.0.0.1, signed by nobody but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(pem))
    return path


HUBSPOT: dict[str, Callable[[Client], object]] = {
    "a look": lambda client: client.account(),
    "a list of the SDK's": lambda client: client.properties("0-1"),
    "a write": lambda client: client.batch_update("0-1", [{"id": "1", "properties": {"lastname": "planted-value"}}]),
    "the token in the body": lambda client: client.token_info(),
}


def hubspot(address: str) -> Client:
    return Client(TOKEN, host=address, pace=0.001, tries=2)


def cxone(address: str, **more: str) -> CxoneClient:
    return CxoneClient(address, KEY, SECRET, first_wait=0.001, tries=2, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", HUBSPOT.values(), ids=HUBSPOT)
def test_hubspots_token_follows_no_redirect(
    serve: Callable[..., Server], call: Callable[[Client], object], status: int
) -> None:
    other = serve()
    first = serve(status=status, headers={"Location": other.address.replace("127.0.0.1", "localhost") + "/x"})
    with pytest.raises(ContractBroken, match=f"HubSpot answered {status}"):
        call(hubspot(first.address))
    assert len(first.came) == 1 and TOKEN in first.came[0]
    assert other.came == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_cxones_key_and_token_follow_no_redirect(serve: Callable[..., Server], status: int) -> None:
    other = serve()
    to_other = {"Location": other.address.replace("127.0.0.1", "localhost") + "/x"}
    login = serve(status=status, headers=to_other)
    with cxone(login.address, api_endpoint=login.address) as client, pytest.raises(ContractBroken):
        client.acd("server-time")
    assert len(login.came) == 1 and SECRET in login.came[0]

    issuer = serve(body=b'{"access_token": "planted-access", "expires_in": 3600}')
    api = serve(status=status, headers=to_other)
    with cxone(issuer.address, api_endpoint=api.address) as client, pytest.raises(ContractBroken):
        client.dfo("contacts")
    assert len(api.came) == 1 and "planted-access" in api.came[0]
    assert other.came == []


@pytest.mark.parametrize("ask", [lambda host: hubspot(host).account(), lambda host: cxone(host).acd("server-time")])
def test_a_host_whose_certificate_nobody_vouches_for_gets_nothing(
    serve: Callable[..., Server], certificate: Path, ask: Callable[[str], object]
) -> None:
    server = serve(certificate)
    with pytest.raises(ServiceUnavailable) as caught:
        ask(server.address)
    assert server.came == []
    assert not any(planted in str(caught.value) for planted in (TOKEN, KEY, SECRET))


def test_a_certificate_that_is_trusted_is_enough(
    serve: Callable[..., Server], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the test above would prove nothing but that the server is broken."""
    server = serve(certificate, body=b'{"portalId": 1}')
    monkeypatch.setattr("plugins.hubspot.client.Configuration", _trusting(certificate))
    assert hubspot(server.address).account().body == {"portalId": 1}


def _trusting(certificate: Path) -> Callable[..., object]:
    from hubspot.crm.objects import Configuration

    def made(**settings: str) -> object:
        configuration = Configuration(**settings)
        configuration.ssl_ca_cert = str(certificate)
        return configuration

    return made
