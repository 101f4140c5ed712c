"""What an explanation is made from: the cases of two windows with what is known of each, and the tests of both.

Nothing here names a person: households and settings are numbers that mean something inside one explanation only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonweal.core.epi import checks
from commonweal.core.epi.checks import BoolArray, FloatArray, IntArray
from commonweal.core.errors import Refused

UNKNOWN = -1
NO_SETTING = -2  # asked, and in no workplace, school or care home
EARLIER, BEFORE, AFTER = -1, 0, 1
CHILD, WORKING_AGE, OLDER = range(3)
SETTING_KINDS = ("workplace", "care_home", "school")


@dataclass(frozen=True)
class Field:
    """One attribute of every case: `code` is a position in `labels`, UNKNOWN where it is not known."""

    name: str
    code: IntArray
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Places:
    """Workplaces, care homes and schools that occur: a name for each and its position in SETTING_KINDS."""

    names: tuple[str, ...]
    kinds: IntArray


@dataclass(frozen=True)
class Cases:
    """One position a case (a person's episode), in any order.

    window: EARLIER (only to know who lives with an earlier case), BEFORE or AFTER. stratum: position in `Tested`.
    household: a number, UNKNOWN without an address. setting: position in `Places`, NO_SETTING or UNKNOWN. age_group:
    CHILD, WORKING_AGE or OLDER. arrived: 1 infected outside the area, 0 not, UNKNOWN. late: from a late batch. fields:
    what tables are made of.
    """

    window: IntArray
    stratum: IntArray
    household: IntArray
    setting: IntArray
    age_group: IntArray
    arrived: IntArray
    late: BoolArray
    places: Places
    fields: tuple[Field, ...] = ()

    def __post_init__(self) -> None:
        columns = (self.stratum, self.household, self.setting, self.age_group, self.arrived, self.late)
        for column in (*columns, *(field.code for field in self.fields)):
            checks.same_shape("window", self.window, "a column of cases", column)
        if self.setting.size and int(self.setting.max()) >= len(self.places.names):
            raise Refused(f"setting {int(self.setting.max())} is none of the {len(self.places.names)} places given.")
        if not np.isin(self.window, (EARLIER, BEFORE, AFTER)).all():
            raise Refused(
                "window holds other values than -1 (earlier), 0 (before) and 1 (after). Leave other cases out."
            )


@dataclass(frozen=True)
class Tested:
    """Tests that were not a case's first positive, in both windows, `[stratum]`.

    A stratum is a small area and a reason for being tested (with symptoms, without, not said); reason: its code from 0.
    """

    before: FloatArray
    after: FloatArray
    reason: IntArray

    def __post_init__(self) -> None:
        checks.non_negative("before", self.before)
        checks.non_negative("after", self.after)
        checks.same_shape("before", self.before, "after", self.after)
        checks.same_shape("before", self.before, "reason", self.reason)
