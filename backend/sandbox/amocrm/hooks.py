"""Webhooks of the account: what happened, sent as a bracket form, again when it failed."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx

from backend.sandbox.amocrm.brackets import flatten
from backend.sandbox.amocrm.world import COMPANY, CONTACT, CUSTOMER, LEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.kit.clock import Clock
    from backend.sandbox.amocrm.background import Background
    from backend.sandbox.amocrm.config import AmoConfig, Json
    from backend.sandbox.amocrm.faults import Faults
    from backend.sandbox.amocrm.world import Kind, World

TIMEOUT_S = 2.0
_MINUTE = 60.0
_RETRY_ANY = (5 * _MINUTE, 15 * _MINUTE)  # after anything but 100–299
_RETRY_DOWN = (15 * _MINUTE, 60 * _MINUTE)  # further ones, after 499 or 5xx alone
_WINDOW_S = 2 * 3600.0
_TOLERATED = 100  # bad answers within the window before the hook is switched off
_NOTE_INTS = {"common": 4, "call_in": 10, "call_out": 11, "attachment": 5, "sms_in": 102}
_FIELD_NAMES = {"phone": "PHONE", "duration": "DURATION", "link": "LINK", "uniq": "UNIQ"}


class Hooks:
    """Builds and delivers. `delivered` keeps (destination, status, form) of every attempt."""

    def __init__(
        self,
        world: World,
        config: AmoConfig,
        clock: Clock,
        background: Background,
        faults: Faults,
        on_disabled: Callable[[str], None],
    ) -> None:
        self._world = world
        self._config = config
        self._clock = clock
        self._background = background
        self._faults = faults
        self._on_disabled = on_disabled  # gets the destination of a hook that was switched off
        self._bad: dict[str, deque[float]] = {}  # times of invalid answers per destination
        self.origin = ""  # as the last API request named us; hooks carry it in account._links
        self.delivered: list[tuple[str, int, str]] = []

    def record(self, action: str, kind: Kind, record: Json, **old: object) -> None:
        """Tell about a card: action is add, update, delete, responsible, status or restore."""
        if record["_hidden"]:
            return
        if action == "delete":
            item = _gone(kind, record)
        else:
            item = self._person(kind, record) if kind in (CONTACT, COMPANY) else _lead(record)
        root = kind.plural if kind in (LEAD, CUSTOMER) else "contacts"
        self._send(f"{action}_{kind.singular}", {root: {action: [{**item, **old}]}})

    def task(self, action: str, task: Json) -> None:
        item = {
            "id": task["id"],
            "element_id": task["entity_id"],
            "element_type": {"contacts": 1, "leads": 2, "companies": 3}.get(
                str(task["entity_type"]), ""
            ),
            "task_type": task["task_type_id"],
            "text": task["text"],
            "status": 1 if task["is_completed"] else 0,
            "date_create": task["created_at"],
            "last_modified": task["updated_at"],
            "complete_till": task["complete_till"],
            "responsible_user_id": task["responsible_user_id"],
        }
        self._send(f"{action}_task", {"task": {action: [item]}})

    def note(self, kind: Kind, note: Json) -> None:
        params = note["params"]
        text = params.get("text", "")
        if note["note_type"] in ("call_in", "call_out"):
            text = json.dumps(
                {_FIELD_NAMES.get(k, k): v for k, v in params.items()}, ensure_ascii=False
            )
        item = {
            "id": note["id"],
            "note_type": _NOTE_INTS.get(str(note["note_type"]), 25),
            "text": text,
            "element_id": note["entity_id"],
            "element_type": kind.code,
            "created_by": note["created_by"],
            "date_create": note["created_at"],
            "metadata": json.dumps({"event_source": {"type": 4}}),
        }
        self._send(f"note_{kind.singular}", {kind.plural: {"note": [{"note": item}]}})

    def unsorted(self, action: str, item: Json) -> None:
        """Unsorted has no subscription code of its own: everyone who listens to leads hears it."""
        self._send("add_lead", {"unsorted": {action: [item]}})

    def _person(self, kind: Kind, record: Json) -> Json:
        fields = [
            {
                "id": item["field_id"],
                "name": item["field_name"],
                "code": item["field_code"],
                "values": [
                    {"value": v["value"], "enum": v.get("enum_id", "")} for v in item["values"]
                ],
            }
            for item in record.get("custom_fields_values") or ()
        ]
        company = self._world.companies.get(record["_company"] or 0) if kind is CONTACT else None
        return {
            **_common(record),
            **({"company_name": company["name"]} if company else {}),
            **({"linked_company_id": company["id"]} if company else {}),
            **({"custom_fields": fields} if fields else {}),
            "type": "company" if kind is COMPANY else "contact",
        }

    def _send(self, code: str, body: Json) -> None:
        account = {
            "subdomain": self._world.account["subdomain"],
            "id": self._config.account_id,
            "_links": {"self": self.origin},
        }
        form = urlencode(flatten({**body, "account": account}))
        for hook in self._world.webhooks.values():
            if code in hook["settings"] and not hook["disabled"]:
                self._background.spawn(self._deliver(str(hook["destination"]), form, code))

    async def _deliver(self, destination: str, form: str, code: str) -> None:
        fault = self._faults.take_hook(code)
        if fault is not None and fault.kind == "hook_lost":
            return
        if fault is not None and fault.kind == "hook_late":
            await self._clock.sleep(fault.seconds)
        status = await self._attempt(destination, form)
        if fault is not None and fault.kind == "hook_doubled":
            status = await self._attempt(destination, form)
        for delay in _RETRY_ANY:
            if 100 <= status < 300:
                return
            await self._clock.sleep(delay * self._faults.hook_scale)
            status = await self._attempt(destination, form)
        for delay in _RETRY_DOWN:
            if status != 499 and not 500 <= status < 600:
                return
            await self._clock.sleep(delay * self._faults.hook_scale)
            status = await self._attempt(destination, form)

    async def _attempt(self, destination: str, form: str) -> int:
        """The status, 0 when nobody answered, 499 when the answer took too long."""
        async with httpx.AsyncClient(transport=self._config.transport, timeout=TIMEOUT_S) as http:
            try:
                answer = await http.post(
                    destination,
                    content=form,
                    headers={"Content-Type": "application/x-www-form-urlencoded"},
                )
                status = answer.status_code
            except httpx.TimeoutException:
                status = 499
            except httpx.HTTPError:
                status = 0
        self.delivered.append((destination, status, form))
        if not 100 <= status < 300:
            self._count(destination)
        return status

    def _count(self, destination: str) -> None:
        now = self._clock.monotonic()
        bad = self._bad.setdefault(destination, deque())
        bad.append(now)
        while bad and bad[0] < now - _WINDOW_S:
            bad.popleft()
        hook = self._world.webhooks.get(destination)
        if hook is not None and not hook["disabled"] and len(bad) > _TOLERATED:
            hook["disabled"] = True
            self._on_disabled(destination)

    def enable(self, destination: str) -> bool:
        """Switch a hook on again, as people do by hand. False when there is none."""
        hook = self._world.webhooks.get(destination)
        if hook is None:
            return False
        hook["disabled"] = False
        self._bad.pop(destination, None)
        return True


def _gone(kind: Kind, record: Json) -> Json:
    """A deleted card is told by little more than its id (reference, section 7)."""
    if kind in (CONTACT, COMPANY):
        return {"id": record["id"], "type": kind.singular}
    own = ("status_id", "pipeline_id")
    return {"id": record["id"], **{key: record[key] for key in own if key in record}}


def _common(record: Json) -> Json:
    return {
        "id": record["id"],
        "name": record["name"],
        "responsible_user_id": record["responsible_user_id"],
        "date_create": record["created_at"],
        "last_modified": record["updated_at"],
        "created_user_id": record["created_by"],
        "modified_user_id": record["updated_by"],
        "account_id": record["account_id"],
        "created_at": record["created_at"],
        "updated_at": record["updated_at"],
    }


def _lead(record: Json) -> Json:
    """A lead or a customer: what they have beside the common members, as far as they have it."""
    own = ("status_id", "pipeline_id", "price", "next_price", "next_date", "periodicity")
    return {**_common(record), **{key: record[key] for key in own if key in record}}
