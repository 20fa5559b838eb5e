"""What a check sees and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Finding:
    """A broken rule. `where` is a path of the archive, with a line number for code."""

    rule: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text} [{self.rule}]"


@dataclass(frozen=True)
class Package:
    """The archive with its manifest read."""

    files: Mapping[str, bytes]
    manifest: dict[str, Any]

    @property
    def widget(self) -> dict[str, Any]:
        found = self.manifest.get("widget")
        return found if isinstance(found, dict) else {}

    @property
    def locales(self) -> list[str]:
        found = self.widget.get("locale")
        return [str(code) for code in found] if isinstance(found, list) else []

    @property
    def locations(self) -> list[str]:
        found = self.manifest.get("locations")
        return [str(code) for code in found] if isinstance(found, list) else []

    def tour_images(self) -> list[str]:
        """Paths inside the archive, without the slash the manifest writes before them."""
        tour = self.manifest.get("tour")
        lists = tour.get("tour_images") if isinstance(tour, dict) else None
        if not isinstance(lists, dict):
            return []
        return [
            path.lstrip("/")
            for paths in lists.values()
            if isinstance(paths, list)
            for path in paths
            if isinstance(path, str)
        ]

    def text(self, path: str) -> str:
        """A text file; what cannot be read was reported as an encoding fault already."""
        return self.files[path].decode("utf-8", "replace")
