"""Why a place is rising, as known at an instant: read in scope, explained, the same for whoever may read the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
import yaml

from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.intake import kept
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import why_reads
from commonweal.apps.surveillance.why_cases import prepared
from commonweal.apps.surveillance.why_reads import Where
from commonweal.core.errors import NotAllowed, NotThere
from commonweal.core.signals.why import Why, explain, not_comparable, without_addresses
from commonweal.core.signals.why_data import AFTER, BEFORE, SETTING_KINDS
from commonweal.core.signals.why_setting import WhySetting
from commonweal.core.signals.why_windows import Windows
from commonweal.server import parameters

QUERY = "why it is rising"
MOST_WEIGHTS = 6_000_000  # of draws times cases held in memory
FEWEST_DRAWS = 100
KEPT = 256


@dataclass(frozen=True)
class Explained:
    """An explanation of a place, None without a case. `with_addresses`: who lives together was looked at.
    `from_counts`: no records were read. `heard`: whether any result, negative ones included, of the window before and
    of the later one is known: without one, nobody positive means nothing."""

    where: Where
    span: Windows
    as_of: datetime
    why: Why | None
    with_addresses: bool
    agreements: tuple[str, ...]
    from_counts: bool = False
    heard: tuple[bool, bool] = (True, True)


@dataclass(frozen=True)
class Worked:
    """An explanation that was worked out, and how many rows were read for it."""

    found: Explained
    read: int


# They hold sums and names of settings, no record; whoever asks again has opened the scope that they were read in, and
# entered the same read in the access record.
answers: kept.Kept[Worked] = kept.Kept(KEPT)


@cache
def setting() -> WhySetting:
    """How rises are explained, read once a process."""
    return WhySetting.from_document(yaml.safe_load(parameters.text("signals/why.yaml")))


def explained(
    actor: Actor,
    where: Where,
    span: Windows,
    as_of: datetime,
    *,
    addresses: bool,
    by_report: bool = False,
    exported: bool = False,
) -> Explained:
    """Explain the change of a place between two windows, as known at an instant.

    addresses: read them (class L3) to see who lives together. Raises `NotThere` for a place that the office does not
    read whole, `NotAllowed` where purpose or agreement lack. The answer to the same question at the same frozen moment
    is kept, for whoever reads the same.
    """
    rules = setting()
    asked_for = (where, span, as_of, addresses, by_report)
    asked = {"place": where.code, "last": span.last, "days": span.days, "against": span.against}
    try:
        with scoped_read(
            actor, query=QUERY, filters=asked, as_of=as_of, places=list(where.authorities),
            data_class="L3" if addresses else "L2", exported=exported,
        ) as scope:  # fmt: skip
            if set(scope.codes) != set(where.authorities):
                raise NotAllowed(f"{where.name} reaches beyond them")
            key = (kept.space_of(scope), *asked_for)
            if (known := answers.get(key)) is not None:
                scope.counted += known.read
                return replace(known.found, agreements=scope.agreements)
            found = why_reads.read(scope, where, span, as_of, by_report=by_report, addresses=addresses)
            whole = why_reads.heard(scope, span, as_of, by_report=by_report) if where.setting else (False, False)
            is_frozen = kept.is_frozen(scope, as_of)
    except NotAllowed as refused:
        reason = str(refused).rstrip(".")
        raise NotThere(f"{where.name} is not among the places whose records your office reads: {reason}.") from refused
    names = _names(found.cases)
    cases, tested = prepared(
        found.cases, found.effort, span, rules, stratum=where.stratum, names=names, by_report=by_report
    )
    why = None
    if (cases.window == 1).any():
        # the seed is the question's, so that everybody who asks it gets the same answer
        seed = [span.last.toordinal(), span.days, span.against.toordinal(), *where.code.encode()]
        why = explain(cases, tested, affordable(rules, cases.window.size), np.random.default_rng(seed))
        why = why if addresses else without_addresses(why)
    heard = whole if where.setting else heard_of(cases.window.tolist(), found.effort)
    if why is not None and not heard[0]:
        why = not_comparable(why)
    answer = Explained(where, span, as_of, why, found.with_addresses, scope.agreements, heard=heard)
    if is_frozen:
        answers.put(key, Worked(answer, scope.counted), 1)
    return answer


def heard_of(windows: Collection[int], effort: Sequence[Mapping[str, Any]]) -> tuple[bool, bool]:
    """Whether a result of the window before, and of the later one, is known: a case, or a test that found nothing."""
    tested = {row["window"] for row in effort}
    before, after = (each in windows or each in tested for each in (BEFORE, AFTER))
    return before, after


def affordable(rules: WhySetting, cases: int) -> WhySetting:
    """The rules with as many draws as memory has room for."""
    return replace(rules, draws=max(FEWEST_DRAWS, min(rules.draws, MOST_WEIGHTS // cases)))


def _names(cases: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Names of the neighbourhoods, and of the settings that a register lists, that these cases have."""
    names = places.names(sorted({row["msoa_code"] for row in cases if row["msoa_code"]}))
    settings = {
        f"{row['setting_type']}:{row['setting_id']}"
        for row in cases
        if row["setting_type"] in SETTING_KINDS and row["setting_id"]
    }
    return names | places.setting_names(sorted(settings))
