"""One small county, made once and never changed."""

from __future__ import annotations

import pytest

from commonweal.synthetic.world import World, make_world

SMALL = 0.05  # about 50,000 people


@pytest.fixture(scope="session")
def world() -> World:
    return make_world(seed=11, scale=SMALL)
