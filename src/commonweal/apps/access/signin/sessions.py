"""Sessions: the database holds only the SHA-256 of a key and contents it cannot read.

A session ends after 30 minutes without a request and after 12 hours whatever happens.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.utils import timezone

from commonweal.apps.access.signin import sealing
from commonweal.core.errors import Refused

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)
USE = "session"


def hashed(key: str) -> str:
    """How a session's key is known to the database."""
    return hashlib.sha256(key.encode()).hexdigest()


class SessionStore(SessionBase):
    """Django's session store over the table `authn.session`."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.started_at: datetime | None = None
        self.loaded_expiry: datetime | None = None

    def load(self) -> dict[str, Any]:
        row = self._rows().filter(key_sha256=hashed(self.session_key or ""), expires_at__gt=timezone.now()).first()
        if row is None:
            self._session_key = None
            return {}
        self.started_at, self.loaded_expiry = row.started_at, row.expires_at
        return self.decode(row.sealed)

    def exists(self, session_key: str | None = None) -> bool:
        return bool(self._rows().filter(key_sha256=hashed(session_key or "")).exists())

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            self.started_at = None
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
            return
        contents = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        now = timezone.now()
        started_at = self.started_at or now
        values = {
            "sealed": self.encode(contents),
            "user_id": contents.get(SESSION_KEY),
            "expires_at": min(now + IDLE, started_at + LONGEST),
        }
        key = hashed(self.session_key)
        if must_create:
            try:
                with transaction.atomic(using="authn"):
                    self._rows().create(key_sha256=key, started_at=now, **values)
            except IntegrityError as error:
                raise CreateError from error
            self.started_at = now
        elif not self._rows().filter(key_sha256=key).update(**values):
            raise UpdateError  # signed out elsewhere meanwhile: it stays signed out

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            self._rows().filter(key_sha256=hashed(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        cls._rows().filter(expires_at__lt=timezone.now()).delete()

    def encode(self, session_dict: dict[str, Any]) -> str:
        return sealing.seal(json.dumps(session_dict), USE)

    def decode(self, session_data: str | bytes) -> dict[str, Any]:
        text = session_data.decode() if isinstance(session_data, bytes) else session_data
        try:
            contents = json.loads(sealing.unseal(text, USE))
        except Refused:
            return {}  # sealed with keys that are gone: nobody is signed in by it
        return dict(contents)

    @property
    def is_due_for_a_touch(self) -> bool:
        """Whether enough of the idle time has passed that a request should move its end (a write a minute at most)."""
        return self.loaded_expiry is not None and self.loaded_expiry - timezone.now() < IDLE - TOUCH_EVERY

    @staticmethod
    def _rows() -> Any:
        from commonweal.apps.access.signin.models import Session  # the model needs Django to be set up

        return Session.objects.using("authn")


def sign_out_everywhere(user_id: int, *, but: Iterable[str] = ()) -> int:
    """End every session of an account except those with the keys given; returns how many ended."""
    kept = [hashed(key) for key in but]
    ended, _ = SessionStore._rows().filter(user_id=user_id).exclude(key_sha256__in=kept).delete()
    return _counted(ended)


def end_all() -> int:
    """End every session there is; returns how many ended."""
    ended, _ = SessionStore._rows().delete()
    return _counted(ended)


def _counted(ended: object) -> int:
    if not isinstance(ended, int):
        raise ImproperlyConfigured(f"deleting sessions answered {ended!r}")
    return ended
