"""DTLS-SRTP (RFC 5764): a handshake over whatever carries datagrams, and the two ciphers it agrees.

The pieces are OpenSSL's and libsrtp's; this file only carries packets between them.
"""

from __future__ import annotations

import asyncio
import datetime
from functools import cache
from typing import TYPE_CHECKING, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Role = Literal["client", "server"]

_PROFILE = b"SRTP_AES128_CM_SHA1_80"
"""The one every WebRTC end must know (RFC 8827, section 6.5)."""
_KEY, _SALT = 16, 14
_LABEL = b"EXTRACTOR-dtls_srtp"
# What fits everywhere once IP, UDP and TURN have added theirs.
_MTU = 1200
_CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA:"
    b"ECDHE-RSA-AES128-GCM-SHA256"
)
HANDSHAKE_S = 15.0


class DtlsError(Exception):
    """No secure connection: the reason is the message."""


class Identity:
    """A key and the certificate that names it; who it is, the SDP's fingerprint says."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "switch")])
        now = datetime.datetime.now(datetime.UTC)
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=365))
            .sign(self._key, hashes.SHA256())
        )
        self.fingerprint = _fingerprint(self._certificate)

    def context(self) -> SSL.Context:
        context = SSL.Context(SSL.DTLS_METHOD)
        # Certificates are nobody's but their fingerprints', which are compared afterwards.
        context.set_verify(
            SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_ignored: True
        )
        context.use_certificate(self._certificate)
        context.use_privatekey(self._key)
        context.set_cipher_list(_CIPHERS)
        context.set_tlsext_use_srtp(_PROFILE)
        return context


@cache
def identity() -> Identity:
    """One for the process: it costs a key, and nothing is gained by another."""
    return Identity()


class Dtls:
    """One secured connection. `send` takes datagrams to the other end."""

    def __init__(self, role: Role, fingerprint: str, send: Callable[[bytes], Awaitable[None]]):
        self._role = role
        self._fingerprint = fingerprint.upper()
        self._send = send
        self._ssl = SSL.Connection(identity().context())
        self._ssl.set_ciphertext_mtu(_MTU)
        if role == "server":
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()
        self._inbound: Session | None = None
        self._outbound: Session | None = None

    @property
    def ready(self) -> bool:
        return self._outbound is not None

    async def handshake(self, receive: Callable[[], Awaitable[bytes]]) -> None:
        """Raises DtlsError when it fails, TimeoutError when nobody answers."""
        async with asyncio.timeout(HANDSHAKE_S):
            while True:
                try:
                    self._ssl.do_handshake()
                    break
                except SSL.WantReadError:
                    await self._flush()
                    await self._wait(receive)
                except SSL.Error as error:
                    raise DtlsError(f"the handshake failed: {error}") from error
            await self._flush()
        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        if certificate is None or _fingerprint(certificate) != self._fingerprint:
            raise DtlsError("the other end is not who its SDP said")
        if self._ssl.get_selected_srtp_profile() != _PROFILE:
            raise DtlsError("no common SRTP profile")
        keys = self._ssl.export_keying_material(_LABEL, 2 * (_KEY + _SALT))
        client = keys[:_KEY] + keys[2 * _KEY : 2 * _KEY + _SALT]
        server = keys[_KEY : 2 * _KEY] + keys[2 * _KEY + _SALT :]
        ours, theirs = (server, client) if self._role == "server" else (client, server)
        self._inbound = Session(Policy(key=theirs, ssrc_type=Policy.SSRC_ANY_INBOUND))
        self._outbound = Session(Policy(key=ours, ssrc_type=Policy.SSRC_ANY_OUTBOUND))

    async def receive(self, data: bytes) -> bool:
        """A DTLS datagram after the handshake; False when the other end said goodbye."""
        self._ssl.bio_write(data)
        try:
            self._ssl.recv(1500)
        except SSL.ZeroReturnError:
            return False
        except SSL.Error:
            pass
        await self._flush()
        return True

    async def close(self) -> None:
        try:
            self._ssl.shutdown()
            await self._flush()
        except (SSL.Error, ConnectionError):
            pass

    def protect(self, packet: bytes, *, control: bool = False) -> bytes:
        if self._outbound is None:
            raise DtlsError("not connected")
        return self._outbound.protect_rtcp(packet) if control else self._outbound.protect(packet)

    def unprotect(self, packet: bytes, *, control: bool = False) -> bytes | None:
        """None for what was sent by somebody else, or twice."""
        if self._inbound is None:
            return None
        try:
            return (
                self._inbound.unprotect_rtcp(packet) if control else self._inbound.unprotect(packet)
            )
        except (SrtpError, ValueError):
            return None

    async def _wait(self, receive: Callable[[], Awaitable[bytes]]) -> None:
        """Take the next DTLS datagram, or repeat ours when it is late."""
        while True:
            try:
                async with asyncio.timeout(self._ssl.DTLSv1_get_timeout()):
                    data = await receive()
            except TimeoutError:
                self._ssl.DTLSv1_handle_timeout()
                return
            if data and 20 <= data[0] < 64:
                self._ssl.bio_write(data)
                return

    async def _flush(self) -> None:
        while True:
            try:
                data = self._ssl.bio_read(1500)
            except SSL.WantReadError:
                return
            if not data:
                return
            await self._send(data)


def _fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256, as SDP writes it (RFC 8122)."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()
