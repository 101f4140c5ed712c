"""A space with places and feeds, one for each module."""

from __future__ import annotations

import pytest

from . import world


@pytest.fixture(scope="module")
def tokens(space: str) -> dict[str, str]:
    """Two feeds of one laboratory in a space of their own; their tokens by name."""
    world.make_places()
    return world.make_laboratory("lab-one", "lab-two")
