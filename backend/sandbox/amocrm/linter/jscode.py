"""JavaScript cut into code, comments and strings, as far as a linter needs it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)
      | (?P<regex>(?<=[=(,:;!&|?{}\[\n])\s*/(?![*/])
                  (?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*)""",
    re.DOTALL | re.VERBOSE,
)
_NOT_NEWLINE = re.compile(r"[^\n]")
_LOOP = re.compile(r"\b(?:for|while)\s*\(|\bdo\s*\{|\.(?:each|forEach|map)\s*\(")


@dataclass(frozen=True)
class Script:
    """`code` has its comments blanked, `bare` its strings too; line numbers stay right."""

    code: str
    bare: str
    comments: tuple[tuple[int, str], ...]
    """(line, text) of each comment."""

    def line(self, at: int) -> int:
        return self.bare.count("\n", 0, at) + 1

    def loops(self) -> list[tuple[int, int]]:
        """Spans of code that runs repeatedly: from a loop's head to the end of its body."""
        return [(m.start(), _end(self.bare, m.end() - 1)) for m in _LOOP.finditer(self.bare)]


def split(source: str) -> Script:
    code: list[str] = []
    bare: list[str] = []
    comments: list[tuple[int, str]] = []
    at = 0
    for match in _TOKEN.finditer(source):
        plain = source[at : match.start()]
        text = match.group()
        blank = _NOT_NEWLINE.sub(" ", text)
        code.append(plain)
        bare.append(plain)
        if match.lastgroup == "comment":
            comments.append((source.count("\n", 0, match.start()) + 1, text))
            code.append(blank)
        else:
            code.append(text)
        bare.append(blank)
        at = match.end()
    code.append(source[at:])
    bare.append(source[at:])
    return Script("".join(code), "".join(bare), tuple(comments))


def _end(bare: str, start: int) -> int:
    """Where the bracket at `start` closes, and the block after it when one follows."""
    at = _close(bare, start)
    rest = bare[at:]
    if bare[start] == "(" and rest.lstrip().startswith("{"):
        return _close(bare, at + rest.index("{"))
    return at


def _close(bare: str, start: int) -> int:
    depth = 0
    for at in range(start, len(bare)):
        if bare[at] in "([{":
            depth += 1
        elif bare[at] in ")]}":
            depth -= 1
            if depth == 0:
                return at + 1
    return len(bare)
