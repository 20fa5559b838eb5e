"""What we bind in a portal: widgets, events, external lines. Compared with what is there, mended.

Sources: reference sections 4.1-4.3 (placements), 6 (events), 3.6 (lines). A portal drops handlers
when the application is updated, and the background worker when its page was slow: so this is
looked at again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from backend.connectors.crm.bitrix24 import mapping
from backend.connectors.crm.bitrix24.limits import BATCH
from backend.errors import CrmError, CrmUnavailable
from backend.kit.budget import Priority
from backend.services.portal_bindings import Standing, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backend.connectors.crm.bitrix24.client import Answers, Bitrix24Client
    from backend.services.portal_bindings import Still

WORKER = "PAGE_BACKGROUND_WORKER"
PLACEMENTS = {
    WORKER: ("Dozvon", "Dozvon"),
    "CALL_CARD": ("Dozvon", "Dozvon"),
    "LEFT_MENU": ("Телефон Dozvon", "Dozvon phone"),
    "USER_PROFILE_MENU": ("Телефон Dozvon", "Dozvon phone"),
    # A list's toolbar passes neither rows nor filter (section 4.2): it opens the phone beside it.
    "CRM_LEAD_LIST_TOOLBAR": ("Телефон Dozvon", "Dozvon phone"),
    "CRM_DEAL_LIST_TOOLBAR": ("Телефон Dozvon", "Dozvon phone"),
    "CRM_CONTACT_LIST_TOOLBAR": ("Телефон Dozvon", "Dozvon phone"),
    "CRM_COMPANY_LIST_TOOLBAR": ("Телефон Dozvon", "Dozvon phone"),
}
"""Code → title in Russian, in English."""
_RECORDS = tuple(
    f"ONCRM{kind}{verb}"
    for kind in ("CONTACT", "COMPANY", "LEAD")
    for verb in ("ADD", "UPDATE", "DELETE")
)
EVENTS = (
    "ONAPPUPDATE",
    "ONAPPUNINSTALL",
    "ONEXTERNALCALLSTART",
    "ONEXTERNALCALLBACKSTART",
    "ONUSERADD",
    "ONOFFLINEEVENT",
    *_RECORDS,
)
OFFLINE = _RECORDS
REQUIRED = frozenset(
    {
        f"placement:{WORKER}",
        "placement:CALL_CARD",
        "event:ONEXTERNALCALLSTART",
        "event:ONAPPUNINSTALL",
    }
)
"""Without these the product does not work; the others are conveniences a plan may lack."""
_ALREADY = ("Unable to set event handler", "already")
"""How a portal says that a handler is there: somebody bound it a moment ago."""
_OFFLINE_PAUSE_S = 5
"""Least seconds between two ONOFFLINEEVENT wake-ups."""

Command = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing to be: the commands that bring it about, and what it is called."""

    name: str
    before: tuple[Command, ...]
    bind: Command


class Bitrix24Bindings:
    """`services.portal_bindings.PortalBinder` over one portal."""

    def __init__(self, client: Bitrix24Client) -> None:
        self._client = client

    async def look(self, wanted: Wanted) -> list[Standing]:
        """How everything stands; nothing is changed. Raises CrmError."""
        there = await self._there(wanted)
        missing = {step.name for step in there.steps}
        standings = [Standing(name, "ok") for name in there.fine]
        standings += [Standing(name, "missing") for name in sorted(missing)]
        return standings + there.refused

    async def keep(self, wanted: Wanted, still: Still) -> list[Standing]:
        """Bind what is missing, drop what is left over of earlier versions; nothing when it is not
        `still` wanted. Raises CrmError when the portal cannot be asked; single refusals are
        standings."""
        there = await self._there(wanted)
        if (there.steps or there.drop) and not await still():
            return []
        await self._run({f"d{at}": command for at, command in enumerate(there.drop)})
        await self._run(
            {
                f"{at}.{n}": c
                for at, step in enumerate(there.steps)
                for n, c in enumerate(step.before)
            }
        )
        failed = await self._run({f"b{at}": step.bind for at, step in enumerate(there.steps)})
        standings = [Standing(name, "ok") for name in there.fine]
        for at, step in enumerate(there.steps):
            error = failed.get(f"b{at}")
            if error is None or any(word in str(error) for word in _ALREADY):
                standings.append(Standing(step.name, "bound"))
            else:
                late = isinstance(error, CrmUnavailable)
                state: Literal["missing", "refused"] = "missing" if late else "refused"
                standings.append(Standing(step.name, state, str(error)))
        if failed:
            # Somebody bound the same at the same moment: the page and the job after it.
            fine = set((await self._there(wanted)).fine)
            standings = [
                Standing(row.name, "bound") if row.name in fine and row.state != "ok" else row
                for row in standings
            ]
        return standings + there.refused + [Standing(name, "removed") for name in there.removed]

    async def _there(self, wanted: Wanted) -> _There:
        answers = await self._client.batch(
            {
                "placements": ("placement.get", {}),
                "events": ("event.get", {}),
                **({} if wanted.lines is None else {"lines": ("telephony.externalLine.get", {})}),
            },
            priority=Priority.BACKGROUND,
        )
        for error in answers.failed.values():
            if isinstance(error, CrmUnavailable):
                # What could not be seen is not gone.
                raise error
        there = _There()
        _placements(there, answers, wanted)
        _events(there, answers, wanted)
        if wanted.lines is not None:
            _lines(there, answers, wanted.lines, wanted.our_lines)
        return there

    async def _run(self, commands: Mapping[str, Command]) -> dict[str, CrmError]:
        failed: dict[str, CrmError] = {}
        keys = list(commands)
        for at in range(0, len(keys), BATCH):
            part = {key: commands[key] for key in keys[at : at + BATCH]}
            failed |= (await self._client.batch(part, priority=Priority.BACKGROUND)).failed
        return failed


