"""A backup put back: what a person had erased since is ended once more before anybody is let in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from commonweal.server import backups
from commonweal.server.backups import Manifest
from commonweal.site import installation


@dataclass(frozen=True)
class Restored:
    """What was put back, and how many records had been erased since the backup and open no more again."""

    manifest: Manifest
    erased_again: int


def restore(folder: Path) -> Restored:
    """Put a backup back as the space it is of, in this version's shape, and open it.

    Stopped at any moment the space stays closed, and the next restore begins again. Nobody stays signed in. Raises
    `NotThere` and `Refused`.
    """
    found = backups.put_back(folder)
    installation.use_space(found.space)
    installation.migrate()
    from commonweal.apps.access import actions, subjects

    ended = subjects.erase_again()
    actions.sign_everybody_out("an older state of this space was put back")
    backups.open_to_all(found.space)
    return Restored(found, ended)
