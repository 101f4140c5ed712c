"""One small county and one outbreak in it, made once and never changed."""

from __future__ import annotations

from datetime import date

import pytest

from commonweal.synthetic.outbreak import Outbreak, make_outbreak
from commonweal.synthetic.world import World, make_world

SMALL = 0.05  # about 50,000 people


@pytest.fixture(scope="session")
def world() -> World:
    return make_world(seed=11, scale=SMALL)


@pytest.fixture(scope="session")
def outbreak(world: World) -> Outbreak:
    return make_outbreak(world, seed=5, first_day=date(2020, 4, 10), days=70)
