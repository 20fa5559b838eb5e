"""Dynamic PJSIP objects: what `/asterisk/config/dynamic/res_pjsip` reads and writes.

Objects named in the switch's own configuration stand in its files: they can be read and not
changed. Those made by REST are kept in memory, where a restart forgets them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backend.sandbox.ari.errors import AriError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backend.sandbox.ari.model import Json

CONFIG_CLASS: Final = "res_pjsip"
# Options of Asterisk 22's res_pjsip that bear on a line in a browser, with their defaults. An
# attribute that is not here is refused, as Asterisk refuses one it does not know.
_DEFAULTS: Final[dict[str, dict[str, str]]] = {
    "auth": {
        "auth_type": "userpass",
        "username": "",
        "password": "",
        "password_digest": "",
        "md5_cred": "",
        "realm": "",
        "nonce_lifetime": "32",
        "supported_algorithms_uac": "",
        "supported_algorithms_uas": "",
    },
    "aor": {
        "contact": "",
        "default_expiration": "3600",
        "mailboxes": "",
        "max_contacts": "0",
        "maximum_expiration": "7200",
        "minimum_expiration": "60",
        "qualify_frequency": "0",
        "qualify_timeout": "3.000000",
        "qualify_2xx_only": "false",
        "authenticate_qualify": "false",
        "outbound_proxy": "",
        "remove_existing": "false",
        "remove_unavailable": "false",
        "support_path": "false",
        "voicemail_extension": "",
    },
    "endpoint": {
        "100rel": "yes",
        "accountcode": "",
        "aggregate_mwi": "true",
        "allow": "",
        "allow_overlap": "true",
        "allow_subscribe": "true",
        "allow_transfer": "true",
        "allow_unauthenticated_options": "false",
        "aors": "",
        "asymmetric_rtp_codec": "false",
        "auth": "",
        "bundle": "false",
        "call_group": "",
        "callerid": "",
        "callerid_privacy": "allowed_not_screened",
        "callerid_tag": "",
        "connected_line_method": "invite",
        "context": "default",
        "device_state_busy_at": "0",
        "direct_media": "true",
        "disallow": "",
        "dtls_auto_generate_cert": "No",
        "dtls_ca_file": "",
        "dtls_cert_file": "",
        "dtls_cipher": "",
        "dtls_fingerprint": "SHA-256",
        "dtls_private_key": "",
        "dtls_rekey": "0",
        "dtls_setup": "active",
        "dtls_verify": "No",
        "dtmf_mode": "rfc4733",
        "force_avp": "false",
        "force_rport": "true",
        "from_domain": "",
        "from_user": "",
        "ice_support": "false",
        "identify_by": "username,ip",
        "inband_progress": "false",
        "language": "",
        "mailboxes": "",
        "max_audio_streams": "1",
        "max_video_streams": "1",
        "media_encryption": "no",
        "media_encryption_optimistic": "false",
        "media_use_received_transport": "false",
        "message_context": "",
        "moh_passthrough": "false",
        "moh_suggest": "default",
        "named_call_group": "",
        "named_pickup_group": "",
        "outbound_auth": "",
        "outbound_proxy": "",
        "pickup_group": "",
        "rewrite_contact": "false",
        "rtcp_mux": "false",
        "rtp_engine": "asterisk",
        "rtp_ipv6": "false",
        "rtp_keepalive": "0",
        "rtp_symmetric": "false",
        "rtp_timeout": "0",
        "rtp_timeout_hold": "0",
        "send_connected_line": "true",
        "send_pai": "false",
        "send_rpid": "false",
        "set_var": "",
        "subscribe_context": "",
        "timers": "yes",
        "timers_min_se": "90",
        "timers_sess_expires": "1800",
        "tone_zone": "",
        "transport": "",
        "trust_id_inbound": "false",
        "trust_id_outbound": "false",
        "use_avpf": "false",
        "user_eq_phone": "false",
        "webrtc": "no",
    },
}


class Objects:
    """`changed` is called with kind and id of each object that was written or deleted."""

    def __init__(self) -> None:
        self.changed: list[Callable[[str, str], None]] = []
        self._written: dict[tuple[str, str], dict[str, str]] = {}
        self._fixed: dict[tuple[str, str], dict[str, str]] = {}

    def fix(self, kind: str, name: str, fields: Mapping[str, str]) -> None:
        """Write an object into the configuration's files, so to speak."""
        self._fixed[kind, name] = dict(fields)

    def find(self, kind: str, name: str) -> dict[str, str] | None:
        """All fields, those not given by their defaults; None when there is no such object."""
        fields = self._fixed.get((kind, name), self._written.get((kind, name)))
        return None if fields is None else {**_DEFAULTS[kind], **fields}

    def names(self, kind: str) -> list[str]:
        return [name for of, name in (*self._fixed, *self._written) if of == kind]

    def get(self, config_class: str, kind: str, name: str) -> list[Json]:
        self._known(config_class, kind)
        fields = self.find(kind, name)
        if fields is None:
            raise AriError(404, f"Object with id '{name}' not found")
        return _tuples(fields)

    def put(self, config_class: str, kind: str, name: str, fields: Mapping[str, str]) -> list[Json]:
        """Make or change an object: fields not named stay. The whole object is the answer."""
        self._known(config_class, kind)
        if (kind, name) in self._fixed:
            raise AriError(403, f"Cannot update sorcery objects of type '{kind}'")
        if any(not _fits(kind, attribute, value) for attribute, value in fields.items()):
            raise AriError(400, f"Creation of object '{name}' failed field value validation")
        self._written.setdefault((kind, name), {}).update(fields)
        self._tell(kind, name)
        return _tuples({**_DEFAULTS[kind], **self._written[kind, name]})

    def delete(self, config_class: str, kind: str, name: str) -> None:
        self._known(config_class, kind)
        if (kind, name) in self._fixed:
            raise AriError(403, f"Could not delete object with id '{name}'")
        if self._written.pop((kind, name), None) is None:
            raise AriError(404, f"Object with id '{name}' not found")
        self._tell(kind, name)

    def forget(self) -> None:
        """A restart: memory is empty, the files are as they were."""
        gone = list(self._written)
        self._written.clear()
        for kind, name in gone:
            self._tell(kind, name)

    def _known(self, config_class: str, kind: str) -> None:
        if config_class != CONFIG_CLASS:
            raise AriError(404, f"configClass '{config_class}' not found")
        if kind not in _DEFAULTS:
            raise AriError(404, f"objectType '{kind}' not found")

    def _tell(self, kind: str, name: str) -> None:
        for hook in self.changed:
            hook(kind, name)


def _fits(kind: str, attribute: str, value: str) -> bool:
    """Whether Asterisk would take it: the name is known, and a number is one."""
    default = _DEFAULTS[kind].get(attribute)
    return default is not None and (not default.isdecimal() or value.isdecimal())


def _tuples(fields: Mapping[str, str]) -> list[Json]:
    return [{"attribute": attribute, "value": value} for attribute, value in fields.items()]
