"""Why is it rising: labels, words, refusals, and causes of the fictional city."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from commonweal.cli.bench_why import judge
from commonweal.cli.bench_why import why as bench_why
from commonweal.core.errors import Refused
from commonweal.core.pictures import ChangePart, PartsOfChange, draw_parts
from commonweal.core.signals import why_data as data
from commonweal.core.signals.why import Part, explain, without_addresses
from commonweal.core.signals.why_bench import Judged, confusion, scores
from commonweal.core.signals.why_label import LABELS, Label, label_of
from commonweal.core.signals.why_plain import from_plain, to_plain
from commonweal.core.signals.why_setting import WhySetting
from commonweal.core.signals.why_windows import Windows, compared
from commonweal.core.signals.why_words import between, headline, sentences
from commonweal.server import parameters
from commonweal.synthetic.causes import KINDS, plant

DOCUMENT = yaml.safe_load(parameters.text("signals/why.yaml"))
SETTING = WhySetting.from_document(DOCUMENT)
FOUNDRY = data.Places(("Otter Foundry",), np.array([0]))


def part(name: str, share: float, change: float = 100.0, lower: float | None = None) -> Part:
    cases = share * change
    return Part(name, 0.0, cases, cases, cases - 5 if lower is None else lower, cases + 5, share)


def parts(**shares: float) -> dict[str, Part]:
    names = (
        "reporting",
        "more_testing",
        "targeted_testing",
        "workplace",
        "care_home",
        "school",
        "arrivals",
        "household",
    )
    return {name: part(name, shares.get(name, 0.0)) for name in (*names, "spread")}


CHANGE = Part("change", 20, 120, 100, 80, 120, 1.0)
KNOWN = {"household": 0.9, "setting": 0.8, "arrived": 0.0}


@pytest.mark.parametrize(
    ("shares", "label"),
    [
        ({"reporting": 0.6, "workplace": 0.4}, "reporting"),
        ({"workplace": 0.6, "spread": 0.4}, "workplace"),
        ({"household": 0.5, "workplace": 0.3}, "household"),
        ({"arrivals": 0.5, "spread": 0.5}, "arrivals"),
        ({"spread": 0.9}, "general_spread"),
    ],
)
def test_the_label_is_the_first_rule_that_holds(shares, label):
    assert label_of(CHANGE, parts(**shares), part("spread", 1.0), KNOWN, SETTING).name == label


def test_more_testing_is_named_only_if_spread_may_be_nothing():
    shares = parts(more_testing=0.5, targeted_testing=0.2, spread=0.3)
    assert label_of(CHANGE, shares, part("spread", 0.3, lower=-2), KNOWN, SETTING).name == "testing_surge"
    assert label_of(CHANGE, shares, part("spread", 0.3, lower=10), KNOWN, SETTING).name == "cannot_tell"


def test_what_cannot_be_told_says_why():
    few = Part("change", 1, 5, 4, 1, 7, 1.0)
    chance = Part("change", 20, 25, 5, -4, 14, 1.0)
    spread = parts(spread=0.9)
    assert label_of(few, spread, None, KNOWN, SETTING).reason == "too_few"
    assert label_of(chance, spread, None, KNOWN, SETTING).reason == "no_rise"
    assert label_of(CHANGE, spread, None, {**KNOWN, "setting": 0.1}, SETTING).reason == "incomplete"
    without = {name: value for name, value in parts().items() if name != "spread"}
    assert label_of(CHANGE, without, None, KNOWN, SETTING).reason == "no_negatives"
    assert label_of(CHANGE, parts(workplace=0.3, school=0.3, spread=0.3), None, KNOWN, SETTING).reason == "mixed"


def foundry(after: int, known: int) -> data.Cases:
    """`after` cases who live alone, of whom the first `known` named the foundry and the others nothing; 4 before."""
    count = after + 4
    window = np.array([data.AFTER] * after + [data.BEFORE] * 4)
    setting = np.full(count, data.UNKNOWN)
    setting[:known] = 0
    setting[-4:] = data.NO_SETTING
    zero = np.zeros(count, dtype=np.int64)
    return data.Cases(window, zero, np.arange(count), setting, zero + 1, zero - 1, zero == 1, FOUNDRY)


def test_people_who_were_not_asked_are_shared_out_as_those_who_were():
    told = explain(foundry(30, 20), None, SETTING, np.random.default_rng(0))
    assert told.part("workplace").cases == pytest.approx(30)
    assert told.part("testing_or_spread").cases == pytest.approx(-4)
    assert told.completeness["setting"] == pytest.approx(20 / 30)
    assert [(place.name, place.before, place.after) for place in told.places] == [("Otter Foundry", 0, 20)]


def test_words_come_first_and_say_what_is_not_known():
    told = explain(foundry(30, 20), None, SETTING, np.random.default_rng(0))
    said = sentences(told, "Larkminster", "1 to 14 June", "15 to 28 June", SETTING)
    assert said[0] == "Most likely an outbreak at work: all of the 26 more."
    assert said[1].startswith("In Larkminster, 30 people tested positive 15 to 28 June, and 4 1 to 14 June: 26 more")
    assert any("Otter Foundry (workplace), named by 20 people, by 0 before" in line for line in said)
    assert any("Tests that found nothing are not known" in line for line in said)
    assert "whether the infection came from outside the area (known for 0.0% of people)" in said[-1]


def test_a_picture_of_parts_that_do_not_add_up_is_refused():
    one = ChangePart("Spread", 1, 4, 3.0, 1.0, 5.0, 1.0)
    with pytest.raises(Refused, match="add up to 3 and the change is 5"):
        draw_parts(PartsOfChange("What it is made of", 5.0, 1.0, 9.0, (one,), 0.95, "s", "k"))
    with pytest.raises(Refused, match="no part"):
        draw_parts(PartsOfChange("What it is made of", 5.0, 1.0, 9.0, (), 0.95, "s", "k"))


def test_a_fall_is_said_to_be_one():
    fallen = foundry(3, 2)
    falling = data.Cases(**{**vars(fallen), "window": np.array([data.BEFORE] * 6 + [data.AFTER])})
    told = explain(falling, None, SETTING, np.random.default_rng(0))
    assert told.label.name == "cannot_tell"
    larger = data.Cases(
        **{name: np.tile(value, 10) for name, value in vars(falling).items() if isinstance(value, np.ndarray)},
        places=FOUNDRY,
    )
    assert headline(explain(larger, None, SETTING, np.random.default_rng(0))) == "It is not rising."


def test_what_is_kept_is_what_was_worked_out():
    planted = plant("school", 2000)
    told = explain(planted.cases, planted.tested, SETTING, np.random.default_rng(0))
    kept = from_plain(json.loads(json.dumps(to_plain(told), allow_nan=False)))
    assert kept == told


def test_every_label_and_reason_has_words():
    told = explain(foundry(30, 20), None, SETTING, np.random.default_rng(0))
    for label in LABELS:
        reason = "mixed" if label == "cannot_tell" else ""
        renamed = type(told)(**{**vars(told), "label": type(told.label)(label, reason)})
        assert headline(renamed).endswith(".")


def test_a_rise_without_a_later_case_and_impossible_columns_are_refused():
    cases = foundry(3, 2)
    columns = {**vars(cases), "window": np.zeros(7, dtype=np.int64)}
    with pytest.raises(Refused, match="no case in the later window"):
        explain(data.Cases(**columns), None, SETTING, np.random.default_rng(0))
    with pytest.raises(Refused, match="none of the 1 places"):
        data.Cases(**{**vars(cases), "setting": np.full(7, 4)})
    with pytest.raises(Refused, match="other values"):
        data.Cases(**{**vars(cases), "window": np.full(7, 5)})


def test_a_setting_that_lacks_an_entry_is_refused():
    with pytest.raises(Refused, match="label"):
        WhySetting.from_document({name: value for name, value in DOCUMENT.items() if name != "label"})
    with pytest.raises(Refused, match="share between 0 and 1"):
        WhySetting.from_document({**DOCUMENT, "level": 1.5})


@pytest.mark.parametrize("kind", KINDS)
def test_planted_causes_are_named_and_their_share_is_near(kind):
    judged = [judge(plant(kind, seed), SETTING, seed) for seed in (2000, 2001)]
    assert [each.label for each in judged] == [kind, kind]
    assert np.mean([each.share - each.true_share for each in judged]) == pytest.approx(0.0, abs=0.15)


def test_an_outbreak_of_which_nothing_was_asked_cannot_be_told():
    judged = judge(plant("workplace", 2000, asked=0.0), SETTING, 2000)
    assert judged.label == "cannot_tell"


def test_the_same_seed_plants_the_same_rise():
    first, second = plant("school", 3), plant("school", 3)
    assert (first.cases.window == second.cases.window).all()
    assert first.caused == second.caused
    with pytest.raises(Refused, match="no kind of cause"):
        plant("moonlight", 3)


def test_the_confusion_table_counts_every_label():
    judged = [Judged("school", "school", 0.5, 0.6, True), Judged("school", "cannot_tell", 0.5, 0.2, False)]
    table = confusion(judged, ("school",))
    assert table["school"]["school"] == 1
    assert sum(table["school"].values()) == 2
    (line,) = scores(judged, ("school", "household"))
    assert (line.named, line.near, line.covered) == (1, 0.5, 0.5)


def test_the_command_prints_the_labels_and_the_table():
    asked = ["--seeds", "1", "--first-seed", "2000", "--kind", "workplace", "--json"]
    answer = json.loads(CliRunner().invoke(bench_why, asked).stdout)
    assert answer["labels"] == list(LABELS)
    assert answer["confusion"]["workplace"]["workplace"] == 1


def test_the_parts_lead_from_then_to_now_and_are_said_as_people() -> None:
    parts = (
        ChangePart("More testing", None, None, -5.0, -6.0, 0.0, -0.1),
        ChangePart("Workplaces in common", 0.0, 30.0, 30.0, 20.0, 35.0, 0.6),
        ChangePart("Spread", 85.0, 105.0, 25.0, -9.0, 40.0, 0.5),
    )
    told = draw_parts(PartsOfChange("What it is made of", 50.0, 18.0, 85.0, parts, 0.95, "s", "k"))
    assert "From 85 to 135 people: 50 more" in told.words.description
    assert "More testing, 5 fewer" in told.words.description
    dashed = re.findall(r'<line x1="([\d.]+)"[^>]*stroke-dasharray', told.wide)
    bars = [
        (float(x), float(wide))
        for x, wide in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="16"', told.wide)
    ]
    whole, testing, work, spread = bars
    assert testing[0] + testing[1] == pytest.approx(whole[0], abs=0.1), "what takes away goes left from then"
    assert work[0] == pytest.approx(testing[0], abs=0.1), "each part begins where the one before ended"
    assert spread[0] + spread[1] == pytest.approx(whole[0] + whole[1], abs=0.1), "the last one ends at now"
    assert float(dashed[0]) == pytest.approx(whole[0] + whole[1], abs=0.1)


@pytest.mark.parametrize(
    ("lower", "upper", "said"),
    [(15, 68, "15 to 68 more"), (-9, 25, "9 fewer to 25 more"), (-5, -0.2, "0 to 5 fewer"), (0, 0, "0 to 0 more")],
)
def test_limits_are_read_aloud(lower: float, upper: float, said: str) -> None:
    assert between(lower, upper) == said


def test_where_nobody_looked_at_addresses_living_together_is_no_zero_and_has_no_completeness():
    looked = explain(foundry(40, 0), None, SETTING, np.random.default_rng(1))
    tested = data.Tested(np.array([900.0]), np.array([900.0]), np.zeros(1, dtype=np.int64))
    spread = replace(explain(foundry(40, 0), tested, SETTING, np.random.default_rng(1)), label=Label("general_spread"))
    for why in (looked, spread):
        found = without_addresses(why)
        assert "household" not in found.completeness
        assert found.part("household") is None
        assert sum(part.cases for part in found.parts) == pytest.approx(found.change.cases)
    found = without_addresses(spread)
    assert found.label == Label("cannot_tell", "no_addresses")
    said = " ".join(sentences(found, "Here", "before", "after", SETTING))
    assert "Whether it is within households cannot be told here" in said
    assert "an address is known" not in said
    assert without_addresses(replace(spread, label=Label("workplace"))).label == Label("workplace")


def test_two_runs_of_days_are_compared_if_they_are_alike():
    june = (date(2020, 6, 1), date(2020, 6, 14))
    may = (date(2020, 5, 4), date(2020, 5, 17))
    assert compared(may, june, date(2020, 7, 1)) == Windows(june[1], 14, may[1])
    for then, now, said in (
        (june, may, "Exchange the two"),
        (may, (june[0], date(2020, 6, 13)), "14 and 13 days. Only windows of one length"),
        (may[::-1], june, "end .* before they begin"),
        ((date(2020, 5, 4), date(2020, 5, 13)), (date(2020, 6, 1), date(2020, 6, 10)), "10 days are no window"),
        ((date(2020, 5, 25), date(2020, 6, 7)), june, "overlaps"),
    ):
        with pytest.raises(Refused, match=said):
            compared(then, now, date(2020, 7, 1))
