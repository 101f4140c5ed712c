"""What the page of a place says, as text, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from commonweal.apps.surveillance.pages import place, place_figures, place_pictures
from commonweal.core.signals import standing as stand
from tests.functional import sample_place as sample


@pytest.fixture(scope="module")
def figures() -> place_figures.Figures:
    return sample.figures()


def test_the_sentences_say_the_rate_the_trend_and_the_tests(figures: place_figures.Figures) -> None:
    last, name = figures.last, figures.subject.name
    counted = sum(row["own"] for row in sample.people() if last - timedelta(days=7) < row["day"] <= last)
    assert place.rate_sentence(figures).startswith(f"{counted} people in {name} tested positive in the seven days to")
    assert "of 8,120 residents" in place.rate_sentence(figures)
    assert "95% interval" in place.between(figures).lower().replace("interval", "interval")
    assert "in the week before" in place.trend_sentence(figures)
    assert "Each person infects about" in place.trend_sentence(figures)
    positive, every = figures.tests_to(last)
    assert f"({positive} of {every}; 95% interval" in place.tests_sentence(figures)


def test_yesterdays_rate_is_what_was_known_a_day_before(figures: place_figures.Figures) -> None:
    last = figures.last - timedelta(days=1)
    then = sum(
        row["own"] for row in sample.people() if row["ago"] >= 1 and last - timedelta(days=7) < row["day"] <= last
    )
    assert figures.rate_before.people == then
    assert figures.rate_before.people != figures.rate.people


def test_the_newest_days_are_told_with_an_interval_or_not_at_all(figures: place_figures.Figures) -> None:
    by_day = {each.day: each for each in figures.days}
    assert by_day[sample.TODAY].likely is None, "almost nothing of today is here"
    before = by_day[sample.TODAY - timedelta(days=2)]
    assert before.likely is not None
    assert before.likely.high > sum(before.people)
    assert "For newer days it is too early to tell." in place.forecast_sentence(figures)
    old = by_day[sample.TODAY - timedelta(days=30)]
    assert old.likely is None


def test_a_place_is_compared_with_its_like_and_named_in_the_funnel(figures: place_figures.Figures) -> None:
    said = place.standing_sentence(figures)
    assert said.startswith(
        f"Among the {len(sample.NAMES)} neighbourhoods of Fernleigh it has the highest rate: 60 people"
    )
    assert "a difference that chance hardly makes" in said
    drawn = place_pictures.funnel(figures)
    assert drawn is not None
    assert "This place" in drawn.wide
    assert f"{figures.subject.name}: 60 seen" in drawn.words.description


def test_parts_that_stand_out_are_named_where_the_place_itself_is_none_of_them(figures: place_figures.Figures) -> None:
    whole = replace(figures, subject=replace(figures.subject, code="E06000016"))
    assert f"{figures.subject.name} stands out above the others" in place.standing_sentence(whole)
    calm = replace(whole, peers=stand.peers(dict.fromkeys(sample.NAMES, (5, 8000))))
    assert "None of the" in place.standing_sentence(calm)


def test_places_of_a_level_are_compared_by_what_is_published(figures: place_figures.Figures) -> None:
    found = figures.published
    assert found is not None
    assert [(each.code, each.seen) for each in found.peers] == [
        ("E06000016", 140), ("E06000017", 175), ("E06000018", 210)
    ], "the fourth has a value that is kept back"  # fmt: skip
    drawn = place_pictures.published_funnel(figures)
    assert drawn is not None
    assert drawn.words.source == "Source: Public Health England."
    assert drawn.words.title.startswith("All authorities, people who tested positive in the seven days to")
    assert place_pictures.published_funnel(replace(figures, published=None)) is None


def test_a_value_kept_back_is_an_interval_in_picture_and_table() -> None:
    daily, weekly = sample.series()
    drawn = place_pictures.series("Fernleigh", "As known now.", weekly)
    assert drawn.table.rows[0][1:3] == (0, 2)
    assert drawn.table.rows[0][4] == "kept back: small"
    assert "2 values are kept back as small" in drawn.words.description
    assert "Kept back: lies between" in drawn.wide
    assert drawn.words.source == f"Source: {weekly.metric.source}: the publisher's own tables of middle areas."
    other = place_pictures.series("Fernleigh", "As known now.", daily).words.source
    assert other.endswith("Also has this series, not drawn and not mixed in: the archive or table utla_archive.")


def test_a_place_without_anybody_says_what_will_appear() -> None:
    built = sample.empty()["place"]
    assert built.curve is None
    assert "No result of anybody in" in built.empty.what
    assert (built.number, built.number_between, built.forecast) == ("Not known", "", ""), "what nobody told is no 0"
    (said,) = built.lead
    assert "nothing is known for" in said


def test_a_place_where_tests_are_known_and_nobody_was_positive_has_a_rate_of_nought() -> None:
    negative = [each for each in sample.tested(63) if each["result"] == "negative"]
    built = sample.page(people=[], tests=negative, compared={})["place"]
    assert built.number == "0.0"
    assert built.lead[1] == "Nobody in the week before either."
    assert "Nobody in" in built.empty.what


def test_a_place_without_residents_has_no_rate() -> None:
    bare = replace(sample.SUBJECT, residents=0)
    figures = place_figures.work_out(
        bare, sample.people(), [], {}, as_of=sample.AS_OF, today=sample.TODAY, history_days=63, shown_days=42,
        method=sample.METHOD,
    )  # fmt: skip
    assert place.caption(figures).startswith("no residents are loaded")
    assert place.between(figures) == ""


def test_changes_conserve_people_and_place_them_by_delay() -> None:
    rows = sample.people()
    first = sample.TODAY - timedelta(days=62)
    own, rest = place_figures.changes(rows, first, 63, 10)
    assert sum(map(sum, own)) == sum(row["own"] for row in rows)
    assert sum(map(sum, rest)) == sum(row["whole"] - row["own"] for row in rows)
    day = sample.TODAY - timedelta(days=5)
    one = sum(row["own"] for row in rows if row["day"] == day and row["ago"] == 3)
    assert own[57][2] == one
