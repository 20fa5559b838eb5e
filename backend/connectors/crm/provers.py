"""Both CRMs' proofs behind the one port signing on knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.connectors.crm.amocrm import proof as amocrm
from backend.connectors.crm.bitrix24 import proof as bitrix24
from backend.errors import BadProof
from backend.services.sign_on import Connection, Proven
from protocol.vocabulary import CrmKind

if TYPE_CHECKING:
    import httpx


class AmoCrmProver:
    """The page's disposable token, proven by the integration's own secret."""

    kind = CrmKind.AMOCRM

    def claimed(self, proof: str, hint: str) -> str:
        return amocrm.account_of(proof)

    async def prove(self, proof: str, connection: Connection) -> Proven:
        found = amocrm.check(
            proof,
            client_id=connection.client_id,
            client_secret=connection.client_secret,
            redirect_uri=connection.redirect_uri,
        )
        return Proven(
            external_id=found.account_id, crm_user_id=found.user_id, is_admin=found.is_admin
        )


class Bitrix24Prover:
    """The page's access token, proven by the authorization server kept with the portal."""

    kind = CrmKind.BITRIX24

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    def claimed(self, proof: str, hint: str) -> str:
        if not hint:
            raise BadProof("the page names no portal")
        return hint

    async def prove(self, proof: str, connection: Connection) -> Proven:
        found = await bitrix24.check(
            self._http,
            proof,
            auth_url=connection.auth_url,
            client_id=connection.client_id,
            member_id=connection.external_id,
        )

        async def administers() -> bool:
            """Asked of the portal itself: the authorization server does not know."""
            about = await bitrix24.profile(self._http, proof, api_url=found.api_url)
            if str(about.get("ID")) != found.user_id:
                raise BadProof("the portal takes the token for somebody else's")
            return about.get("ADMIN") in (True, "Y")

        return Proven(
            external_id=found.member_id, crm_user_id=found.user_id, administers=administers
        )
