"""The page of the account's settings says what the code has."""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec
import pytest

from backend.api.cloud import CloudApi
from backend.api.doors import Doors
from backend.api.settings import SettingsApi
from backend.api.settings_door import SettingsDoor
from backend.api.settings_items import SettingsItemsApi
from backend.api.settings_me import MeApi
from backend.api.sounds import SoundsApi
from backend.api.visit_keys import VisitKeysApi
from backend.api.who_rings import WhoRingsApi
from backend.domain.account_config import Employee
from backend.domain.account_faults import faults
from backend.domain.account_settings import AREAS
from backend.kit.clock import SystemClock
from backend.services.account_file import read_file
from backend.services.account_merge import merged
from tests.unit.docs.pages import code, page, rows, section


def _fields() -> list[tuple[str, str]]:
    return [
        (f"{area}.{name}", msgspec.json.encode(value).decode())
        for area, kind in AREAS.items()
        for name, value in msgspec.to_builtins(kind()).items()
    ]


@pytest.mark.parametrize("name, title", [("settings.md", "Areas"), ("ru/settings.md", "Разделы")])
def test_every_field_of_every_area_is_named_with_its_default(name: str, title: str) -> None:
    printed = rows(section(page(name), title))
    assert [(row[0].strip("`"), row[1].strip("`")) for row in printed] == _fields()
    assert all(row[2] for row in printed)


def test_the_page_s_file_can_be_applied() -> None:
    [text] = code(page("settings.md"), "toml")
    file = read_file(text)
    assert file.troubles == ()
    ids = iter(["anna"])
    [patch] = file.accounts
    assert faults(merged(None, patch, new_id=lambda: next(ids)).config) == []


def test_every_field_the_page_gives_an_employee_exists() -> None:
    named = {
        name
        for row in rows(section(page("settings.md"), "Employees"))
        for name in re.findall(r"`(\w+)`", row[0])
    }
    assert named <= set(Employee.__struct_fields__)


def test_every_request_the_page_names_is_answered_and_none_is_left_out() -> None:
    anything = cast("Any", None)
    door = SettingsDoor(anything, Doors(SystemClock()))
    routes = [
        *MeApi(anything, anything, door).routes(),
        *SettingsApi(anything, anything, door, anything, anything).routes(),
        *SettingsItemsApi(anything, anything, door).routes(),
        *WhoRingsApi(anything, door, SystemClock()).routes(),
        *VisitKeysApi(anything, door, "").routes(),
        *SoundsApi(anything, door).routes(),
        *CloudApi(anything, door, "").routes(),
    ]
    items = {"employees", "groups", "scenarios", "teams", "virtual-numbers", "lines"}
    served = set()
    for route in routes:
        _, _, _, first, *rest = route.path.split("/")
        known = first in items and rest in ([], ["{key}"])
        path = "/".join(["/api/v1", "<items>" if known else first, *rest])
        served |= {f"{m} {path}" for m in (route.methods or set()) - {"HEAD"}}
    printed = {row[0].strip("`") for row in rows(section(page("settings.md"), "Over HTTP"))}
    assert printed == served
