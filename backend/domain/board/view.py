"""A board as the sum of its pushes, and one short word for it.

The widget folds the same pushes by the same two rules (`widget/src/board/view.ts`), live and when
a past quarter of an hour is played again; fixtures shared by both sides hold them together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Wire = Mapping[str, Any]
"""A push as it is on the wire."""
View = dict[str, Wire]
"""The newest push of each entity."""

_REMOVED = "_removed"
"""How the tag of a push ends that takes its entity away."""
_HOW_IT_CAME = frozenset({"seq", "version", "stream"})
"""Says how a view was reached, not what it is."""


def fold(view: View, pushes: Iterable[Wire]) -> View:
    """`view` after these, changed in place."""
    for push in pushes:
        if str(push["type"]).endswith(_REMOVED):
            view.pop(push["entity"], None)
        else:
            view[push["entity"]] = push
    return view


def digest(view: View) -> str:
    """The same for views that show the same: 64-bit FNV-1a of canonical JSON, as the widget has
    it (`state/hash.ts`)."""
    shown = {
        entity: {key: value for key, value in push.items() if key not in _HOW_IT_CAME}
        for entity, push in view.items()
    }
    text = json.dumps(shown, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    found = 0xCBF29CE484222325
    for byte in text.encode():
        found = ((found ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{found:016x}"
