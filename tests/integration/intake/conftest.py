"""A space with places and feeds, one for each module."""

from __future__ import annotations

import django
import pytest
from django.apps import apps

from . import world

if not apps.ready:  # models can be imported only once Django is set up
    django.setup()


@pytest.fixture(scope="module")
def tokens(space: str) -> dict[str, str]:
    """Two feeds of one laboratory in a space of their own; their tokens by name."""
    world.make_places()
    return world.make_laboratory("lab-one", "lab-two")
