"""Which space a verb works in: `--space`, else COMMONWEAL_SPACE, else the live one."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def space_option(command: Command) -> Command:
    """Adds `--space` to a group or command; the choice holds for the process."""
    return click.option(
        "--space",
        expose_value=False,
        help="The space to work in; the live one if left out.",
        callback=_choose,
    )(command)


def open_chosen_space() -> None:
    """Start the server and set Django up on the chosen space."""
    from commonweal.server import provider
    from commonweal.site import installation

    installation.open_existing(provider.current_space())


def _choose(_context: click.Context, _option: click.Parameter, name: str | None) -> None:
    if name is not None:
        os.environ["COMMONWEAL_SPACE"] = name
