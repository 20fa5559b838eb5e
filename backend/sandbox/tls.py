"""TLS for the sandboxes: a throw-away authority, and any of their apps under vendors' host names.

Most clients of a CRM know `https` and the vendor's host names only. A sandbox answers for those
names on a port of the loopback: whoever trusts the authority's file and sends the names there
(a resolver of its own, a hosts file, a network namespace) needs no change in the client.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from pathlib import Path

    from starlette.types import ASGIApp

CA_FILE = "sandbox-ca.pem"
_LIFETIME = timedelta(days=7)
# Certificates are looked at by the machine's clock, which may be a little behind ours.
_EARLIER = timedelta(hours=1)
_START_TIMEOUT_S = 15.0
_CLOSING_ROUNDS = 10


class Authority:
    """A certificate authority as long-lived as the process; only its certificate is written down.

    `ca_file` is what a client must trust: REQUESTS_CA_BUNDLE, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS.
    """

    def __init__(self, directory: Path) -> None:
        directory = directory.absolute()
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sandbox authority")])
        self._certificate = self._self_signed()
        self.ca_file = directory / CA_FILE
        self.ca_file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def certificate(self, names: Sequence[str]) -> tuple[Path, Path]:
        """Files of a certificate for `names` (a leading `*.` stands for one label) and its key.

        The loopback address is always among the names.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        alternatives += [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
        certificate = (
            _builder(self._name, names[0], key.public_key())
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(self._issuer_key(), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        stem = names[0].replace("*", "any")
        public, private = self._directory / f"{stem}.pem", self._directory / f"{stem}.key"
        public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        _write_secret(
            private,
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
        return public, private

    def _self_signed(self) -> x509.Certificate:
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        public = self._key.public_key()
        return (
            _builder(self._name, "Sandbox authority", public)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _issuer_key(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())


def _builder(issuer: x509.Name, common: str, public: Any) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _LIFETIME)
    )


def _write_secret(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def loopback_map(names: Iterable[str], port: int) -> dict[str, str]:
    """Vendor's name → where it is answered here, for whoever writes the resolver's override."""
    return dict.fromkeys(names, f"127.0.0.1:{port}")


@contextlib.asynccontextmanager
async def serving_tls(
    app: ASGIApp,
    authority: Authority,
    names: Sequence[str],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[int]:
    """Serve `app` under `names`; yields the port. Raises OSError when `port` is taken.

    The app's own lifespan is not run: it is already up on its plain port.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    public, private = authority.certificate(names)
    server = _Embedded(
        uvicorn.Config(
            app,
            ssl_certfile=str(public),
            ssl_keyfile=str(private),
            lifespan="off",
            ws="websockets-sansio",
            log_level="warning",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            # uvicorn says that it listens by an attribute alone.
            while not server.started and not task.done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        listener.close()
        # A client that still holds its end would keep a closing TLS connection for half a minute.
        for connection in list(server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        for _ in range(_CLOSING_ROUNDS):
            await asyncio.sleep(0)


class _Embedded(uvicorn.Server):
    """A server inside somebody else's loop: signals stay with the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield
