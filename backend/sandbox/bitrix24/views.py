"""HTML of the portal's pages; every value from data is escaped here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.query import PAGE
from backend.sandbox.bitrix24.records import stage_id
from backend.sandbox.bitrix24.rest.dictionaries import statuses
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.texts import text

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.portal import Placement, Portal
    from backend.sandbox.dataset import User

Row = dict[str, Any]
_MENU = (
    ("contacts", "/crm/contact/list/"),
    ("deals", "/crm/deal/list/"),
    ("companies", "/crm/company/list/"),
    ("leads", "/crm/lead/list/"),
    ("staff", "/company/"),
    ("apps", "/marketplace/"),
)


def money(value: Any) -> str:
    """Roubles with thin spaces, as people here write them."""
    return f"{int(float(value or 0)):,}".replace(",", "\u202f") + "\u00a0₽"


def user_name(portal: Portal, number: Any) -> str:
    user = portal.users.get(as_int(number))
    return f"{user.first_name} {user.last_name}" if user else ""


def initials(user: User) -> str:
    return f"{user.first_name[:1]}{user.last_name[:1]}"


def phone_button(number: str, kind: str, row_id: str, *, list_id: int = 0) -> str:
    """A number that dials when clicked."""
    return (
        f'<button type="button" class="phone" data-phone="{escape(number, quote=True)}" '
        f'data-kind="{kind}" data-id="{row_id}" data-list="{list_id}">{escape(number)}</button>'
    )


def details_link(kind: str, row: Row | None, portal: Portal) -> str:
    if row is None:
        return ""
    title = escape(portal.store.title(kind, row)) or "—"
    return f'<a data-slider href="/crm/{kind.lower()}/details/{row["ID"]}/">{title}</a>'


def shell(portal: Portal, user: User, language: str, path: str, content: str) -> str:
    """The page around its content: menu, top bar, stage for sliders."""
    items = "".join(
        f'<a href="{href}"{" aria-current=page" if path == href else ""}>{text(key, language)}</a>'
        for key, href in _MENU
    )
    widgets = "".join(
        f'<a class="widget" href="/marketplace/widget/{place}/"'
        f"{' aria-current=page' if path == f'/marketplace/widget/{place}/' else ''}>"
        f"{escape(item.title)}</a>"
        for place, item in enumerate(portal.bound("LEFT_MENU", user.id))
    )
    extras = "".join(
        f'<button type="button" data-profile-widget="{place}">{escape(item.title)}</button>'
        for place, item in enumerate(portal.bound("USER_PROFILE_MENU", user.id))
    )
    other = "en" if language == "ru" else "ru"
    return f"""<header class="top"><strong class="brand">{text("portal", language)}</strong>
<a class="language" href="?lang={other}">{other.upper()}</a>
<details class="user"><summary aria-label="{text("user_menu", language)}">
<span class="avatar" aria-hidden="true">{escape(initials(user))}</span>
{escape(user.first_name)} {escape(user.last_name)}</summary>
<div class="menu"><span class="muted">{escape(user.position)}, {user.extension}</span>
{_day(portal, user, language)}{extras}
<a href="/logout/">{text("sign_out", language)}</a></div></details></header>
<nav class="side">{items}{widgets}</nav>
<main class="content">{content}</main>
<div id="notices" role="status" aria-live="polite"></div>"""


def _day(portal: Portal, user: User, language: str) -> str:
    """The working day as it is, and what its owner may do with it."""
    if "timeman" in portal.config.missing_modules or not portal.workdays.tracked(user.id):
        return ""
    buttons = "".join(
        f'<button type="button" data-day="{act}">{text(f"day_{act}", language)}</button>'
        for act in ("open", "pause", "close")
    )
    status = text(portal.workdays.status(user.id), language)
    return f'<span class="muted">{text("day", language)}: {status}</span>{buttons}'


def entity_list(
    portal: Portal,
    user: User,
    kind: str,
    language: str,
    *,
    start: int,
    query: str,
    title: str,
) -> str:
    """Fifty rows of contacts, companies or leads with a search box."""
    rows = portal.store.rows(kind)
    wanted = query.casefold()
    if wanted:
        only_digits = "".join(char for char in wanted if char.isdigit())
        rows = [
            row
            for row in rows
            if wanted in portal.store.title(kind, row).casefold()
            or (
                len(only_digits) > 3
                and any(
                    only_digits in "".join(c for c in item["VALUE"] if c.isdigit())
                    for item in row["PHONE"]
                )
            )
        ]
    menu = portal.bound(f"CRM_{kind}_LIST_MENU", user.id)
    body = "".join(_list_row(portal, kind, row, menu) for row in rows[start : start + PAGE])
    third = "company" if kind == "CONTACT" else "city" if kind == "COMPANY" else "stage"
    heads = "".join(
        f"<th>{text(key, language)}</th>" for key in ("name", "phone", third, "responsible")
    )
    return f"""<div class="head"><h1>{title} <span class="muted">{len(rows)}</span></h1>
{toolbar(portal, user, f"CRM_{kind}_LIST_TOOLBAR")}
<form role="search"><input name="q" type="search" value="{escape(query, quote=True)}"
 placeholder="{text("search", language)}" aria-label="{text("search", language)}"></form></div>
