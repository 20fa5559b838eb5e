"""Which integration of amoCRM's a code or a link is for."""

from __future__ import annotations

from datetime import timedelta

from backend.errors import BadRequest
from backend.kit.clock import Clock
from backend.kit.secrets_box import SecretsBox
from backend.services.amocrm_install import Client
from backend.store.accounts import AccountStore
from backend.store.database import Database
from backend.store.installs import CrmClient, CrmClientStore, is_known
from protocol.vocabulary import AccountId, CrmKind

KIND = CrmKind.AMOCRM
MAX_ID = 100
"""An integration's id is a UUID."""
EXTERNAL_FRESH = timedelta(minutes=30)
"""The secrets of an external integration come just before its code, which lives twenty minutes."""


class SqlAmoCrmClients:
    """The server's own integration, and those of single accounts."""

    def __init__(
        self,
        database: Database,
        secrets: SecretsBox,
        clock: Clock,
        *,
        base_url: str,
        client_id: str,
        client_secret: str,
    ) -> None:
        """`client_id` is '' where the server has no integration of its own."""
        self._database = database
        self._secrets = secrets
        self._clock = clock
        self._redirect_uri = f"{base_url}/amocrm/oauth"
        self._server = (
            Client(
                client_id=client_id, client_secret=client_secret, redirect_uri=self._redirect_uri
            )
            if client_id
            else None
        )

    def private_redirect_uri(self, account_id: AccountId) -> str:
        """What is registered with a private integration: it names the account, because the
        platform's own call after an installation says nothing of it."""
        return f"{self._redirect_uri}/{account_id}"

    async def add(
        self, account_id: AccountId, client_id: str, client_secret: str, via: str
    ) -> None:
        async with self._database.begin(account_id) as tx:
            await CrmClientStore(tx, self._secrets).save(
                account_id,
                KIND,
                CrmClient(
                    client_id=client_id,
                    client_secret=client_secret,
                    via=via,
                    created_at=self._clock.now(),
                ),
            )

    async def pick(
        self, account_id: AccountId | None, *, client_id: str = "", private: bool = False
    ) -> Client:
        """The named one; else the one that was just made for an authorisation; else the account's
        own; else the server's. `private`: only the account's own. Raises BadRequest."""
        known: list[CrmClient] = []
        if account_id is not None:
            async with self._database.begin(account_id) as tx:
                known = await CrmClientStore(tx, self._secrets).newest_first(account_id, KIND)
        for client in known:
            if private and client.via != "private":
                continue
            if client.client_id == client_id or (not client_id and self._fits(client)):
                return self._of(account_id, client)
        if private or self._server is None or client_id not in ("", self._server.client_id):
            raise BadRequest("this server knows no such integration")
        return self._server

    async def known(self, client_id: str) -> bool:
        """Whether it is the server's integration or any account's; which one is not said."""
        if self._server is not None and self._server.client_id == client_id:
            return True
        if not 1 <= len(client_id) <= MAX_ID:
            return False
        async with self._database.begin_resolving() as tx:
            accounts = [account.id for account in await AccountStore(tx).all()]
        if not accounts:
            return False
        async with self._database.begin_many(accounts) as tx:
            return await is_known(tx, KIND, client_id)

    def _fits(self, client: CrmClient) -> bool:
        age = self._clock.now() - client.created_at
        return client.via == "private" or age < EXTERNAL_FRESH

    def _of(self, account_id: AccountId | None, client: CrmClient) -> Client:
        private = client.via == "private"
        return Client(
            client_id=client.client_id,
            client_secret=client.client_secret,
            redirect_uri=(
                self.private_redirect_uri(account_id)
                if private and account_id is not None
                else self._redirect_uri
            ),
            via="private" if private else "external",
        )
