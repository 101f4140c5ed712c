"""What the pages of signals and sweeps say, as text, without a database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from commonweal.apps.surveillance.pages import how, signal, signal_facts, signal_past, signal_pictures, signals, sweeps
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.apps.surveillance.pages.signal_words import Names
from commonweal.core.signals.own_past import departure
from commonweal.web.pages import ShownPicture, ShownTable
from tests.functional import sample_area, sample_place
from tests.functional import sample_signals as sample


def test_the_list_puts_what_grows_first_and_says_it() -> None:
    built = sample.signals_page()["signals"]
    assert built.number == "3", "a late batch is no signal to act on"
    assert built.lead[0] == (
        f"Cluster in {sample.HERE.name} and {sample.BESIDE.name} is growing (19 people); first found on Tuesday 9 June."
    )
    assert built.lead[1] == "In Fernleigh: 1 growing, 1 new or back, 1 fading."
    assert "signals that it explains are held back" in built.lead[2]
    assert [row[8] for row in built.table.table.rows] == [1, 2, 4, 3]
    assert built.table.links[0] == "/signals/1"
    assert {row[1] for row in built.table.table.rows} == {"Fernleigh"}, "one of two areas that the reader answers for"


def test_links_keep_the_moment_that_was_asked_for() -> None:
    shown = signals.table(sample.rows(), sample.NAMES, Address("/signals", "", sample.AS_OF, pinned=True), areas=False)
    assert shown is not None
    assert shown.links[0].endswith("?as_of=2020-06-13T06:02:11.250000Z")


def test_the_map_outlines_the_areas_of_signals_that_go_on_only() -> None:
    address = Address("/signals", "", sample.AS_OF)
    on = signals.signal_map([sample.row()], sample.ground(), sample.NAMES, address)
    over = signals.signal_map([sample.row(state="closed")], sample.ground(), sample.NAMES, address)
    assert on is not None
    assert over is not None
    assert "In a rise or cluster that goes on" in on.picture.wide
    assert "In a rise or cluster that goes on" not in over.picture.wide


def test_an_empty_list_says_what_was_looked_at_and_what_to_do() -> None:
    empty = sample.signals_page([])["signals"]
    assert empty.table is None
    assert empty.empty.what == "No signal goes on in Fernleigh."
    assert "looked at 643 places" in empty.empty.when
    assert sample.signals_page([], state="growing")["signals"].empty.what == "No signal is like that."
    never = signals.empty(signals.Asked(), None, "Fernleigh")
    assert "within a minute of results arriving" in never.when


def test_a_setting_is_called_by_the_name_of_its_register() -> None:
    row = sample.row(kind="setting", level="setting", setting_id="care_home:CH-017", members=[])
    stands = sample_area.SHAPES[9].name
    assert stands != sample.HERE.name  # where most of its people live
    assert words.title(row, sample.NAMES) == f"Outbreak in a care home: Willow Court, {stands}"
    assert words.title({**row, "setting_id": "school:S9"}, sample.NAMES) == "Outbreak in a school: S9, Fernleigh"
    assert "not the setting alone" in sample.signal_page(row=row)["signal"].partial


def test_an_outbreak_in_a_setting_is_drawn_as_it_was_counted_and_leads_to_where_it_stands() -> None:
    row = sample.row(kind="setting", level="setting", setting_id="care_home:CH-017", members=[], observed=17.0)
    of_it = {"level": "setting", "setting_id": "care_home:CH-017", "expected": None}
    found = [
        sample.finding(at, observed=seen, morning=sample.TODAY - timedelta(days=back), **of_it)
        for at, (seen, back) in enumerate([(17.0, 0), (16.0, 0), (11.0, 1), (8.0, 2)])
    ]
    whole = {"scope": [sample.CITY, "E07000135"]}
    found = [sample.finding(9, observed=3.0, morning=sample.TODAY, **of_it), *({**each, **whole} for each in found)]
    shown = sample.signal_page(row=row, findings=found, figures=None, whole=False)["signal"]
    assert [line[2] for line in shown.grown.picture.table.rows] == [8, 11, 17]
    assert "17 people on Saturday 13 June 2020, 8 on Thursday 11 June" in shown.grown.picture.words.description
    assert "newest days are still arriving" in shown.grown.picture.words.known
    assert f"All figures of {sample_area.SHAPES[9].name}" in [link.text for link in shown.links]
    assert "many small areas" in shown.partial
    assert shown.lead[0].endswith("first found on Tuesday 9 June. Its people live in Fernleigh.")
    elsewhere = sample.signal_page(row=row, findings=found, figures=None, whole=False, codes=("E07000135",))["signal"]
    assert elsewhere.links == ()


def test_the_number_of_a_signal_keeps_its_own_days_when_a_later_sweep_finds_less() -> None:
    made = sample.finding(3, sweep_id=7, observed=19.0, expected=6.5)
    later = sample.finding(0, sweep_id=9, observed=12.0, expected=4.3, last_day=sample.TODAY)
    shown = sample.signal_page(findings=[later, made])["signal"]
    assert (shown.number, shown.number_caption) == ("19", "people who tested positive, Tuesday 2 June to Sunday 7 June")
    assert shown.lead[1].startswith("19 people where 6.5 were to be expected")


def test_chance_is_said_in_days_years_or_not_at_all() -> None:
    assert words.chance(1.2) == "chance alone: once in about 1 day"
    assert words.chance(900) == "chance alone: once in about 2 years"
    assert words.chance(5_000) == "chance alone: less than once in ten years"
    assert words.chance(None) == "not said by this method"


def test_every_state_and_kind_of_the_life_has_a_word() -> None:
    from commonweal.core.signals.life import FOLLOWS

    assert set(words.STATES) == set(FOLLOWS) == set(words.URGENCY)
    assert set(words.KINDS) == set(words.METHODS)


def test_a_signal_says_what_was_seen_expected_and_how_sure() -> None:
    built = sample.signal_page()["signal"]
    assert built.number == "19"
    assert built.number_caption == "people who tested positive, Tuesday 2 June to Wednesday 10 June"
    assert "it was first found on Tuesday 9 June" in built.lead[0]
    assert built.lead[1] == "19 people where 4.3 were to be expected (90% range 1.0 to 9.0)."
    assert built.lead[2] == "Chance alone: less than once in ten years."
    assert [row[1] for row in built.history.table.rows] == ["growing", "new"]
    assert [row[9] for row in built.findings.table.rows] == ["told", "told", "held back"]
    assert next(link.text for link in built.links) == "Why is it rising?"
    assert built.next_step is None, "nothing can be done on a past moment"


def test_why_here_and_not_there_compares_with_places_alike() -> None:
    facts = sample.facts()
    assert "the 4 neighbourhoods most alike" in signal_pictures.alike_sentence(facts)
    high = signal_facts.Alike("x", "Here", facts.alike[0].traits, tuple([9] * 28))
    assert "Who lives there does not explain it by itself." in signal_pictures.alike_sentence(
        sample.facts(alike=(high, *facts.alike[1:]))
    )
    assert signal_pictures.alike_sentence(sample.facts(alike=())) == ""


def test_what_other_offices_hold_is_said_and_not_shown() -> None:
    assert "Parts of it lie with other offices" in sample.signal_page(whole=False)["signal"].partial
    none = sample.signal_page(figures=None, whole=False, codes=())["signal"]
    assert none.curve is None
    assert none.links == ()
    assert "counts lie with other offices" in none.partial


def test_the_expected_band_rests_on_the_days_before_the_first_finding() -> None:
    facts = sample.facts()
    assert facts.figures is not None
    first, told = signal_pictures.baseline(facts, facts.figures)
    assert first == sample.TODAY - timedelta(days=11)
    before = [sum(each.people) for each in facts.figures.days if first - timedelta(days=28) <= each.day < first]
    assert told is not None
    assert told.days == 28
    assert told.mean == sum(before) / 28


def test_a_sweep_says_what_it_did_and_could_not_do() -> None:
    built = sample.sweeps_page()["sweeps"]
    assert built.lead == (
        "The newest sweep, today 5:02am, looked at 569 places in 41.3 seconds and could not do 1 place.",
    )
    assert [row[3] for row in built.table.table.rows] == ["every place", "places of 1 authority touched"]
    assert built.budget.table.rows == (("Fernleigh", 2, 1.0),)
    assert (built.number, built.next_step.href) == ("569", "/sweeps/7#not-done")
    assert sample.sweeps_page([sample.sweep_row(not_done={})])["sweeps"].next_step.href == "/signals"
    one = sample.sweep_page()["sweep"]
    assert one.not_done.table.rows == (("Oadby", "fewer than 35 days are known", "E07000135"),)
    assert one.limits.table.rows[1][0] == "Poisson scans"
    assert sweeps.lead([], Address("/sweeps", "", sample.AS_OF)) == ()


def test_a_sentence_names_places_and_leaves_other_codes_alone() -> None:
    names = Names({"E07000135": "Oadby and Wigston", "E01025801": "Oadby 001A"}, {}, {})
    said = names.said("It now touches E07000135, E06000099 as well; sweep X12345678 and E070001351 stay.")
    assert said == "It now touches Oadby and Wigston, E06000099 as well; sweep X12345678 and E070001351 stay."


def shown_on(page: Any) -> Iterator[ShownPicture | ShownTable]:
    """Every picture and table of a page."""
    for each in vars(page).values():
        for part in each if isinstance(each, tuple) else (each,):
            if isinstance(part, ShownPicture | ShownTable):
                yield part


@pytest.mark.parametrize(
    ("page", "figures"),
    [("signals", 2), ("signal", 6), ("sweeps", 2), ("place", 7)],
)
def test_every_figure_says_how_it_was_computed_as_of_when_and_by_which_versions(page: str, figures: int) -> None:
    made = {
        "signals": sample.signals_page, "signal": sample.signal_page, "sweeps": sample.sweeps_page,
        "place": sample_place.page,
    }  # fmt: skip
    found = list(shown_on(made[page]()[page]))
    assert len(found) >= figures
    for each in found:
        assert each.computed is not None, each
        assert each.computed.steps
        assert each.computed.sources
        assert re.search(r"As known at .* 2020\. \S", each.computed.versions), each.computed.versions


def test_the_page_says_the_budget_its_shares_and_where_both_are_set() -> None:
    told = sample.sweeps_page()["sweeps"].budget.computed
    said = " ".join(told.steps)
    assert "Budget: 1 false alarms a year in one authority, shared out to lsoa 40% and poisson 60%" in said
    assert "parameters/signals/sweep.yaml" in said
    assert "every day counts as a look of its own" in said
    assert "parameters rule 1, sweep 1" in told.versions
    assert how.allowed({"a_year": 1.0}) == "Budget: 1 false alarms a year in one authority."


def test_the_line_of_the_rate_rule_is_not_called_expected() -> None:
    line = sample.finding(0, method="rate rule on a published series", observed=174.0, expected=344.0)
    assert not [each for each in signal.lead(sample.facts(findings=[line])) if "to be expected" in each]
    other = sample.finding(0, signal=None, observed=174.0, expected=344.0)
    assert not [each for each in signal.lead(sample.facts(findings=[other])) if "to be expected" in each]
    own = signal.lead(sample.facts(findings=[line, sample.finding(2)]))
    said = "11 people from Tuesday 2 June to Monday 8 June where 4.3 were to be expected (90% range 1.0 to 9.0)."
    assert said in own


def test_settings_are_a_definition_and_series_have_plain_numbers() -> None:
    assert words.sureness({"recurrence_days": None, "level": "setting"}) == "meets the definition of an outbreak"
    assert words.sureness({"recurrence_days": 900.0, "level": "lsoa"}) == "chance alone: once in about 2 years"
    names = Names({}, {}, {}, series={"waste_water": ("Gene copies", "gene copies per litre"), "absence": ("A", "%")})
    assert words.size(78_743.2, "waste_water", names) == "78,743 gene copies per litre"
    assert words.size(6.4321, "absence", names) == "6.43 %"


@pytest.mark.parametrize("name", ["admissions", "school_absence", "cases_in_7_days"])
def test_a_signal_of_a_series_is_drawn_against_the_past_that_found_it(name: str) -> None:
    told = sample.told(name)
    cells = {row["day"]: (row["low"], row["high"]) for row in told.series.rows}
    found = departure(cells, told.metric.kind, told.metric.window_days, told.past)
    assert found is not None
    page = sample.signal_page(series=told)["signal"]
    newest = page.past.picture.table.rows[-1]
    assert (newest[0], newest[1], newest[3]) == (found.last, found.value, found.expected)
    assert newest[5] == found.high
    assert newest[-1] == "above expected"
    assert "the 1 week just before left out" in page.past.picture.notes[0]
    assert page.no_range == ""
    assert (page.series is None) == (name == "cases_in_7_days"), "the same values are not drawn twice"


def test_a_rate_of_a_series_says_of_how_many_days_it_is() -> None:
    told = sample.told()
    long = replace(told, series=replace(told.series, metric=replace(told.metric, kind="count", window_days=14)))
    assert "residents in seven days." in signal.lead(sample.facts(row=sample.row(rate=60.0), series=told))[0]
    assert "residents in 14 days." in signal.lead(sample.facts(row=sample.row(rate=60.0), series=long))[0]
    assert "the same 14 days in the 8 spans of 2 weeks before, the 1 span just before" in signal_past.method(long)


def test_a_signal_of_a_series_without_a_range_says_why() -> None:
    short = sample.signal_page(series=sample.told(weeks=6))["signal"]
    assert short.past is None
    assert "fewer than 5 weeks of past" in short.no_range
    by_rule = sample.signal_page(series=sample.told("cases_by_specimen_date"))["signal"]
    assert by_rule.past is None
    assert "the rate rule, which found this, expects no number" in by_rule.no_range
    assert sample.signal_page()["signal"].no_range == "", "a signal of counts has its own band"
