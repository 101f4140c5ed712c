"""The memory of failed sign-ins and used codes: a small cache in the database, shared by every process.

In the database because a lock-out that lives in one process is no lock-out when several answer, and must outlive a
restart. Keys are hashed (they hold addresses and accounts); values are JSON, so that reading one runs nothing.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.utils import timezone

from commonweal.web import db

FAR_AHEAD_SECONDS = 10 * 365 * 86400


class AttemptsCache(BaseCache):
    """Django's cache interface over `authn.attempt`."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Store where nothing (or only something expired) is stored; one statement, so that one of two wins."""
        added = db.rows(
            "authn",
            "insert into authn.attempt as a (key_sha256, value, expires_at) "
            "values (%s, %s::jsonb, clock_timestamp() + %s * interval '1 second') "
            "on conflict (key_sha256) do update set value = excluded.value, expires_at = excluded.expires_at "
            "where a.expires_at <= clock_timestamp() returning 1 as added",
            [self._hashed(key, version), json.dumps(value), self._seconds(timeout)],
        )
        return bool(added)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        row = db.one(
            "authn",
            "select value from authn.attempt where key_sha256 = %s and expires_at > clock_timestamp()",
            [self._hashed(key, version)],
        )
        return default if row is None else row["value"]

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        db.rows(
            "authn",
            "insert into authn.attempt (key_sha256, value, expires_at) "
            "values (%s, %s::jsonb, clock_timestamp() + %s * interval '1 second') "
            "on conflict (key_sha256) do update set value = excluded.value, expires_at = excluded.expires_at "
            "returning 1 as stored",
            [self._hashed(key, version), json.dumps(value), self._seconds(timeout)],
        )

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        touched = db.rows(
            "authn",
            "update authn.attempt set expires_at = clock_timestamp() + %s * interval '1 second' "
            "where key_sha256 = %s and expires_at > clock_timestamp() returning 1 as touched",
            [self._seconds(timeout), self._hashed(key, version)],
        )
        return bool(touched)

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(
            db.rows(
                "authn",
                "delete from authn.attempt where key_sha256 = %s returning 1 as gone",
                [self._hashed(key, version)],
            )
        )

    def clear(self) -> None:
        with db.transaction("authn") as cursor:
            cursor.execute("delete from authn.attempt")

    def _hashed(self, key: str, version: int | None) -> bytes:
        return hashlib.sha256(self.make_key(key, version=version).encode()).digest()

    def _seconds(self, timeout: Any) -> float:
        """Seconds to keep; the interface says None for "for ever" and zero or less for "not at all"."""
        expires = self.get_backend_timeout(timeout)
        return FAR_AHEAD_SECONDS if expires is None else expires - timezone.now().timestamp()
