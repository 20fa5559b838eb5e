"""Tasks and the links between cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.api.filters import filter_of, in_range, ordered
from backend.sandbox.amocrm.api.values import check_types
from backend.sandbox.amocrm.auth import caller_of
from backend.sandbox.amocrm.brackets import numbers, values
from backend.sandbox.amocrm.envelope import Errors, Problem, hal, page_answer, self_link, written
from backend.sandbox.amocrm.seed import task_record
from backend.sandbox.amocrm.world import KINDS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json

_TYPES: dict[str, type] = {
    "text": str,
    "complete_till": int,
    "responsible_user_id": int,
    "entity_id": int,
    "entity_type": str,
    "task_type_id": int,
    "duration": int,
    "is_completed": bool,
    "result": dict,
}
_PLAIN = (
    *("text", "complete_till", "responsible_user_id", "entity_id", "entity_type"),
    *("task_type_id", "duration", "is_completed", "created_by", "created_at"),
)


def _show(request: Request, task: Json) -> Json:
    return {**task, "_links": self_link(request, f"/api/v4/tasks/{task['id']}")}


async def tasks(request: Request) -> Response:
    amo = amo_of(request)
    caller_of(request)
    wanted = filter_of(request)
    done = values(wanted.get("is_completed"))
    rows = [
        t
        for t in amo.world.tasks.values()
        if all(
            key not in wanted or t[column] in numbers(wanted[key])
            for key, column in (
                ("id", "id"),
                ("responsible_user_id", "responsible_user_id"),
                ("entity_id", "entity_id"),
                ("task_type", "task_type_id"),
            )
        )
        and (not done or t["is_completed"] == (done[0] in ("1", "true")))
        and ("entity_type" not in wanted or t["entity_type"] in values(wanted["entity_type"]))
        and ("updated_at" not in wanted or in_range(t["updated_at"], wanted["updated_at"]))
    ]
    rows = ordered(request, rows, ("created_at", "complete_till", "id"))
    return page_answer(request, rows, "tasks", lambda t: _show(request, t))


async def task(request: Request) -> Response:
    caller_of(request)
    found = amo_of(request).world.tasks.get(request.path_params["id"])
    return envelope.empty() if found is None else hal(_show(request, found))


async def add(request: Request) -> Response:
    amo, caller = amo_of(request), caller_of(request)
    items = await envelope.batch(request)
    errors = Errors()
    for item in items:
        for key in ("text", "complete_till"):
            if item.get(key) is None:
                errors.add(item["request_id"], "FieldMissing", key, "This field is missing.")
    _check(amo, items, errors)
    rows: list[Json] = []
    for item in items:
        found = task_record(amo.world, amo.world.next_id(), item["text"], item["complete_till"])
        found |= {"responsible_user_id": caller.id, "created_by": caller.id}
        _apply(found, item)
        amo.world.tasks[found["id"]] = found
        amo.world.closest_task(str(found["entity_type"]), found["entity_id"] or 0)
        amo.world.event("task_added", "task", found["id"], found["created_by"])
        amo.hooks.task("add", found)
        rows.append({**_short(request, found), "request_id": item["request_id"]})
    return written(request, "tasks", rows)


async def change(request: Request) -> Response:
    amo, caller = amo_of(request), caller_of(request)
    task_id = request.path_params.get("id")
    if task_id is None:
        items = await envelope.batch(request)
    else:
        items = [{**await envelope.one(request), "id": task_id}]
    if any((item.get("id") or 0) not in amo.world.tasks for item in items):
        raise Problem(404, "Task not found")
    errors = Errors()
    _check(amo, items, errors)
    rows: list[Json] = []
    for item in items:
        found = amo.world.tasks[item["id"]]
        was_done = found["is_completed"]
        _apply(found, item)
        found |= {"updated_at": amo.world.now(), "updated_by": caller.id}
        amo.world.closest_task(str(found["entity_type"]), found["entity_id"] or 0)
        if found["is_completed"] and not was_done:
            amo.world.event("task_completed", "task", found["id"], caller.id)
        amo.hooks.task("update", found)
        rows.append(
            {
                **_short(request, found),
                "updated_at": found["updated_at"],
                "request_id": item["request_id"],
            }
        )
    return hal(rows[0]) if task_id is not None else written(request, "tasks", rows)


def _short(request: Request, found: Json) -> Json:
    return {"id": found["id"], "_links": self_link(request, f"/api/v4/tasks/{found['id']}")}


def _apply(found: Json, item: Json) -> None:
    for key in _PLAIN:
        if item.get(key) is not None:
            found[key] = item[key]
    if isinstance(item.get("result"), dict):
        found["result"] = item["result"]


def _check(amo: Amo, items: list[Json], errors: Errors) -> None:
    choice = "The value you selected is not a valid choice."
    for item in items:
        check_types(item, _TYPES, errors)
        kind = item.get("entity_type")
        if kind is not None and (
            kind not in KINDS or item.get("entity_id") not in amo.world.table(kind)
        ):
            errors.add(item["request_id"], "NotSupportedChoice", "entity_id", choice)
        user = item.get("responsible_user_id")
        if user is not None and user not in amo.world.users:
            errors.add(item["request_id"], "NotSupportedChoice", "responsible_user_id", choice)
    errors.check()


def routes() -> list[Route]:
    return [
        Route("/api/v4/tasks", tasks, methods=["GET"]),
        Route("/api/v4/tasks", add, methods=["POST"]),
        Route("/api/v4/tasks", change, methods=["PATCH"]),
        Route("/api/v4/tasks/{id:int}", task, methods=["GET"]),
        Route("/api/v4/tasks/{id:int}", change, methods=["PATCH"]),
    ]
