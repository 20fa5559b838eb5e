"""Where recordings are kept, by the settings, and the switches they come from."""

from __future__ import annotations

from backend.bootstrap import uis
from backend.kit.clock import Clock
from backend.services.ports import AudioStorage, SwitchRecordings
from backend.settings import Settings
from backend.store.audio_disk import DiskAudio
from backend.store.audio_s3 import S3Audio
from backend.store.switches import SwitchConnection
from backend.telephony.asterisk import AsteriskRecordings
from backend.telephony.uis import UisRecordings

_Files = AsteriskRecordings | UisRecordings

FOLDER = "recordings"


def audio_storage(settings: Settings) -> AudioStorage:
    """Raises SettingsError."""
    if settings.recordings_url:
        return S3Audio(
            settings.recordings_url,
            access_key=settings.recordings_key,
            secret_key=settings.recordings_secret,
        )
    return DiskAudio(settings.var_dir / FOLDER)


class SwitchFiles:
    """The files of every switch connection there is: any worker may fetch them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, tuple[SwitchConnection, _Files]] = {}

    def get(self, connection_id: str) -> SwitchRecordings | None:
        found = self._open.get(connection_id)
        return None if found is None else found[1]

    async def take(self, connections: dict[str, SwitchConnection]) -> None:
        """The connections there are now, by id."""
        for connection_id, connection in connections.items():
            known = self._open.get(connection_id)
            if known is not None and known[0] == connection:
                continue
            files = self._files(connection)
            self._open[connection_id] = (connection, files)
            if known is not None:
                await known[1].aclose()
        for gone in set(self._open) - set(connections):
            await self._open.pop(gone)[1].aclose()

    def _files(self, connection: SwitchConnection) -> _Files:
        if connection.kind == uis.KIND:
            return uis.recordings(connection, self._clock)
        user, _, password = connection.credentials.partition(":")
        return AsteriskRecordings(connection.url, user, password)

    async def aclose(self) -> None:
        await self.take({})
