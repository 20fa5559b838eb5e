"""Every file of the set, by name. Pure: secrets come in, nothing is made here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.telephony.asterisk import names
from backend.telephony.asterisk.config.dialplan import MAILBOX, extensions_conf
from backend.telephony.asterisk.config.pjsip import pjsip_conf
from backend.telephony.asterisk.config.plan import SwitchPlan
from backend.telephony.asterisk.config.sections import comment, section
from backend.telephony.asterisk.config.trunks import TRUNKS_FILE

MODULES: Final = (
    "res_ari_applications.so",
    "res_ari_asterisk.so",
    "res_ari_bridges.so",
    "res_ari_channels.so",
    "res_ari_endpoints.so",
    "res_ari_events.so",
    "res_ari_playbacks.so",
    "res_ari_recordings.so",
    "res_ari_sounds.so",
    "app_stasis.so",
    "bridge_simple.so",
    "bridge_softmix.so",
    "chan_pjsip.so",
    "codec_alaw.so",
    "codec_g722.so",
    "codec_ulaw.so",
    "format_wav.so",
    "res_crypto.so",
    "res_http_websocket.so",
    "res_musiconhold.so",
    "res_pjsip_authenticator_digest.so",
    "res_pjsip_caller_id.so",
    "res_pjsip_endpoint_identifier_ip.so",
    "res_pjsip_endpoint_identifier_user.so",
    "res_pjsip_header_funcs.so",
    "res_pjsip_nat.so",
    "res_pjsip_registrar.so",
    "res_pjsip_rfc3326.so",
    "res_pjsip_sdp_rtp.so",
    "res_pjsip_session.so",
    "res_pjsip_transport_websocket.so",
    "res_rtp_asterisk.so",
    "res_sorcery_config.so",
    "res_sorcery_memory.so",
    "res_srtp.so",
)
"""What our calls go through; `dozvon asterisk check` looks for each."""
_SESSIONS_BESIDE: Final = 100
"""ARI and everything else of http.conf, beside one session per browser: its own default."""

_HEAD = """\
{name}: written by `dozvon asterisk init`; do not edit, run it again instead. What you changed here
is kept beside as {name}.edited when it is written anew.
"""
_WHY: Final = {
    "http.conf": """\
Asterisk's web server: ARI for Dozvon, /ws for the browsers' SIP. Keep it off the Internet: browsers
come through the proxy (docs/nginx), ARI is for Dozvon alone.""",
    "ari.conf": "The one user Dozvon signs in with. Readable by Asterisk and nobody else.",
    "pjsip.conf": "Phones and browser lines, with passwords: readable by Asterisk and nobody else.",
    "sorcery.conf": """\
