"""The file of trunks: written once with a place for what only the provider knows, then added to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from backend.telephony.asterisk.config.dialplan import FROM_TRUNK
from backend.telephony.asterisk.config.sections import comment, section

TRUNKS_FILE: Final = "pjsip_trunks.conf"
TRUNK: Final = "dozvon-trunk"
PROVIDER: Final = "sip.provider.example"
"""Stands where the provider's host belongs; `.example` is nobody's (RFC 2606)."""

_HEAD = """\
Trunks: the way to the telephone network. This file is yours: `dozvon asterisk init` wrote it once
and only adds what is missing. Replace sip.provider.example, user and password with what the
provider gave you, and take the `;` away from registration or identify, whichever it wants.
"""
_SECTION = re.compile(r"^\s*\[([^\]]+)\]", re.MULTILINE)


def missing_trunks(text: str, wanted: Iterable[str]) -> tuple[str, ...]:
    """Trunks the file has no section of."""
    known = set(_SECTION.findall(text))
    return tuple(name for name in wanted if name not in known)


def trunks_added(text: str, names: Sequence[str]) -> str:
    """The file with these trunks at its end; what stands in it stays as it is."""
    parts = [text.rstrip("\n")] if text.strip() else [_head()]
    parts += [_trunk(name) for name in names]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _head() -> str:
    values = {
        "type": "endpoint",
        "context": FROM_TRUNK,
        "transport": "transport-udp",
        "disallow": "all",
        "allow": "alaw,ulaw",
        "direct_media": "no",
        "dtmf_mode": "rfc4733",
        # The caller's number as the network vouches for it, and ours when we call.
        "trust_id_inbound": "yes",
        "send_pai": "yes",
        "rtp_timeout": "60",
        "rtp_timeout_hold": "600",
        # Of a muted operator Asterisk sends nothing on (seen with 22.10.1), and networks end talks
        # without sound: comfort noise this often, in seconds.
        "rtp_keepalive": "15",
        "rtp_symmetric": "yes",
        "force_rport": "yes",
        "rewrite_contact": "yes",
    }
    return comment(_HEAD) + "\n" + section(TRUNK, values, template=True)


def _trunk(name: str) -> str:
    user = "user-from-the-provider"
    registration = section(
        name,
        {
            "type": "registration",
            "transport": "transport-udp",
            "outbound_auth": name,
            "server_uri": f"sip:{PROVIDER}",
            "client_uri": f"sip:{user}@{PROVIDER}",
            "contact_user": user,
            "retry_interval": "30",
            "forbidden_retry_interval": "300",
            "line": "yes",
            "endpoint": name,
        },
    )
    identify = section(name, {"type": "identify", "endpoint": name, "match": PROVIDER})
    return (
        section(name, {"aors": name, "outbound_auth": name, "from_user": user}, like=TRUNK)
        + section(
            name, {"type": "aor", "contact": f"sip:{PROVIDER}:5060", "qualify_frequency": "60"}
        )
        + section(
            name,
            {
                "type": "auth",
                "auth_type": "userpass",
                "username": user,
                "password": "password-from-the-provider",
            },
        )
        + comment("The provider wants us to register:")
        + _off(registration)
        + comment("The provider knows us by our address and calls from this one:")
        + _off(identify)
    )


def _off(text: str) -> str:
    return "".join(f";{line}\n" for line in text.rstrip("\n").split("\n"))
