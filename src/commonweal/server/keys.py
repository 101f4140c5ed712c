"""Keys and passwords, none of them in the database: files below COMMONWEAL_HOME/keys (0700, files 0600).

Key families: `identity` wraps each person's data key, `person` makes the linking codes (HMAC), `ledger` signs
checkpoints, `cookies` signs sessions. Each has numbered versions; the newest is used for writing, all for reading.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from commonweal.core.errors import Refused
from commonweal.server.home import PRIVATE, Home

FAMILIES = ("identity", "person", "ledger", "cookies")
KEY_BYTES = 32


@dataclass(frozen=True)
class Key:
    """One version of a key: `key_id` is stored beside whatever it made, `material` never leaves this process."""

    family: str
    version: int
    material: bytes

    @property
    def key_id(self) -> int:
        return self.version


def secret(home: Home, name: str) -> str:
    """A generated password, made on first use and the same ever after."""
    return _read_or_make(home.make().keys / f"{name}.secret", lambda: secrets.token_urlsafe(32).encode()).decode()


def current(home: Home, family: str) -> Key:
    """The newest key of a family; the first is made on first use."""
    versions = _versions(home, family)
    return load(home, family, versions[-1] if versions else 1)


def load(home: Home, family: str, version: int) -> Key:
    """One version of a key. Raises `Refused` when the family or version is unknown."""
    if family not in FAMILIES:
        raise Refused(f"There is no key family {family!r}; the families are {', '.join(FAMILIES)}.")
    path = _path(home, family, version)
    if version != 1 and not path.exists():
        raise Refused(f"Key {family} version {version} is not in {home.keys}; restore it from where keys are kept.")
    return Key(family, version, _read_or_make(path, lambda: secrets.token_bytes(KEY_BYTES)))


def rotate(home: Home, family: str) -> Key:
    """Add the next version of a key. Nothing that was written with an older one changes."""
    previous = current(home, family)
    path = _path(home, family, previous.version + 1)
    return Key(family, previous.version + 1, _read_or_make(path, lambda: secrets.token_bytes(KEY_BYTES)))


def _path(home: Home, family: str, version: int) -> Path:
    return home.make().keys / f"{family}.{version}.key"


def _versions(home: Home, family: str) -> list[int]:
    if family not in FAMILIES:
        raise Refused(f"There is no key family {family!r}; the families are {', '.join(FAMILIES)}.")
    return sorted(int(path.name.split(".")[1]) for path in home.keys.glob(f"{family}.*.key"))


def _read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """Read a secret file, creating it atomically when it is not there (two processes agree on one content)."""
    if not path.exists():
        path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(make())
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(draft, path)  # fails when another process was first: then theirs is the one
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
    if path.stat().st_mode & 0o077:
        raise Refused(f"{path} can be read by other accounts. Make it private first: chmod 600 {path}")
    return path.read_bytes()