Where PJSIP objects live: in pjsip.conf, and in memory, where Dozvon pushes the password of each
browser session. After a restart of Asterisk browsers ask for a new one by themselves.""",
    "extensions.conf": "Callers into Dozvon, and what they get while it is away.",
    "rtp.conf": "Sound. Open these UDP ports to browsers, phones and the provider.",
    "indications.conf": "The ringing tone operators hear while somebody is being called.",
    "musiconhold.conf": "What callers hear on hold: any WAV files of 8 kHz in this folder.",
    "modules.conf": "Everything is loaded but what gets in the way.",
    "voicemail.conf": "The box for callers while Dozvon is away: set an address and a PIN.",
}
_SECRET: Final = frozenset({"ari.conf", "pjsip.conf", TRUNKS_FILE})


def is_secret(name: str) -> bool:
    """Whether a file holds passwords."""
    return name in _SECRET


def written(plan: SwitchPlan, ari_password: str, passwords: Mapping[str, str]) -> dict[str, str]:
    """Text by file name. `passwords` by the section of each desk phone."""
    bodies = {
        "http.conf": _http(plan),
        "ari.conf": _ari(plan, ari_password),
        "sorcery.conf": _sorcery(),
        "pjsip.conf": pjsip_conf(plan, passwords, TRUNKS_FILE),
        "extensions.conf": extensions_conf(plan),
        "rtp.conf": _rtp(plan),
        "indications.conf": _indications(),
        "musiconhold.conf": section("default", {"mode": "files", "directory": "moh"}),
        "modules.conf": _modules(),
    }
    if plan.away == "voicemail":
        bodies["voicemail.conf"] = _voicemail()
    return {
        name: comment(_HEAD.format(name=name) + _WHY[name]) + "\n" + body
        for name, body in bodies.items()
    }


def _http(plan: SwitchPlan) -> str:
    values = {
        "enabled": "yes",
        "bindaddr": plan.bind,
        "bindport": str(plan.port),
        # A WebSocket is a session for as long as the browser stays; 100 is the default.
        "sessionlimit": str(_SESSIONS_BESIDE + max(100, 4 * len(plan.browsers))),
        # Milliseconds an idle connection is kept. Dozvon gives its own up after 5 s.
        "session_keep_alive": "15000",
    }
    return section("general", values)


def _ari(plan: SwitchPlan, password: str) -> str:
    shown = (
        names.CALL_VARIABLE,
        names.LEG_VARIABLE,
        names.ACCOUNT_VARIABLE,
        names.HELD_VARIABLE,
    )
    general = {
        "enabled": "yes",
        "pretty": "no",
        # Our marks in every channel list: without them Dozvon asks channel by channel.
        "channelvars": ",".join(shown),
        # Milliseconds a slow reader is given; 100, the default, is short for a busy machine.
        "websocket_write_timeout": "1000",
    }
    user = {
        "type": "user",
        "read_only": "no",
        "password_format": "plain",
        "password": password,
    }
    return section("general", general) + "\n" + section(plan.ari_user, user)


def _sorcery() -> str:
    lines = "".join(
        f"{kind} = config,pjsip.conf,criteria=type={kind}\n{kind} = memory\n"
        for kind in ("auth", "aor", "endpoint")
    )
    return f"[res_pjsip]\n{lines}"


def _rtp(plan: SwitchPlan) -> str:
    values = {"rtpstart": "10000", "rtpend": "20000", "icesupport": "yes", "strictrtp": "yes"}
    if plan.stun:
        values["stunaddr"] = plan.stun
    text = section("general", values)
    if not plan.stun:
        text += comment("Behind NAT, so that Asterisk learns its public address:")
        text += ";stunaddr = stun.example.com:3478\n"
    return (
        text
        + comment("Or name it, inside address => public one:")
        + (";[ice_host_candidates]\n;192.0.2.10 => 198.51.100.10\n")
    )


def _indications() -> str:
    """Russia's tones (ITU-T E.180, supplement 2), in milliseconds. Without the file Asterisk plays
    nothing at all."""
    tones = {
        "description": "Russian Federation",
        "ringcadence": "1000,4000",
        "dial": "425",
        "ring": "425/1000,0/4000",
        "busy": "425/350,0/350",
        "congestion": "425/175,0/175",
        "callwaiting": "425/200,0/5000",
    }
    return section("general", {"country": "ru"}) + "\n" + section("ru", tones)


def _modules() -> str:
    needed = comment("Needed: " + ", ".join(MODULES).replace(".so", ""))
    return (
        "[modules]\nautoload = yes\n"
        + needed
        + "noload = chan_sip.so\n"
        + comment("Configuration by phones is not ours to offer.")
        + "noload = res_phoneprov.so\n"
    )


def _voicemail() -> str:
    box, _, context = MAILBOX.partition("@")
    return (
        "[general]\nformat = wav\nattach = yes\nmaxsecs = 180\n\n"
        f"[{context}]\n"
        + comment("box => PIN, name, address messages are sent to. An empty PIN locks the box.")
        + f"{box} => ,Dozvon,\n"
    )
