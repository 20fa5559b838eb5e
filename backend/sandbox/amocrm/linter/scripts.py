"""Code: what moderation forbids, and what the platform's loader wants of a widget."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backend.sandbox.amocrm.linter.finding import Finding
from backend.sandbox.amocrm.linter.jscode import Script, split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.sandbox.amocrm.linter.finding import Package

# (rule, pattern over code without comments and strings, what is wrong)
_BARE = (
    ("js.eval", r"\beval\s*\(|\bnew\s+Function\s*\(", "eval and new Function are forbidden"),
    (
        "js.console",
        r"\bconsole\s*\.\s*(?!debug\b|trace\b)\w+",
        "of console, debug alone is allowed",
    ),
    ("js.dialog", r"(?<![\w.$])(?:window\s*\.\s*)?(?:alert|confirm|prompt)\s*\(", "no dialogs"),
    ("js.debugger", r"\bdebugger\b", "debug leftovers are forbidden"),
    ("js.sync", r"\basync\s*:\s*(?:false|!1)\b", "synchronous ajax is forbidden"),
    (
        "js.app",
        r"\b(?:APP|AMOCRM)\s*\.\s*(?!player_prepare\b)[\w.\[\]\s]*?(?<![=!<>])=(?!=)",
        "APP and AMOCRM are read, never written",
    ),
)
# (rule, pattern over code with its strings, what is wrong)
_CODE = (
    ("js.script", r"createElement\s*\(\s*['\"`]script['\"`]", "no script elements; use AMD"),
    ("js.script", r"\.\s*getScript\s*\(", "external code comes as AMD dependencies"),
    ("js.sync", r"\.open\s*\([^)]*,\s*(?:false|!1)\s*[,)]", "synchronous requests are forbidden"),
    ("js.insecure", r"['\"`](?:http|ws)://(?!www\.w3\.org/)", "https and wss only"),
    (
        "js.click",
        r"js-widget-(?:install|uninstall)[^;\n]*\.\s*(?:click|trigger)\s*\(",
        "no virtual clicks on Install and Disable",
    ),
)
_LOOPED = re.compile(r"\b(?:crm_post|\$authorizedAjax|ajax|getJSON|fetch)\s*\(")
_TRACE = re.compile(r"\bconsole\s*\.\s*trace\b")
_CAUGHT = re.compile(r"\bcatch\b|\bonRejected\b|\.then\s*\([^,()]*,")
_TRACE_REACH = 400  # characters of code before console.trace in which its catch must begin
_CALLBACKS = ("render", "init", "bind_actions")
_DEAD = re.compile(
    r"^\s*(?:(?:var|let|const|return|if|for|while)\b.*[;{(]|[\w.$]+\(.*\);?|[\w.$\[\]]+\s*=[^=].*;|\}.*)\s*$"
)
_LONG_LINE = 500  # a line nobody wrote by hand


def check(package: Package) -> Iterator[Finding]:
    if "script.js" in package.files:
        yield from _module(split(package.text("script.js")))
    elif package.locations:
        yield Finding("js.missing", "script.js", "a widget that runs has a script.js")
    for path in package.files:
        if path.endswith(".js"):
            yield from _rules(path, package.text(path))


def _module(script: Script) -> Iterator[Finding]:
    """The value of the module is a function whose object has three callbacks at least."""
    if not re.match(r"\s*define\s*\(", script.bare):
        yield Finding("js.amd", "script.js", "begins with define([…], function …)")
    for name in _CALLBACKS:
        if not re.search(rf"\b{name}\b\s*[:=(]", script.bare):
            yield Finding("js.callback", "script.js", f"callback {name} is missing")


def _rules(path: str, source: str) -> Iterator[Finding]:
    script = split(source)
    for rules, text in ((_BARE, script.bare), (_CODE, script.code)):
        for rule, pattern, why in rules:
            for match in re.finditer(pattern, text):
                yield Finding(rule, f"{path}:{script.line(match.start())}", why)
    for match in _TRACE.finditer(script.bare):
        before = script.bare[max(0, match.start() - _TRACE_REACH) : match.start()]
        if not _CAUGHT.search(before):
            where = f"{path}:{script.line(match.start())}"
            yield Finding("js.console", where, "console.trace belongs into a catch")
    loops = script.loops()
    for match in _LOOPED.finditer(script.bare):
        if any(start < match.start() < end for start, end in loops):
            where = f"{path}:{script.line(match.start())}"
            yield Finding("js.loop", where, "requests inside a loop; send them together")
    for line, text in script.comments:
        if _is_code(text):
            yield Finding("js.dead", f"{path}:{line}", "commented-out code")
    for number, line_text in enumerate(source.split("\n"), 1):
        if len(line_text) > _LONG_LINE:
            yield Finding("js.minified", f"{path}:{number}", "minified code slows moderation down")
            break


def _is_code(comment: str) -> bool:
    """Does every line of a comment read like a statement? Sentences do not."""
    lines = [re.sub(r"^\s*(?://+|/?\*+)|\*/\s*$", "", line) for line in comment.split("\n")]
    full = [line for line in lines if line.strip()]
    return bool(full) and all(_DEAD.match(line) for line in full)
