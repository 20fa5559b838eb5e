"""pjsip.conf: transports, the browser lines, the desk phones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.services.ports.lines import CODECS
from backend.telephony.asterisk.config.plan import PlannedLine, SwitchPlan
from backend.telephony.asterisk.config.sections import comment, section
from backend.telephony.asterisk.lines import AOR_FIELDS, CONTEXT, ENDPOINT_FIELDS

BROWSER: Final = "dozvon-browser"
BROWSER_AOR: Final = "dozvon-browser-aor"
DESK: Final = "dozvon-desk"
DESK_AOR: Final = "dozvon-desk-aor"
DESK_AUTH: Final = "dozvon-desk-auth"

_DESK_FIELDS: Final = {
    "context": CONTEXT,
    "disallow": "all",
    "allow": "alaw,ulaw,g722",
    "direct_media": "no",
    "dtmf_mode": "rfc4733",
    "allow_transfer": "no",
    "rtp_symmetric": "yes",
    "force_rport": "yes",
    "rewrite_contact": "yes",
    # 0 means never: the call of a phone that lost its cable would stand for good.
    "rtp_timeout": "60",
    "rtp_timeout_hold": "600",
    "rtp_keepalive": "15",
}


def pjsip_conf(plan: SwitchPlan, passwords: Mapping[str, str], trunks_file: str) -> str:
    """`passwords` by the section of each desk phone."""
    parts = [
        section(
            "global",
            {
                "type": "global",
                # By name before by address: an office whose phones share the provider's address
                # would otherwise have its calls taken for the trunk's.
                "endpoint_identifier_order": "username,ip,anonymous",
            },
        ),
        comment(
            "Phones and trunks. Behind NAT name the public address with external_media_address and "
            "external_signaling_address,\nand the office's network with local_net."
        )
        + section(
            "transport-udp", {"type": "transport", "protocol": "udp", "bind": "0.0.0.0:5060"}
        ),
        comment(
            "Browsers. Asterisk listens for them on the port of http.conf, path /ws; the bind here "
            "is not used."
        )
        + section("transport-ws", {"type": "transport", "protocol": "ws", "bind": "0.0.0.0"})
        + "\n"
        + section("transport-wss", {"type": "transport", "protocol": "wss", "bind": "0.0.0.0"}),
        comment(
            "What every browser line is. The codecs stay in this order: Opus without codec_opus is "
            "silence for phones and recordings."
        )
        + section(
            BROWSER,
            {"type": "endpoint", **ENDPOINT_FIELDS, "allow": f"!all,{','.join(CODECS)}"},
            template=True,
        ),
        section(BROWSER_AOR, {"type": "aor", **AOR_FIELDS}, template=True),
        *_browsers(plan),
        comment("What every desk phone is.")
        + section(DESK, {"type": "endpoint", **_DESK_FIELDS}, template=True),
        section(
            DESK_AOR,
            {
                "type": "aor",
                "max_contacts": "1",
                "remove_existing": "yes",
                "qualify_frequency": "30",
            },
            template=True,
        ),
        section(DESK_AUTH, {"type": "auth", "auth_type": "userpass"}, template=True),
        *(_desk(line, passwords[line.name]) for line in plan.desks),
        comment("Yours: the way out. It is never written over.") + f"#include {trunks_file}\n",
    ]
    return "\n".join(parts)


def _browsers(plan: SwitchPlan) -> list[str]:
    if not plan.browsers:
        return []
    return [
        comment(
            "One browser line for each employee. Their passwords are not here: Dozvon issues one "
            "per session and pushes it\nas an auth object of the same name into memory "
            "(sorcery.conf)."
        )
        + "\n".join(_browser(line) for line in plan.browsers)
    ]


def _browser(line: PlannedLine) -> str:
    values = {"aors": line.name, "auth": line.name}
    if line.caller:
        values["callerid"] = line.caller
    values["accountcode"] = line.account
    return section(line.name, values, like=BROWSER) + section(line.name, {}, like=BROWSER_AOR)


def _desk(line: PlannedLine, password: str) -> str:
    values = {"aors": line.name, "auth": line.name}
    if line.caller:
        values["callerid"] = line.caller
    values["accountcode"] = line.account
    return (
        section(line.name, values, like=DESK)
        + section(line.name, {}, like=DESK_AOR)
        + section(line.name, {"username": line.name, "password": password}, like=DESK_AUTH)
    )
