"""Kinds of settings: places where people live, learn, work, pray or are tested together."""

from __future__ import annotations

from types import MappingProxyType

CARE_HOME = "care_home"
KINDS = MappingProxyType(
    {
        CARE_HOME: "Care home",
        "school": "School",
        "workplace": "Workplace",
        "hospital": "Hospital",
        "prison": "Prison",
        "hostel": "Hostel",
        "hospitality": "Pub, restaurant or hotel",
        "worship": "Place of worship",
        "test_site": "Test site",
        "other": "Other setting",
    }
)
"""Kind as records name it -> as people read it. Household and unknown are no settings with an address of their own."""
