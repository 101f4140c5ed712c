"""A database engine that runs nothing. Libraries open transactions without naming a database; those wrap nothing
here (the real work goes, by the router, to `authn`), and any query without an alias is an error."""

from __future__ import annotations

from typing import Any

from django.db.backends.dummy.base import DatabaseWrapper as Dummy


class DatabaseWrapper(Dummy):
    """Transactions are allowed and empty; everything else complains."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.autocommit = True

    def ensure_connection(self) -> None:
        """There is nothing to connect to."""

    def get_autocommit(self) -> bool:
        return bool(self.autocommit)

    def set_autocommit(self, autocommit: bool, *_args: Any, **_kwargs: Any) -> None:
        self.autocommit = autocommit
        if autocommit and self.run_commit_hooks_on_set_autocommit_on:
            self.run_and_clear_commit_hooks()
            self.run_commit_hooks_on_set_autocommit_on = False

    def commit(self) -> None:
        self.run_commit_hooks_on_set_autocommit_on = True

    def rollback(self) -> None:
        self.run_on_commit = []

    def close(self) -> None:
        """Nothing is open."""
