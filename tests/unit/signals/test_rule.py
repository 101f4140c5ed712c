"""The rule, what it learns of delays, and what holds it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import yaml

from commonweal.core.errors import Refused
from commonweal.core.signals import completeness, holding
from commonweal.core.signals.publications import Thinned, Triangle, weekdays
from commonweal.core.signals.rule import assess, shared_growth, week_pattern
from commonweal.core.signals.setting import Setting
from commonweal.core.signals.watching import watch
from commonweal.server import parameters

SETTING = Setting.from_document(yaml.safe_load(parameters.text("signals/rule.yaml")))
FIRST = np.array(SETTING.first_completeness)
MONDAY = date(2020, 3, 2)
PEOPLE = np.full(30, 100_000.0)


def epidemic(rng: np.random.Generator, days: int = 90) -> np.ndarray:
    """Thirty places at 2 cases a day; the first five rise tenfold from day 60."""
    mean = np.full((30, days), 2.0)
    mean[:5, 60:] = 20.0
    return rng.poisson(mean)


def thinned(final: np.ndarray, seed: int = 1, share: np.ndarray = FIRST) -> Thinned:
    table = np.tile(share, (7, 1))
    weekday = weekdays(MONDAY, final.shape[1])
    cube = completeness.thinned(final, table, weekday, np.random.default_rng(seed))
    return Thinned(MONDAY, [f"E0600{n:04d}" for n in range(final.shape[0])], cube)


def test_a_thinned_series_is_whole_in_the_end_and_as_complete_as_told():
    final = np.full((200, 60), 50)
    source = thinned(final)
    assert (source.cube[:, :, -1] == final).all()
    assert source.cube.sum(axis=(0, 1)) / final.sum() == pytest.approx(FIRST, abs=0.01)
    seen = source.seen(59)
    assert (seen[:, 59] == source.cube[:, 59, 0]).all()
    assert (seen[:, 40] == 50).all()


def test_completeness_is_learnt_from_publications():
    share = np.array([0.0, 0.3, 0.5, 0.7, 0.8, 0.9, *np.linspace(0.95, 1.0, 9)])
    source = thinned(np.full((200, 60), 50), share=share)
    table = completeness.learnt(
        source.totals(14), source.published(), weekdays(MONDAY, 60), 59, SETTING.delays, SETTING.first_completeness
    )
    assert table == pytest.approx(np.tile(share, (7, 1)), abs=0.02)


def test_before_any_publication_the_first_completeness_holds():
    nothing = np.zeros((60, 15))
    table = completeness.learnt(
        nothing, np.zeros(60, dtype=bool), weekdays(MONDAY, 60), 59, SETTING.delays, SETTING.first_completeness
    )
    assert table[3] == pytest.approx(FIRST, abs=1e-12)


def test_the_rule_finds_the_places_that_rise_soon_and_only_them():
    source = thinned(epidemic(np.random.default_rng(5)))
    watched = watch(source, PEOPLE, SETTING, 50, 80)
    flags = watched.flags(SETTING.threshold)
    first = [int(np.flatnonzero(row)[0]) if row.any() else -1 for row in flags]
    assert all(61 <= day <= 65 for day in first[:5]), first
    assert first[5:] == [-1] * 25
    assert watched.events == []


def test_growth_of_all_areas_is_not_that_of_a_few_great_outbreaks():
    seen = np.full((30, 60), 10.0)
    seen[:5, -11:-4] = 40.0
    assert shared_growth(seen, np.ones(60)) == pytest.approx(np.log(1.5) / 7, rel=1e-3)
    assert shared_growth(seen, np.ones(60), without=0.2) == 0.0
    growing = np.tile(10 * 1.05 ** np.arange(60), (30, 1))
    assert shared_growth(growing, np.ones(60), without=0.2) == pytest.approx(np.log(1.05), rel=1e-2)


def test_less_is_asked_of_a_place_while_all_grow_and_no_more_while_all_fall():
    for daily, wanted in ((1.05, SETTING.most_ease), (1.005, SETTING.ease * np.log(1.005)), (0.97, 0.0)):
        seen = np.tile(50 * daily ** np.arange(60), (30, 1))
        people = np.full(30, 1e5)
        strict = replace(SETTING, ease=0.0)
        eased, plain = (assess(seen, np.ones(60), weekdays(MONDAY, 60), people, each) for each in (SETTING, strict))
        assert eased.score - plain.score == pytest.approx(np.full(30, wanted), rel=1e-2, abs=1e-12)


def test_complete_counts_need_no_guess():
    seen = np.full((1, 60), 3.0)
    seen[0, -7:] = 9.0
    found = assess(seen, np.ones(60), weekdays(MONDAY, 60), PEOPLE[:1], SETTING)
    assert found.rate[0] == pytest.approx(63)
    assert found.lowest[0] == pytest.approx(21)
    assert found.needed[0] == pytest.approx(min(max(40, SETTING.ratio * 21), 21 + 40))
    assert found.reported[0] == pytest.approx(1)
    assert found.holds[0]


def test_a_larger_place_at_the_same_rates_is_surer():
    seen = np.full((2, 60), 3.0)
    seen[:, -7:] = 9.0
    seen[1] *= 10
    found = assess(seen, np.ones(60), weekdays(MONDAY, 60), np.array([1e5, 1e6]), SETTING)
    assert found.rate[0] == pytest.approx(found.rate[1])
    assert found.score[1] > found.score[0]


def test_the_weeks_pattern_is_found():
    weekday = weekdays(MONDAY, 70)
    seen = np.where(weekday >= 5, 50.0, 100.0)[None]
    pattern = week_pattern(seen, np.ones(70), weekday)
    assert pattern[5] / pattern[0] == pytest.approx(0.5, rel=0.02)


def test_too_few_days_are_refused():
    with pytest.raises(Refused, match="20 days of counts"):
        assess(np.ones((1, 20)), np.ones(20), weekdays(MONDAY, 20), PEOPLE[:1], SETTING)


def publications(final: np.ndarray, source: Thinned, first: int, last: int) -> np.ndarray:
    out = np.zeros((last - first + 1, final.shape[0], last + 1), dtype=np.int64)
    for number, morning in enumerate(range(first, last + 1)):
        out[number, :, : morning + 1] = source.seen(morning)
    return out


def test_a_definition_break_is_one_event_and_no_outbreak():
    final = np.random.default_rng(2).poisson(3.0, (30, 90))
    source = thinned(final)
    counts = publications(final, source, 40, 89)
    counts[30:] *= 4  # from day 70 on every day counts four times as many
    triangle = Triangle(MONDAY, source.areas, list(range(40, 90)), counts)
    watched = watch(triangle, PEOPLE, SETTING, 50, 89)
    assert [(event.morning, event.kind) for event in watched.events] == [(70, "definition_break")]
    assert watched.events[0].share > 0.9
    assert not watched.flags(SETTING.threshold)[:, 70].any()


def test_a_late_batch_is_named_and_holds_back_what_it_explains():
    final = np.random.default_rng(4).poisson(3.0, (30, 90))
    source = thinned(final)
    counts = publications(final, source, 40, 89)
    counts[30:, :10, 62:66] += 12  # published on day 70, of days 62 to 65, in ten places
    triangle = Triangle(MONDAY, source.areas, list(range(40, 90)), counts)
    watched = watch(triangle, PEOPLE, SETTING, 50, 89)
    batches = [event for event in watched.events if event.kind == "late_batch"]
    assert [event.morning for event in batches] == [70]
    assert batches[0].after >= 480
    held = watched.held[:, 70]
    assert held[:10].sum() >= 5
    assert held[10:].sum() <= 1, "the batch looks like growth of all, for which others are forgiven a little: held, too"
    assert not watched.flags(SETTING.threshold)[held, 70].any()


def test_areas_that_join_bring_their_past_and_are_neither_batch_nor_break():
    final = np.random.default_rng(4).poisson(3.0, (30, 90))
    source = thinned(final)
    counts = publications(final, source, 40, 89)
    counts[:30, 12:] = 0  # eighteen of thirty areas are published from day 70 on, with all their days
    triangle = Triangle(MONDAY, source.areas, list(range(40, 90)), counts)
    assert watch(triangle, PEOPLE, SETTING, 50, 89).events == []


def test_quiet_revisions_are_no_break():
    before = np.full((20, 60), 10.0)
    assert holding.definition_break(before, before * 1.05, SETTING.breaks) is None


def test_a_setting_with_a_hole_is_refused():
    document = yaml.safe_load(parameters.text("signals/rule.yaml"))
    with pytest.raises(Refused, match=r"lacks level"):
        Setting.from_document({name: value for name, value in document.items() if name != "level"})
    with pytest.raises(Refused, match="needs 15"):
        Setting.from_document({**document, "first_completeness": [0.5, 1.0]})
