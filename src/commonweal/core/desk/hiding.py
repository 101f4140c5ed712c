"""Why words are hidden from everybody: few reasons, each of which everybody reads in their place."""

from __future__ import annotations

OTHER_REASON = "other"
HIDDEN_FOR = {
    "health": "It names a person's health",
    "person": "It names a person",
    "abuse": "It is abuse",
    OTHER_REASON: "Another reason, in your words",
}
LONGEST_REASON = 300
