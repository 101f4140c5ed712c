"""What was sent: a file, standard input, or the body of a request, as bytes that can be read more than once."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from commonweal.core.errors import NotThere, Refused

BLOCK = 1 << 20


@dataclass(frozen=True)
class Provenance:
    """Where a submission comes from, as far as the sender states it."""

    channel: str
    label: str
    sent_by: str | None = None
    held_since: datetime | None = None
    held_by: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True)
class Source:
    """Bytes to take in. `sha256` and `size` are those of the bytes as sent (still packed, if they were)."""

    provenance: Provenance
    sha256: bytes
    size: int
    path: Path | None = None
    body: bytes = field(default=b"", repr=False)
    is_json: bool = False

    def blocks(self) -> Iterator[bytes]:
        """The bytes from the start, a block at a time."""
        if self.path is None:
            yield self.body
            return
        with self.path.open("rb") as handle:
            while block := handle.read(BLOCK):
                yield block


def from_file(path: Path, provenance: Provenance) -> Source:
    """A file on this machine. Raises `NotThere` or `Refused` when it cannot be read as one."""
    if path.is_dir():
        raise Refused(f"{path} is a folder; name the files in it.")
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as handle:
            while block := handle.read(BLOCK):
                digest.update(block)
                size += len(block)
    except FileNotFoundError:
        raise NotThere(f"There is no file {path}. Check the name.") from None
    except OSError as error:
        raise NotThere(f"{path} cannot be read: {error.strerror}.") from None
    return Source(provenance, digest.digest(), size, path=path)


@contextmanager
def from_stream(stream: IO[bytes], provenance: Provenance) -> Iterator[Source]:
    """Standard input: spooled to a file first, since its checksum decides whether it came before."""
    with tempfile.NamedTemporaryFile(prefix="commonweal-intake-") as spool:
        digest, size = hashlib.sha256(), 0
        try:
            while block := stream.read(BLOCK):
                digest.update(block)
                size += len(block)
                spool.write(block)
            spool.flush()
        except OSError as error:
            raise NotThere(
                f"Standard input could not be kept in {spool.name}: {error.strerror}. Nothing was taken."
            ) from None
        yield Source(provenance, digest.digest(), size, path=Path(spool.name))


def from_body(body: bytes, provenance: Provenance, *, is_json: bool) -> Source:
    """The body of a request."""
    return Source(provenance, hashlib.sha256(body).digest(), len(body), body=body, is_json=is_json)
