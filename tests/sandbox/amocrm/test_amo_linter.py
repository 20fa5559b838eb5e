"""The linter of widget archives: a good package passes, and each rule catches its breach."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.sandbox.amocrm.linter import lint_archive, lint_directory, lint_files
from backend.sandbox.amocrm.linter.__main__ import main
from backend.sandbox.amocrm.linter.images import LOGOS, TOUR_SIZE, size_of

Files = dict[str, bytes]

SCRIPT = """define(['jquery', './lib/frame'], function ($, frame) {
  // The frame asks for the microphone, so it is made once and kept.
  return function CustomWidget() {
    var self = this;
    this.callbacks = {
      render: function () { return true; },
      init: function () { frame.open(self); return true; },
      bind_actions: function () { return true; }
    };
    return this;
  };
});
"""
FRAME = "define([], function () { return { open: function (w) { w.ready = true; } }; });\n"


def png(width: int, height: int, extra: bytes = b"") -> bytes:
    head = struct.pack(">II", width, height) + b"\x08\x06\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + head + b"crc!" + extra + b"IDAT"


def jpeg(width: int, height: int) -> bytes:
    app = b"\xff\xe0\x00\x04\x00\x00"
    return b"\xff\xd8" + app + b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03"


def manifest() -> dict[str, Any]:
    return {
        "widget": {
            "name": "widget.name",
            "description": "widget.description",
            "short_description": "widget.short_description",
            "version": "1.0.0",
            "interface_version": 2,
            "init_once": True,
            "locale": ["ru", "en"],
            "installation": True,
            "support": {"link": "https://vendor.example"},
        },
        "locations": ["everywhere"],
        "tour": {
            "is_tour": True,
            "tour_images": {"ru": ["/images/tour.png"], "en": ["/images/tour.png"]},
            "tour_description": "widget.tour",
        },
        "settings": {"lines": {"name": "settings.lines", "type": "users", "required": False}},
    }


def texts(name: str) -> dict[str, Any]:
    about = {"name": name, "description": "Для amoCRM", "short_description": "s", "tour": "t"}
    return {"widget": about, "settings": {"lines": "l"}}


def package() -> Files:
    files = {f"images/{name}.png": png(*size) for name, size in LOGOS.items()}
    return {
        **files,
        "images/tour.png": png(*TOUR_SIZE),
        "manifest.json": json.dumps(manifest()).encode(),
        "script.js": SCRIPT.encode(),
        "lib/frame.js": FRAME.encode(),
        "i18n/ru.json": json.dumps(texts("Телефон")).encode(),
        "i18n/en.json": json.dumps(texts("Phone")).encode(),
    }


def packed(files: Files) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return raw.getvalue()


def rules(files: Files) -> set[str]:
    return {finding.rule for finding in lint_files(files)}


def test_a_package_that_keeps_every_rule_has_no_findings() -> None:
    assert lint_archive("widget.zip", packed(package())) == []


def test_an_archive_has_its_name_and_its_files_at_the_root() -> None:
    raw = packed({f"phone/{path}": content for path, content in package().items()})
    assert [f.rule for f in lint_archive("phone.zip", raw)] == ["archive.name", "archive.root"]
    assert [f.rule for f in lint_archive("widget.zip", b"no zip")] == ["archive.broken"]
    assert rules({"script.js": b""}) == {"manifest.missing"}


def test_a_directory_and_the_command_line_say_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, content in {**package(), "notes.txt": b"x"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    found = lint_directory(tmp_path)
    assert [f.rule for f in found] == ["archive.unused"]
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == "notes.txt: nothing asks for this file [archive.unused]\n"
    archive = tmp_path / "widget.zip"
    archive.write_bytes(packed(package()))
    assert main([str(archive)]) == 0
    assert main([]) == main([str(tmp_path / "none")]) == 2


@pytest.mark.parametrize(
    ("rule", "path", "content"),
    [
        ("text.bom", "script.js", b"\xef\xbb\xbf" + SCRIPT.encode()),
        ("text.crlf", "script.js", SCRIPT.replace("\n", "\r\n").encode()),
        ("text.utf8", "lib/frame.js", FRAME.encode() + "// Фрейм".encode("cp1251")),
        ("archive.unused", "images/old.png", png(1, 1)),
        ("archive.unused", ".DS_Store", b"x"),
        ("archive.unused", "i18n/es.json", b"{}"),
        ("i18n.json", "i18n/en.json", b"{// no"),
        ("i18n.keys", "i18n/en.json", json.dumps({"widget": texts("P")["widget"]}).encode()),
        ("i18n.path", "i18n/en.json", json.dumps({**texts("P"), "settings": {}}).encode()),
        ("i18n.brand", "i18n/en.json", json.dumps(texts("amoCRM phone")).encode()),
        ("image.size", "images/logo.png", png(131, 100)),
        ("image.heavy", "images/logo.png", png(130, 100) + b"x" * 300 * 1024),
        ("image.animated", "images/logo.png", png(130, 100, b"acTL")),
        ("image.format", "images/logo_dp.png", b"<svg/>"),
        ("manifest.json", "manifest.json", b'{"widget": {} /* why */}'),
        ("manifest.json", "manifest.json", b"[]"),
        ("manifest.double", "manifest.json", b'{"widget": {}, "widget": {}}'),
    ],
)
def test_each_rule_on_files_catches_its_breach(rule: str, path: str, content: bytes) -> None:
    assert rule in rules({**package(), path: content})


@pytest.mark.parametrize("path", ["images/logo_min.png", "images/tour.png", "i18n/en.json"])
def test_a_file_the_manifest_promises_must_be_there(path: str) -> None:
    files = package()
    del files[path]
    assert rules(files) & {"image.missing", "i18n.missing"}


def _set(*where: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        for key in where[:-1]:
            body = body[key]
        if to is None:
            del body[where[-1]]
        else:
            body[where[-1]] = to

    return change


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("required", _set("widget", "installation", to=None)),
        ("required", _set("locations", to=[])),
        ("required", _set("settings", to=None)),
        ("type", _set("widget", "init_once", to="Y")),
        ("interface", _set("widget", "interface_version", to=1)),
        ("obsolete", _set("widget", "secret_key", to="x")),
        ("locale", _set("widget", "locale", to=["ru", "de"])),
        ("support", _set("widget", "support", to={})),
        ("showcase", _set("widget", "is_showcase", to=True)),
        ("settings", _set("widget", "installation", to=False)),
        ("settings", _set("settings", "x", to={"name": "a", "type": "number"})),
        ("settings", _set("settings", "x", to={"type": "text"})),
        (
            "settings",
            _set("settings", to={k: {"name": "settings.lines", "type": "custom"} for k in "ab"}),
        ),
        ("location", _set("locations", to=["click_to_call"])),
        ("location", _set("locations", to=["everywhere-1"])),
        ("location", _set("locations", to=["ccard-2"])),
        ("location", _set("locations", to=["ccard-1", "ccard-0"])),
        ("location", _set("locations", to=["card_sdk"])),
        ("tour", _set("tour", to=None)),
        ("tour", _set("tour", "tour_images", to={"ru": ["/images/tour.png"]})),
        ("dp", _set("locations", to=["digital_pipeline"])),
        ("dp", _set("dp", to={"action_multiple": True})),
        ("advanced", _set("locations", to=["everywhere", "advanced_settings"])),
        ("advanced", _set("advanced", to={"title": "widget.name"})),
        ("menu", _set("locations", to=["widget_page"])),
        ("menu", _set("left_menu", to={"x": {"title": "widget.name", "sort": {"after": "home"}}})),
    ],
)
def test_each_rule_on_the_manifest_catches_its_breach(
    rule: str, change: Callable[[dict[str, Any]], None]
) -> None:
    body = manifest()
    change(body)
    assert f"manifest.{rule}" in rules({**package(), "manifest.json": json.dumps(body).encode()})


def test_advanced_settings_with_a_title_are_fine() -> None:
    body = manifest()
    body["locations"] = ["everywhere", "advanced_settings", "settings"]
    body["advanced"] = {"title": "widget.name"}
    assert rules({**package(), "manifest.json": json.dumps(body).encode()}) == set()


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("js.eval", "eval('1');"),
        ("js.eval", "var f = new Function('a', 'return a');"),
        ("js.console", "console.log(1);"),
        ("js.console", "console.trace();"),
        ("js.dialog", "alert('x');"),
        ("js.dialog", "if (window.confirm('x')) { go(); }"),
        ("js.debugger", "debugger;"),
        ("js.sync", "$.ajax({ url: u, async: false });"),
        ("js.sync", "xhr.open('GET', u, false);"),
        ("js.app", "APP.constant = null;"),
        ("js.app", "AMOCRM.data.x = 1;"),
        ("js.script", "var s = document.createElement('script');"),
        ("js.script", "$.getScript('https://x.example/a.js');"),
        ("js.insecure", "var u = 'http://x.example';"),
        ("js.insecure", "var u = 'ws://x.example';"),
        ("js.click", "$('.js-widget-install').trigger('click');"),
        ("js.loop", "ids.forEach(function (id) { self.crm_post('/x', id); });"),
        ("js.loop", "for (var i = 0; i < 3; i += 1) { $.ajax({ url: u + i }); }"),
        ("js.dead", "// self.render({ data: x });"),
        ("js.dead", "/* var a = 1;\n b = 2; */"),
        ("js.minified", "var a = [" + "1," * 300 + "];"),
    ],
)
def test_each_rule_on_code_catches_its_breach(rule: str, line: str) -> None:
    code = FRAME + line + "\n"
    found = lint_files({**package(), "lib/frame.js": code.encode()})
    assert [f.rule for f in found] == [rule]
    assert found[0].where == "lib/frame.js:2"


@pytest.mark.parametrize(
    "line",
    [
        "console.debug('state', s);",
        "try { go(); } catch (e) { console.trace(e); }",
        "if (APP.constant('user').id === 5) { go(); }",
        "AMOCRM.player_prepare[code] = play;",
        "var t = 'call alert(1) or eval(x) http';",
        "var u = 'http://www.w3.org/2000/svg';",
        "var r = /alert\\(/;",
        "// The alert (if any) is drawn by the page; eval is not needed.",
        "$('.js-widget-save').trigger('click');",
        "ids.forEach(function (id) { list.push(id); }); $.ajax({ url: u, data: list });",
        "widget.confirm('x');",
    ],
)
def test_what_is_allowed_is_not_found(line: str) -> None:
    assert rules({**package(), "lib/frame.js": (FRAME + line + "\n").encode()}) == set()


@pytest.mark.parametrize(
    ("rule", "script"),
    [
        ("js.amd", "window.x = function () {};" + SCRIPT),
        ("js.callback", SCRIPT.replace("bind_actions", "bind")),
    ],
)
def test_the_module_is_what_the_loader_takes(rule: str, script: str) -> None:
    assert rule in rules({**package(), "script.js": script.encode()})
    files = package()
    del files["script.js"]
    assert "js.missing" in rules(files)


@pytest.mark.parametrize(
    ("rule", "css"),
    [
        ("css.global", "body { margin: 0; }"),
        ("css.global", "*, .dz { margin: 0; }"),
        ("css.system", ".modal .dz { margin: 0; }"),
        ("css.system", ".switcher__on { margin: 0; }"),
        ("css.palette", ".dz { --palette-border-default: red; }"),
    ],
)
def test_styles_stay_inside_the_widget(rule: str, css: str) -> None:
    script = SCRIPT.replace("return true; },", "return 'style.css'; },", 1)
    files = {**package(), "script.js": script.encode(), "style.css": css.encode()}
    assert rules(files) == {rule}
    own = ".dz { margin: 0; } @media print { .dz p { margin: 0; } }"
    own += "@keyframes dz { from { top: 0; } 50% { top: 1px; } }"
    assert rules({**files, "style.css": own.encode()}) == set()


def test_a_foreign_library_of_styles_is_named_in_a_few_lines() -> None:
    css = "\n".join(f"h{n} {{ margin: 0; }}" for n in range(100))
    script = SCRIPT.replace("return true; },", "return 'style.css'; },", 1)
    found = lint_files({**package(), "script.js": script.encode(), "style.css": css.encode()})
    assert [f.rule for f in found] == ["css.global"] * 5 + ["css.more"]
    assert found[-1].text == "95 more of this kind"


def test_sizes_of_all_three_formats_are_read() -> None:
    assert size_of(png(130, 100)) == (130, 100)
    assert size_of(jpeg(400, 272)) == (400, 272)
    assert size_of(b"GIF89a" + struct.pack("<HH", 84, 84)) == (84, 84)
    assert size_of(b"BM") is None
