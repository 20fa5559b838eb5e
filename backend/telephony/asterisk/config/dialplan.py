"""extensions.conf: callers into our application, and what they get while it is away."""

from __future__ import annotations

from typing import Final

from backend.telephony.asterisk.config.plan import SwitchPlan
from backend.telephony.asterisk.config.sections import comment
from backend.telephony.asterisk.lines import CONTEXT

FROM_TRUNK: Final = "from-trunk"
AWAY: Final = "dozvon-away"
BUSY_SOUND: Final = "all-circuits-busy-now"
"""In the core sounds of both languages (packages asterisk-core-sounds-en-gsm, -ru-gsm 1.6.1)."""
MAILBOX: Final = "100@dozvon"
_RING_S: Final = 30
_BUSY: Final = "Hangup(17)"
"""Q.850 17, user busy, before the call is answered: the caller pays nothing."""


def extensions_conf(plan: SwitchPlan) -> str:
    numbers = "\n".join(f"  {number}  {slug}" for number, slug in plan.numbers)
    callers = comment(
        "Callers of the trunks. No Answer() before Stasis(): who waits must not pay. The extension "
        "is the number dialled,\nso have the provider send it whole; Dozvon knows these:\n"
        + (numbers or "  none yet")
    )
    plan_away = "".join(f" same => n{label},{app}\n" for label, app in _away(plan))
    return "\n".join(
        [
            "[general]\nstatic = yes\nwriteprotect = yes\n",
            callers
            + f"[{FROM_TRUNK}]\n"
            + "".join(
                f"exten => {pattern},1,Stasis({plan.ari_app})\n same => n,Goto({AWAY},away,1)\n"
                for pattern in ("_[+0-9].", "s")
            ),
            comment(
                "Stasis() came back. STASISSTATUS is FAILED when no application listened: the "
                "emergency plan.\nAnything else means the call was ours and is over."
            )
            + f"[{AWAY}]\n"
            + 'exten => away,1,GotoIf($["${STASISSTATUS}" = "FAILED"]?alone)\n'
            + " same => n,Hangup()\n"
            + plan_away,
            comment(
                "What browser lines and desk phones dial by themselves goes nowhere: calls are "
                "begun by the server,\nwhich shows a card and keeps them in the history. Emergency "
                "numbers of your phones belong here."
            )
            + f"[{CONTEXT}]\n"
            + "exten => _[+*#0-9].,1,Hangup(1)\n",
        ]
    )


def _away(plan: SwitchPlan) -> list[tuple[str, str]]:
    """Label and application of each step."""
    alone = "(alone)"
    if plan.away == "message":
        return [
            (alone, "Progress()"),
            ("", f"Playback({BUSY_SOUND},noanswer)"),
            ("", _BUSY),
        ]
    if plan.away == "voicemail":
        return [(alone, f"VoiceMail({MAILBOX},u)"), ("", "Hangup()")]
    if plan.away == "phones" and plan.desks:
        targets = "&".join(f"PJSIP/{line.name}" for line in plan.desks)
        return [(alone, f"Dial({targets},{_RING_S})"), ("", _BUSY)]
    return [(alone, _BUSY)]
