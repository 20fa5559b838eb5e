"""A CRM leaves an account for good: the connection goes, and all that was read through it."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.kit.secrets_box import SecretsBox
from backend.store.crm_connections import CrmConnectionStore
from backend.store.crm_people import CrmPeopleStore
from backend.store.phone_index import PhoneIndexStore
from backend.store.sessions import SessionStore
from backend.store.tables import contact_choices, manager_answers
from protocol.vocabulary import AccountId, CrmKind


async def forget_crm(
    tx: AsyncConnection, secrets: SecretsBox, account_id: AccountId, kind: CrmKind
) -> None:
    """Tokens, bindings, numbers, noted people and cached answers go, sessions end; employees,
    settings and the history of calls stay. Links to the CRM's users go too: another installation
    has other people under the same numbers, and the next reading links by e-mail."""
    await SessionStore(tx).revoke_crm(account_id, kind)
    await PhoneIndexStore(tx).replace(account_id, kind, [])
    await CrmPeopleStore(tx).forget(account_id, kind)
    for table in (contact_choices, manager_answers):
        await tx.execute(delete(table).where(table.c.account_id == account_id))
    # Grants and bindings hang on it.
    await CrmConnectionStore(tx, secrets).remove(account_id, kind)
