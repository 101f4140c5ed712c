"""The folder an installation keeps its state in, named by COMMONWEAL_HOME (default `./.commonweal`)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from commonweal.core.errors import NotThere

PRIVATE = 0o700
SYSTEM_STATE = Path("/var/lib/commonweal")


@dataclass(frozen=True)
class Home:
    """Paths below one COMMONWEAL_HOME; `path` is absolute."""

    path: Path

    @classmethod
    def current(cls) -> Home:
        """The home of this process, from the environment."""
        return cls(Path(os.environ.get("COMMONWEAL_HOME", ".commonweal")).absolute())

    @property
    def short_id(self) -> str:
        """Eight hex digits that tell two homes of one machine apart where the whole path does not fit."""
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:8]

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def templates(self) -> Path:
        """Compiled templates of pages: code, so nobody else may write there. It can be thrown away."""
        return self.path / "templates"

    @property
    def lease(self) -> Path:
        """Locked in shared mode by every command that uses the embedded server."""
        return self.path / "server.lease"

    @property
    def start_lock(self) -> Path:
        return self.path / "server.start"

    @property
    def log(self) -> Path:
        return self.path / "server.log"

    def space_folder(self, space: str) -> Path:
        """Files that belong to one space (checkpoints, exports)."""
        return self.path / "spaces" / space

    def make(self) -> Home:
        """Create the folder, readable by its owner only."""
        try:
            for folder in (self.path, self.keys):
                folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise NotThere(
                f"COMMONWEAL_HOME {self.path} cannot be written ({error.strerror}). "
                "Set COMMONWEAL_HOME to a folder of yours."
            ) from error
        return self

    def server_folder(self) -> Path:
        """Where the embedded server keeps its data.

        PostgreSQL refuses to run as root, so under root another account owns the data; where that account cannot
        walk into the home (a home below a private folder), the data lie in the system's state folder instead.
        """
        if os.geteuid() != 0 or _everybody_can_enter(self.path.parent):
            return self.path / "postgres"
        return SYSTEM_STATE / self.short_id

    def socket_folder(self) -> Path:
        """A short private folder: a socket's path may have 107 bytes at most."""
        if os.geteuid() == 0:
            return Path("/run/commonweal") / self.short_id
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        if runtime and Path(runtime).is_dir() and os.access(runtime, os.W_OK):
            return Path(runtime) / f"commonweal-{self.short_id}"
        return Path("/tmp") / f"commonweal-{os.geteuid()}-{self.short_id}"  # noqa: S108 - owner and mode are checked


def _everybody_can_enter(folder: Path) -> bool:
    """Whether any account may walk through every folder from the root to this one (the nearest that exists)."""
    while not folder.exists():
        folder = folder.parent
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))