<div class="panel"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>
{_pager(start, len(rows), query, language)}"""


def toolbar(portal: Portal, user: User, code: str, number: str = "") -> str:
    """Buttons of the widgets bound to `code`; `number` is the row they are about, if any."""
    return "".join(
        _widget_button(code, place, number, item.title)
        for place, item in enumerate(portal.bound(code, user.id))
    )


def _widget_button(code: str, place: int, number: str, title: str) -> str:
    return (
        f'<button type="button" class="button quiet" data-widget="{code}" data-place="{place}" '
        f'data-id="{escape(number, quote=True)}">{escape(title)}</button>'
    )


def _list_row(portal: Portal, kind: str, row: Row, menu: list[Placement]) -> str:
    phones = " ".join(phone_button(item["VALUE"], kind, row["ID"]) for item in row["PHONE"])
    if kind == "CONTACT":
        third = details_link("COMPANY", portal.store.find("COMPANY", row["COMPANY_ID"]), portal)
    else:
        third = escape(str(row.get("ADDRESS_CITY") or _stage_name(portal, row) or ""))
    return (
        f"<tr><td>{details_link(kind, row, portal)}{_row_menu(kind, row, menu)}</td>"
        f"<td>{phones}</td><td>{third}</td>"
        f"<td>{escape(user_name(portal, row['ASSIGNED_BY_ID']))}</td></tr>"
    )


def _row_menu(kind: str, row: Row, menu: list[Placement]) -> str:
    """The context menu of one row: only what applications put there."""
    if not menu:
        return ""
    code = f"CRM_{kind}_LIST_MENU"
    items = "".join(
        _widget_button(code, place, row["ID"], item.title) for place, item in enumerate(menu)
    )
    return f'<details class="row-menu"><summary aria-label="⋯">⋯</summary>{items}</details>'


def _stage_name(portal: Portal, row: Row) -> str:
    code = row.get("STAGE_ID") or row.get("STATUS_ID")
    return next((item["NAME"] for item in statuses(portal) if item["STATUS_ID"] == code), "")


def _pager(start: int, total: int, query: str, language: str) -> str:
    links = []
    tail = f"&q={escape(query, quote=True)}" if query else ""
    if start > 0:
        links.append(
            f'<a href="?start={max(0, start - PAGE)}{tail}">← {text("earlier", language)}</a>'
        )
    if start + PAGE < total:
        links.append(f'<a href="?start={start + PAGE}{tail}">{text("later", language)} →</a>')
    return f'<nav class="pager">{"".join(links)}</nav>'


def deal_board(portal: Portal, user: User, language: str, funnel_id: int) -> str:
    """The funnel as columns of its stages with the newest deals in each."""
    funnels = portal.data.funnels
    funnel = funnels[funnel_id if 0 <= funnel_id < len(funnels) else 0]
    tabs = "".join(
        f'<a href="?funnel={item.id}"{" aria-current=page" if item is funnel else ""}>'
        f"{escape(item.name)}</a>"
        for item in funnels
    )
    columns = []
    deals = portal.store.rows("DEAL")
    for stage in funnel.stages:
        code = stage_id(funnel.id, stage.id)
        inside = [row for row in deals if row["STAGE_ID"] == code]
        total = sum(float(row["OPPORTUNITY"] or 0) for row in inside)
        cards = "".join(_deal_card(portal, row) for row in inside[:15])
        columns.append(
            f'<section class="column" style="--stage:{stage.color}"><h2>{escape(stage.name)} '
            f'<span>{len(inside)}</span></h2><p class="muted">{money(total)}</p>{cards}</section>'
        )
    return f"""<div class="head"><h1>{text("deals", language)}</h1><nav class="tabs">{tabs}</nav>
{toolbar(portal, user, "CRM_DEAL_LIST_TOOLBAR")}</div><div class="board">{"".join(columns)}</div>"""


def _deal_card(portal: Portal, row: Row) -> str:
    contact = details_link("CONTACT", portal.store.find("CONTACT", row["CONTACT_ID"]), portal)
    return (
        f'<article class="deal">{details_link("DEAL", row, portal)}'
        f"<strong>{money(row['OPPORTUNITY'])}</strong><span>{contact}</span></article>"
    )


def details(portal: Portal, user: User, kind: str, row: Row, language: str) -> str:
    """The card of one row: fields, open deals, work, comments and the application's tabs."""
    store = portal.store
    facts: list[tuple[str, str]] = []
    if row.get("PHONE"):
        numbers = " ".join(phone_button(item["VALUE"], kind, row["ID"]) for item in row["PHONE"])
        facts.append((text("phone", language), numbers))
    if row.get("EMAIL"):
        facts.append(("E-mail", escape(", ".join(item["VALUE"] for item in row["EMAIL"]))))
    if kind == "DEAL":
        facts.append((text("amount", language), money(row["OPPORTUNITY"])))
    if kind in {"DEAL", "LEAD"}:
        facts.append((text("stage", language), escape(_stage_name(portal, row))))
    for key, other in (("contact", "CONTACT"), ("company", "COMPANY")):
        linked = store.find(other, row.get(f"{other}_ID"))
        if linked is not None:
            facts.append((text(key, language), details_link(other, linked, portal)))
    for key, name in (("position", "POST"), ("city", "ADDRESS_CITY"), ("source", "SOURCE_ID")):
        if row.get(name):
            facts.append((text(key, language), escape(str(row[name]))))
    facts.append((text("responsible", language), _responsible(portal, kind, row, language)))
    facts.append((text("created", language), escape(row["DATE_CREATE"][:10])))
    listed = "".join(f"<dt>{key}</dt><dd>{value}</dd>" for key, value in facts)
    tabs = "".join(
        f'<button type="button" role="tab" data-tab-widget="{place}">{escape(item.title)}</button>'
        for place, item in enumerate(_detail_tabs(portal, user, kind))
    )
    buttons = toolbar(portal, user, f"CRM_{kind}_DETAIL_TOOLBAR", row["ID"])
    return f"""<div class="head"><h1>{escape(store.title(kind, row))}</h1>{buttons}</div>
<div class="tabs" role="tablist"><button type="button" role="tab" aria-selected="true"
 data-tab-general>{text("general", language)}</button>{tabs}</div>
<div class="columns" id="general"><section class="panel"><dl>{listed}</dl></section>
<section class="panel">{_side(portal, kind, row, language)}</section></div>
<div id="tab-stage" hidden></div>"""