class _There:
    """What is right, what is to be bound and dropped, what could not be seen."""

    def __init__(self) -> None:
        self.fine: list[str] = []
        self.steps: list[_Step] = []
        self.drop: list[Command] = []
        self.removed: list[str] = []
        self.refused: list[Standing] = []


def _placements(there: _There, answers: Answers, wanted: Wanted) -> None:
    if (error := answers.failed.get("placements")) is not None:
        there.refused += [
            Standing(f"placement:{code}", "refused", str(error)) for code in PLACEMENTS
        ]
        return
    rows = mapping.rows(answers.found.get("placements"))
    for code, (russian, english) in PLACEMENTS.items():
        handler = wanted.worker_url if code == WORKER else wanted.page_url
        options = {"errorHandlerUrl": wanted.removed_url} if code == WORKER else {}
        mine = [row for row in rows if str(row.get("placement")).upper() == code]
        good = [row for row in mine if row.get("handler") == handler and _same(row, options)]
        old = [row for row in mine if row not in good]
        # Only ours are listed: what is left over is of an earlier version or address.
        unbind = tuple(
            ("placement.unbind", {"PLACEMENT": code, "HANDLER": str(row.get("handler"))})
            for row in old
        )
        if good:
            there.fine.append(f"placement:{code}")
            there.drop += unbind
            continue
        bind: dict[str, Any] = {
            "PLACEMENT": code,
            "HANDLER": handler,
            "TITLE": english,
            "LANG_ALL": {"ru": {"TITLE": russian}, "en": {"TITLE": english}},
        }
        if options:
            bind["OPTIONS"] = options
        there.steps.append(_Step(f"placement:{code}", unbind, ("placement.bind", bind)))


def _same(row: Mapping[str, Any], options: Mapping[str, str]) -> bool:
    """Some builds do not list options; then they are taken for right."""
    known = row.get("options")
    return not isinstance(known, dict) or all(
        known.get(name, value) == value for name, value in options.items()
    )


def _events(there: _There, answers: Answers, wanted: Wanted) -> None:
    names = [f"event:{event}" for event in EVENTS] + [f"offline:{event}" for event in OFFLINE]
    if (error := answers.failed.get("events")) is not None:
        there.refused += [Standing(name, "refused", str(error)) for name in names]
        return
    rows = mapping.rows(answers.found.get("events"))
    online = {
        (str(row.get("event")).upper(), str(row.get("handler")))
        for row in rows
        if str(row.get("offline", "0")) in ("0", "False", "")
    }
    offline = {
        str(row.get("event")).upper() for row in rows if str(row.get("offline")) in ("1", "True")
    }
    for event in EVENTS:
        if (event, wanted.events_url) in online:
            there.fine.append(f"event:{event}")
        else:
            bind: dict[str, Any] = {"event": event, "handler": wanted.events_url}
            if event == "ONOFFLINEEVENT":
                bind["options"] = {"minTimeout": _OFFLINE_PAUSE_S}
            there.steps.append(_Step(f"event:{event}", (), ("event.bind", bind)))
    there.drop += [
        ("event.unbind", {"event": event, "handler": handler})
        for event, handler in sorted(online)
        if handler != wanted.events_url
    ]
    for event in OFFLINE:
        if event in offline:
            there.fine.append(f"offline:{event}")
        else:
            there.steps.append(
                _Step(
                    f"offline:{event}",
                    (),
                    ("event.bind", {"event": event, "event_type": "offline"}),
                )
            )


def _lines(there: _There, answers: Answers, lines: Mapping[str, str], ours: Iterable[str]) -> None:
    """Only lines we added are ever deleted: registering a call makes others by itself."""
    if (error := answers.failed.get("lines")) is not None:
        there.refused += [Standing(f"line:{number}", "refused", str(error)) for number in lines]
        return
    rows = mapping.rows(answers.found.get("lines"))
    known = {str(row.get("NUMBER")): str(row.get("NAME") or "") for row in rows}
    for number, name in lines.items():
        if number not in known:
            added = {"NUMBER": number, "NAME": name, "CRM_AUTO_CREATE": "N"}
            there.steps.append(_Step(f"line:{number}", (), ("telephony.externalLine.add", added)))
        else:
            there.fine.append(f"line:{number}")
            if known[number] != name:
                there.drop.append(
                    ("telephony.externalLine.update", {"NUMBER": number, "NAME": name})
                )
    for number in ours:
        if number not in lines:
            there.removed.append(f"line:{number}")
            if number in known:
                there.drop.append(("telephony.externalLine.delete", {"NUMBER": number}))
