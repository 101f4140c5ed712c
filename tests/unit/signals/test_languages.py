"""Languages that people tell us things in."""

from __future__ import annotations

import unicodedata

import pytest

from commonweal.apps.surveillance.definitions import languages
from commonweal.core.errors import Refused
from commonweal.core.signals.languages import OTHER, Language, language_of, languages_from

ENGLISH = {"code": "en", "name": "English", "own_name": "English", "direction": "ltr"}


def test_every_language_is_called_by_its_own_name_and_written_the_way_its_script_runs() -> None:
    found = languages()
    assert found[0].said == "English"
    assert found[-1] == OTHER
    for each in found[:-1]:
        runs = {unicodedata.bidirectional(letter) for letter in each.own_name if letter.isalpha()}
        assert each.direction == ("rtl" if runs & {"R", "AL"} else "ltr"), each
    assert language_of("gu", found).said == "ગુજરાતી (Gujarati)"


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([], "begins with en"),
        ([{**ENGLISH, "code": "gu"}], "begins with en"),
        ([ENGLISH, ENGLISH], "stands twice"),
        ([{**ENGLISH, "direction": "up"}], "'up'"),
        ([{"code": "en"}], "lacks name, own_name, direction"),
    ],
)
def test_a_list_that_cannot_be_is_refused_by_name(entries: list[dict[str, str]], said: str) -> None:
    with pytest.raises(Refused, match=said):
        languages_from({"languages": entries})


def test_a_language_that_nobody_asks_for_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refused, match="'tlh' is none of the languages asked for: en, other"):
        language_of("tlh", (Language("en", "English", "English", "ltr"), OTHER))
