"""HTML of the portal's pages that are not about clients: call lists, staff, applications."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from backend.sandbox.bitrix24.rest.dictionaries import CALL_LIST_STATUSES
from backend.sandbox.bitrix24.texts import text
from backend.sandbox.bitrix24.views import details_link, initials, phone_button

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.papers import CallList
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.dataset import User


def call_list(portal: Portal, found: CallList, language: str) -> str:
    """Clients of a call list, each with numbers that dial in the list's name."""
    rows = []
    for number, status in found.items.items():
        row = portal.store.find(found.entity_type, number)
        if row is None:
            continue
        phones = " ".join(
            phone_button(item["VALUE"], found.entity_type, row["ID"], list_id=found.id)
            for item in row["PHONE"]
        )
        name = dict(CALL_LIST_STATUSES)[status]
        link = details_link(found.entity_type, row, portal)
        rows.append(f"<tr><td>{link}</td><td>{phones}</td><td>{escape(name)}</td></tr>")
    heads = "".join(f"<th>{text(key, language)}</th>" for key in ("name", "phone", "stage"))
    return f"""<div class="head"><h1>{text("call_list", language)} #{found.id}</h1></div>
<div class="panel"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>
</div>"""


def _staff_tail(portal: Portal, viewer: User, user: User, language: str) -> str:
    """The state of the person's day, and an administrator's buttons."""
    state = text(portal.workdays.status(user.id) if user.active else "dismissed", language)
    if not viewer.is_admin or viewer.id == user.id:
        return f"<td>{state}</td>"
    act, to = ("dismiss", 0) if user.active else ("take_back", 1)
    return (
        f'<td>{state} <button type="button" class="button quiet" data-employ="{user.id}" '
        f'data-active="{to}">{text(act, language)}</button></td>'
    )


def staff(portal: Portal, viewer: User, language: str) -> str:
    """Everybody who works here; administrators also see who left."""
    heads = "".join(
        f"<th>{text(key, language)}</th>"
        for key in ("name", "position", "department", "extension", "day")
    )
    rows = "".join(
        f'<tr><td><span class="avatar">{escape(initials(user))}</span> {escape(user.first_name)} '
        f"{escape(user.last_name)}"
        f"{' · ' + text('administrator', language) if user.is_admin else ''}</td>"
        f"<td>{escape(user.position)}</td><td>{escape(user.department)}</td>"
        f"<td>{escape(user.extension)}</td>{_staff_tail(portal, viewer, user, language)}</tr>"
        for user in portal.users.values()
        if user.active or viewer.is_admin
    )
    return f"""<div class="head"><h1>{text("staff", language)}</h1></div><div class="panel">
<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"""


def applications(portal: Portal, user: User, language: str) -> str:
    """The one application, with its state and what may be done with it."""
    application = portal.config.application
    if application.installed:
        action = (
            f'<span class="tag">{text("installed", language)}</span> '
            f'<a class="button" href="/marketplace/app/">{text("open_app", language)}</a>'
        )
        if user.is_admin:
            action += (
                f' <button type="button" class="button quiet" id="uninstall">'
                f"{text('uninstall', language)}</button>"
                f' <label><input type="checkbox" id="uninstall-clean"> '
                f"{text('with_data', language)}</label>"
            )
    elif user.is_admin or portal.config.anyone_installs:
        action = (
            f'<button type="button" class="button" id="install">{text("install", language)}'
            "</button>"
        )
    else:
        action = f'<span class="muted">{text("not_installed", language)}</span>'
    return f"""<div class="head"><h1>{text("apps", language)}</h1></div>
<section class="panel app"><h2>{escape(application.title)}</h2>
<p class="muted">{escape(application.client_id)}</p><p>{action}</p></section>
<div id="install-stage"></div>"""
