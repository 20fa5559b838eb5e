"""The libraries the pages lend to widgets, as widgets written for the real ones use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.amocrm.pages import SCRIPT, log_is, opened

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

MARKUP = "<ul id=t><li class=a>один</li><li class=b>два</li><li class=a hidden>три</li></ul>"
# (expression, what it is)
JQUERY: tuple[tuple[str, Any], ...] = (
    ("$('#t li:first').text()", "один"),
    ("$('#t li:eq(-1)').text()", "три"),
    ("$('#t li:visible').length", 2),
    ("$('#t li.a:hidden').text()", "три"),
    ("$('#t').find('li:contains(два)').hasClass('b')", True),
    ("$('#t .b, #t .a:last').length", 2),
    ("$('#t .b').is(':visible')", True),
    ("$('#t .b').closest('ul:visible').attr('id')", "t"),
    ("$('#t .b').next().addBack().length", 2),
    ("$('#t').find('.a').end().attr('id')", "t"),
    ("$('#t li:first').nextUntil('[hidden]').text()", "два"),
    ("$('#t .b').wrapInner('<i></i>').html()", "<i>два</i>"),
    ("$('<p><b>x</b></p>').find('b').unwrap().length", 1),
    ("$.type([]) + $.type(null) + $.type(new Date())", "arraynulldate"),
    ("$.camelCase('border-top-width')", "borderTopWidth"),
    ("$.merge([1], [2]).length", 2),
    ("$.data($('#t')[0], 'k', 5) && $('#t').data('k')", 5),
)
UNDERSCORE: tuple[tuple[str, Any], ...] = (
    ("_.max([{a: 1}, {a: 3}], 'a').a", 3),
    ("_.min([3, 1, 2])", 1),
    ("_.countBy([1, 2, 3], n => n % 2)", {"1": 2, "0": 1}),
    ("_.zip([1, 2], ['a', 'b'])", [[1, "a"], [2, "b"]]),
    ("_.chunk([1, 2, 3], 2)", [[1, 2], [3]]),
    ("_.intersection([1, 2, 3], [2, 3, 4])", [2, 3]),
    ("_.result({a: function () { return this.b; }, b: 4}, 'a')", 4),
    ("_.unescape(_.escape('<a & \"b\">'))", '<a & "b">'),
    ("_.compose(n => n + 1, n => n * 2)(5)", 11),
    ("_.template('<% _.each(a, function (n) { %>[<%- n %>]<% }); %>')({a: [1, '<']})", "[1][&lt;]"),
    ("_.template('<%= sum %> <%= none %>')({sum: 2, none: null})", "2 "),
)
MOMENT: tuple[tuple[str, Any], ...] = (
    ("moment('2026-03-15').endOf('month').format('DD.MM')", "31.03"),
    ("moment('2026-03-15').startOf('year').format('DD.MM.YYYY')", "01.01.2026"),
    ("moment('2026-03-15').month()", 2),
    ("moment('2026-03-15').isSame('2026-03-20', 'month')", True),
    ("moment('2026-03-15').isBetween('2026-03-01', '2026-03-20')", True),
    ("moment.isMoment(moment())", True),
)


async def test_the_libraries_do_what_widgets_expect(tmp_path: Path) -> None:
    async with opened(tmp_path) as (page, _, _):
        await page.wait_for_selector(".panel")
        cases = (*JQUERY, *UNDERSCORE, *MOMENT)
        steps = ",".join(f"() => {expression}" for expression, _ in cases)
        found = await page.evaluate(
            f"() => [{steps}].map(step => {{"
            f" $('#t').remove(); $('body').append('{MARKUP}'); return step(); }})"
        )
        expressions = [expression for expression, _ in cases]
        assert dict(zip(expressions, found, strict=True)) == dict(cases)


async def test_ajax_has_its_old_names_and_events(tmp_path: Path) -> None:
    async with opened(tmp_path) as (page, _, _):
        await page.wait_for_selector(".panel")
        told = await page.evaluate(
            """() => new Promise(done => {
              const told = [];
              // The page has requests of its own.
              const own = o => o.url === '/api/v2/account';
              $(document).ajaxSend((event, xhr, o) => own(o) && told.push('send'));
              $(document).ajaxComplete((event, xhr, o) => own(o) && told.push('all ' + xhr.status));
              $.ajax('/api/v2/account').success(a => told.push(a.subdomain))
                .complete(() => setTimeout(() => done(told), 0));
            })"""
        )
        assert sorted(told) == ["all 200", "demo", "send"]
        failed = "new Promise(done => $.ajax('/api/v4/nowhere').error(x => done(x.status)))"
        assert await page.evaluate(failed) == 404


async def test_a_module_may_ask_for_others_in_its_body(tmp_path: Path) -> None:
    """The wrapper many published widgets are written in, with a neighbour file and its version."""
    script = SCRIPT.replace(
        "define(['jquery', 'underscore', 'lib/components/base/modal'], function ($, _, Modal) {",
        "define(function (require) { // require('not/this')\n"
        "  var $ = require('jquery'); var own = require('./lib/own.js?v=1');\n"
        "  window.OWN = own.name;",
    )
    library = tmp_path / "widget" / "lib"
    library.mkdir(parents=True)
    (library / "own.js").write_text(
        "define(function (require, exports) { exports.name = 'own'; });", "utf-8"
    )
    async with opened(tmp_path, script=script) as (page, _, _):
        await log_is(page, ["render", "init", "bind_actions"])
        assert await page.evaluate("OWN") == "own"
