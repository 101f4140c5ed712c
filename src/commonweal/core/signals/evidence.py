"""One signal's evidence as one document with one way to write it, so that the same evidence has the same bytes."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any

KIND, VERSION = "signal-evidence", 1


@dataclass(frozen=True)
class Evidence:
    """A document and what it amounts to. `body` is the document as canonical JSON: names sorted, no spaces, UTF-8,
    times in UTC, numbers that are not finite as null. `sha256` is the checksum of `body` in hexadecimal."""

    document: Mapping[str, Any]
    body: bytes
    sha256: str


def evidence(document: Mapping[str, Any]) -> Evidence:
    """The document with its bytes. Raises `TypeError` for a value that has no one way to be written."""
    values = plain(document)
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    body = text.encode()
    return Evidence(values, body, hashlib.sha256(body).hexdigest())


def plain(value: Any) -> Any:
    """The value as JSON knows it. Raises `TypeError` for a kind of value that has no one way to be written."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} has no one way to be written in a document of evidence: {value!r:.60}")
