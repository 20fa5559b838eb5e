"""A reader of Asterisk's configuration of our own, written from its documentation and knowing
nothing of the writer: sections, templates, appended values, `=>` and `;`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEAD = re.compile(r"\[(?P<name>[^\]]+)\](?:\((?P<flags>[^)]*)\))?")


@dataclass
class Block:
    """One `[name]`; a name may come several times."""

    name: str
    template: bool
    values: list[tuple[str, str]] = field(default_factory=list)

    def get(self, key: str) -> str:
        """The last value; empty when there is none."""
        return next((value for name, value in reversed(self.values) if name == key), "")


def read(text: str) -> list[Block]:
    """The blocks with what their templates bring. Raises ValueError at a line that is none."""
    blocks: list[Block] = []
    templates: dict[str, Block] = {}
    for number, raw in enumerate(text.split("\n"), 1):
        line = re.split(r"(?<!\\);", raw)[0].strip().replace(r"\;", ";")
        if not line or line.startswith("#include "):
            continue
        if line.startswith("["):
            head = _HEAD.fullmatch(line)
            if head is None:
                raise ValueError(f"line {number}: {raw}")
            flags = [flag for flag in (head["flags"] or "").split(",") if flag]
            block = Block(head["name"], "!" in flags)
            for like in flags:
                if like != "!":
                    block.values += templates[like].values
            if block.template:
                templates[block.name] = block
            blocks.append(block)
            continue
        key, sign, value = line.partition("=")
        if not sign or not blocks:
            raise ValueError(f"line {number}: {raw}")
        blocks[-1].values.append((key.strip(), value.removeprefix(">").strip()))
    return blocks


def objects(blocks: list[Block]) -> dict[tuple[str, str], Block]:
    """PJSIP's objects by type and name."""
    return {(block.get("type"), block.name): block for block in blocks if not block.template}
