"""Switch connections, as whoever applies a file of settings sees them."""

from __future__ import annotations

from sqlalchemy import select

from backend.kit.secrets_box import SecretsBox
from backend.services.account_apply import SWITCH_SETTINGS, KeptSwitch
from backend.services.account_file import SwitchConfig
from backend.store.accounts import AccountStore
from backend.store.database import Database
from backend.store.switches import SwitchConnection, SwitchStore
from backend.store.tables import virtual_numbers
from protocol.vocabulary import AccountId


class SqlSwitches:
    """`services.account_apply.Switches`."""

    def __init__(self, database: Database, secrets: SecretsBox) -> None:
        self._database = database
        self._secrets = secrets

    async def all(self) -> list[KeptSwitch]:
        async with self._database.begin_resolving() as tx:
            found = await SwitchStore(tx, self._secrets).all()
        return [
            KeptSwitch(
                SwitchConfig(
                    id=s.id,
                    kind=s.kind,
                    url=s.url,
                    app=s.app,
                    **{name: str(s.settings.get(name) or "") for name in SWITCH_SETTINGS},
                ),
                s.credentials,
            )
            for s in found
        ]

    async def save(self, switch: KeptSwitch) -> None:
        """What the file cannot say of a connection stays."""
        config = switch.config
        async with self._database.begin_resolving() as tx:
            store = SwitchStore(tx, self._secrets)
            known = {s.id: s.settings for s in await store.all()}
            before = known.get(config.id, {})
            kept = {key: before[key] for key in before if key not in SWITCH_SETTINGS}
            said = {name: told for name in SWITCH_SETTINGS if (told := getattr(config, name))}
            await store.save(
                SwitchConnection(
                    id=config.id,
                    kind=config.kind,
                    url=config.url,
                    app=config.app,
                    credentials=switch.credentials,
                    settings=kept | said,
                )
            )

    async def account_id(self, slug: str) -> AccountId | None:
        async with self._database.begin_resolving() as tx:
            found = await AccountStore(tx).by_slug(slug)
        return None if found is None else found.id

    async def numbers(self) -> list[tuple[str, str, AccountId]]:
        c = virtual_numbers.c
        async with self._database.begin_resolving() as tx:
            rows = await tx.execute(select(c.connection_id, c.number, c.account_id))
            return [(row.connection_id, row.number, AccountId(row.account_id)) for row in rows]
