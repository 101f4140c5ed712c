"""Checks of a running installation: each room states its own, `commonweal check` runs them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One promise and how to look whether it holds.

    `run` returns what is wrong, one sentence each; nothing means that it holds. A `thorough` check reads whole tables
    and runs only when asked for.
    """

    name: str
    law: str
    run: Callable[[], list[str]]
    thorough: bool = False