def _detail_tabs(portal: Portal, user: User, kind: str) -> list[Placement]:
    return portal.bound(f"CRM_{kind}_DETAIL_TAB", user.id)


def _side(portal: Portal, kind: str, row: Row, language: str) -> str:
    number, parts = int(row["ID"]), []
    if kind in {"CONTACT", "COMPANY"}:
        deals = portal.store.open_deals(kind, number)
        parts.append(f"<h2>{text('open_deals', language)}</h2>")
        parts += [_deal_card(portal, deal) for deal in deals] or [_empty(language)]
    owner = {"LEAD": "1", "DEAL": "2", "CONTACT": "3", "COMPANY": "4"}[kind]
    work = [
        item
        for item in portal.store.rows("ACTIVITY")
        if (item.get("OWNER_TYPE_ID"), item.get("OWNER_ID")) == (owner, row["ID"])
    ]
    parts.append(f"<h2>{text('activities', language)}</h2>")
    parts += [
        f'<p class="work{" done" if item["COMPLETED"] == "Y" else ""}">'
        f"{escape(item['SUBJECT'])} <span class=muted>{escape(item['DEADLINE'][:10])}</span></p>"
        f"{_sound(item)}"
        for item in work
    ] or [_empty(language)]
    parts += [
        f'<p class="comment">{escape(item["COMMENT"])}</p>'
        for item in portal.store.comments.values()
        if (item["ENTITY_TYPE"], item["ENTITY_ID"]) == (kind.lower(), number)
    ]
    return "".join(parts)


def _responsible(portal: Portal, kind: str, row: Row, language: str) -> str:
    """The responsible employee, to be changed on the spot."""
    options = "".join(
        f'<option value="{user.id}"{" selected" if str(user.id) == row["ASSIGNED_BY_ID"] else ""}>'
        f"{escape(user_name(portal, user.id))}</option>"
        for user in portal.users.values()
        if user.active or str(user.id) == row["ASSIGNED_BY_ID"]
    )
    label = escape(text("responsible", language), quote=True)
    return (
        f'<select data-assign="{kind}" data-id="{row["ID"]}" aria-label="{label}">'
        f"{options}</select>"
    )


def _sound(activity: Row) -> str:
    """A player for each recording of a call."""
    return "".join(
        f'<audio controls preload="none" src="{escape(file["url"], quote=True)}"></audio>'
        for file in activity.get("FILES") or []
    )


def _empty(language: str) -> str:
    return f'<p class="muted">{text("nothing", language)}</p>'
