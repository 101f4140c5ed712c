"""The system account that runs the embedded server: ourselves, or under root a dedicated one."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "commonweal"


@dataclass(frozen=True)
class Account:
    """Numeric ids of the account that owns the data folder; `switch` tells whether processes must change to it."""

    uid: int
    gid: int
    switch: bool

    def popen_options(self) -> dict[str, object]:
        """Keyword arguments for `subprocess` that start a program as this account."""
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "cwd": "/"}

    def own(self, *paths: Path) -> None:
        """Give paths (not what is below them) to the account."""
        if self.switch:
            for path in paths:
                os.chown(path, self.uid, self.gid)


def server_account() -> Account:
    """The account for the embedded server; makes the dedicated one when root has none yet."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    entry = _lookup(NAME)
    if entry is None and shutil.which("useradd"):
        command = ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false"]
        subprocess.run([*command, NAME], check=False, capture_output=True)  # noqa: S603 - fixed arguments
        entry = _lookup(NAME)
    entry = entry or pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid, switch=True)


def _lookup(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
