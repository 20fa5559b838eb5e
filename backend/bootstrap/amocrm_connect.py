"""`dozvon connect amocrm`: what an administrator opens, enters or puts on a page."""

from __future__ import annotations

import html

from backend.bootstrap.amocrm import clients, consent_page
from backend.bootstrap.connecting import account_named, pairing
from backend.bootstrap.foundation import Foundation, foundation
from backend.errors import BadRequest
from backend.services.pairing import CODE_TTL
from backend.settings import Settings
from backend.store.accounts import Account
from protocol.vocabulary import CrmKind

KIND = CrmKind.AMOCRM
SCOPES = "crm"


async def connect(
    settings: Settings, account: str, *, client_id: str, client_secret: str, button: bool
) -> list[str]:
    """Lines for a person. Raises BadRequest, NotFound.

    With a client id: a private integration of the account. `button`: a piece of HTML whose button
    makes an external integration. Else the link to the consent page.
    """
    async with foundation(settings, single=True, migrating=False) as base:
        found = await account_named(base, account)
        state = await pairing(base).state(found.id, KIND, CODE_TTL)
        if button:
            return [_button(settings, state), "", *_ends(found)]
        known = clients(base)
        if client_id:
            await known.add(found.id, client_id, client_secret, "private")
            return _private(base, found, client_id, state)
        try:
            client = await known.pick(found.id)
        except BadRequest:
            raise BadRequest(
                "no integration is known: set DOZVON_AMOCRM_CLIENT_ID and _CLIENT_SECRET, or name "
                "the account's own with --client-id and --client-secret, or use --button"
            ) from None
        return [
            "An administrator of the amoCRM account opens this link and presses Allow:",
            "",
            f"  {consent_page(base, client.client_id, state)}",
            "",
            *_ends(found),
        ]


def _private(base: Foundation, account: Account, client_id: str, state: str) -> list[str]:
    app = base.settings.base_url
    return [
        f"The integration is kept for {account.name}. In amoCRM, in its settings, put",
        "",
        f"  redirect address   {clients(base).private_redirect_uri(account.id)}",
        f"  disconnect hook    {app}/amocrm/disconnect",
        "",
        "then upload widget.zip (`make amocrm-widget`) and press Install, or open",
        "",
        f"  {consent_page(base, client_id, state)}",
        "",
        *_ends(account),
    ]


def _ends(account: Account) -> list[str]:
    return [f"It joins one amoCRM account to {account.name}; good for 24 hours and one use."]


def _button(settings: Settings, state: str) -> str:
    """amoCRM's button of external integrations (reference §4.2): it makes the integration, sends
    its keys to `secrets_uri` and then the browser to `redirect_uri`."""
    app = settings.base_url
    kommo = "kommo" in settings.amocrm_site
    data = {
        "name": "Dozvon",
        "description": "Phone in the CRM tab",
        "redirect_uri": f"{app}/amocrm/oauth",
        "secrets_uri": f"{app}/amocrm/secrets",
        "logo": f"{app}/static/amocrm/images/logo_main.png",
        "scopes": SCOPES,
        "state": state,
        "mode": "popup",
    }
    attributes = " ".join(f'data-{name}="{html.escape(value)}"' for name, value in data.items())
    return (
        f'<script class="{"kommo_oauth" if kommo else "amocrm_oauth"}" charset="utf-8" '
        f'{attributes} src="{settings.amocrm_site.rstrip("/")}/auth/button.min.js"></script>'
    )
