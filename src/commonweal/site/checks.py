"""Every room's checks, in the order of the rooms."""

from __future__ import annotations

import importlib
import importlib.util

from django.apps import apps

from commonweal.web.checks import Check


def all_checks() -> list[Check]:
    """The checks that the rooms state in their `checks` modules."""
    found: list[Check] = []
    for room in apps.get_app_configs():
        if room.name.startswith("commonweal.") and importlib.util.find_spec(f"{room.name}.checks"):
            found += importlib.import_module(f"{room.name}.checks").CHECKS
    return found
