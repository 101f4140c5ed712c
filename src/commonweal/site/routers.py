"""Which role a model is reached as: sign-in data as `authn`, everything else as `app`."""

from __future__ import annotations

from typing import Any

SIGN_IN_APPS = frozenset({"auth", "contenttypes", "sessions", "account", "mfa", "identity"})
MIGRATION_ALIASES = {"migrate_authn": True, "migrate": False}


class Router:
    """Django's database router."""

    def db_for_read(self, model: Any, **_hints: Any) -> str:
        return "authn" if model._meta.app_label in SIGN_IN_APPS else "app"

    db_for_write = db_for_read

    def allow_relation(self, first: Any, second: Any, **_hints: Any) -> bool:
        return self.db_for_read(first) == self.db_for_read(second)

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        return db in MIGRATION_ALIASES and MIGRATION_ALIASES[db] == (app_label in SIGN_IN_APPS)
