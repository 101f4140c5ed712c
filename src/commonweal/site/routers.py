"""Which role a model is reached as: sign-in data as `authn`, jobs as `queue`, everything else as `app`."""

from __future__ import annotations

from typing import Any

SIGN_IN_APPS = frozenset({"auth", "contenttypes", "account", "mfa", "signin"})
QUEUE_APPS = frozenset({"procrastinate"})
MIGRATION_ALIASES = {"authn": "migrate_authn", "queue": "migrate_queue", "app": "migrate"}


def alias_of(app_label: str) -> str:
    """The run-time alias of an app's models."""
    if app_label in SIGN_IN_APPS:
        return "authn"
    return "queue" if app_label in QUEUE_APPS else "app"


class Router:
    """Django's database router."""

    def db_for_read(self, model: Any, **_hints: Any) -> str:
        return alias_of(model._meta.app_label)

    db_for_write = db_for_read

    def allow_relation(self, first: Any, second: Any, **_hints: Any) -> bool:
        return self.db_for_read(first) == self.db_for_read(second)

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        return db == MIGRATION_ALIASES[alias_of(app_label)]
