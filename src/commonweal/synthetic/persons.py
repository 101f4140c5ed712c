"""What a laboratory would be told about a person: name, numbers, address. Nobody real can be meant.

Everything hangs on the person's number alone (and the household's, for surname and address), so the same person has
the same details in every line list of one seed.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from commonweal.synthetic.chance import Ints, hashed_index, hashed_share
from commonweal.synthetic.identifiers import nhs_numbers, phone_numbers
from commonweal.synthetic.people import FEMALE
from commonweal.synthetic.personnames import BACKGROUNDS, OCCUPATIONS
from commonweal.synthetic.placenames import STREET_ENDS, STREET_WORDS

PHONE_SHARE, EMAIL_SHARE, ETHNIC_GROUP_SHARE, OCCUPATION_SHARE = 0.85, 0.55, 0.6, 0.15
OWN_SURNAME_SHARE = 0.12  # of people who bear another surname than their household


def describe(seed: int, person: Ints, household: Ints, sex: Ints, place: Ints) -> pl.DataFrame:
    """One row a person.

    Parameters: person, household: numbers that name them; sex: FEMALE or MALE; place: any number that stays the same
    for the same postcode. All arrays of one length.
    Returns: full_name, nhs_number, address_line, phone, email, ethnic_group, language, occupation; strings, null where
    a person gave none (NHS numbers are always there: leave them out where a record has none).
    """
    background = _backgrounds(seed, household)
    names = _names(seed, person, household, sex, background)
    keep_phone = hashed_share(seed, "has phone", person) < PHONE_SHARE
    keep_email = hashed_share(seed, "has email", person) < EMAIL_SHARE
    keep_group = hashed_share(seed, "has ethnic group", person) < ETHNIC_GROUP_SHARE
    keep_work = hashed_share(seed, "has occupation", person) < OCCUPATION_SHARE
    email = (
        names["given"].str.to_lowercase() + "." + names["surname"].str.to_lowercase()
        + "." + pl.Series(person).cast(pl.String) + "@example.org"
    )  # fmt: skip
    return pl.DataFrame(
        {
            "full_name": names["given"] + " " + names["surname"],
            "nhs_number": pl.Series(nhs_numbers(seed, person)).cast(pl.String),
            "address_line": _addresses(seed, household, place),
            "phone": _where(keep_phone, phone_numbers(seed, person)),
            "email": _where(keep_email, email),
            "ethnic_group": _where(keep_group, pl.Series([b.ethnic_group for b in BACKGROUNDS]).gather(background)),
            "language": pl.Series([b.language for b in BACKGROUNDS]).gather(background),
            "occupation": _where(
                keep_work, pl.Series(OCCUPATIONS).gather(hashed_index(seed, "occupation", person, len(OCCUPATIONS)))
            ),
        }
    )


def _where(keep: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], values: pl.Series) -> pl.Series:
    return values.zip_with(pl.Series(keep), pl.Series([None], dtype=pl.String).new_from_index(0, len(values)))


def _backgrounds(seed: int, household: Ints) -> Ints:
    cumulative = np.cumsum([background.share for background in BACKGROUNDS])
    shares = hashed_share(seed, "background", household) * cumulative[-1]
    positions: Ints = np.searchsorted(cumulative, shares, side="right").astype(np.int64)
    return positions


def _names(seed: int, person: Ints, household: Ints, sex: Ints, background: Ints) -> pl.DataFrame:
    """Given name by sex, surname of the household (or, for some, their own), both of the household's background."""
    own = hashed_share(seed, "own surname", person) < OWN_SURNAME_SHARE
    bearer = np.where(own, person + 10_000_000_000, household)
    given = np.empty(len(person), dtype=np.int64)
    surname = np.empty(len(person), dtype=np.int64)
    given_words: list[str] = []
    surname_words: list[str] = []
    for number, names in enumerate(BACKGROUNDS):
        here = background == number
        for group, words in ((here & (sex == FEMALE), names.female), (here & (sex != FEMALE), names.male)):
            given[group] = len(given_words) + hashed_index(seed, "given name", person[group], len(words))
            given_words.extend(words)
        surname[here] = len(surname_words) + hashed_index(seed, "surname", bearer[here], len(names.surnames))
        surname_words.extend(names.surnames)
    return pl.DataFrame(
        {"given": pl.Series(given_words).gather(given), "surname": pl.Series(surname_words).gather(surname)}
    )


def _addresses(seed: int, household: Ints, place: Ints) -> pl.Series:
    """A number in the household's street; streets are those of no real town."""
    streets = pl.Series([f"{word} {end}" for word in STREET_WORDS for end in STREET_ENDS])
    number = pl.Series(1 + hashed_index(seed, "house", household, 140)).cast(pl.String)
    return number + " " + streets.gather(hashed_index(seed, "street", place, len(streets)))
