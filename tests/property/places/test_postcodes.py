"""Laws of postcode normalising."""

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commonweal.core.places.postcodes import normalise, normalised, spaced

LETTERS, INWARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ABDEFGHJLNPQRSTUWXYZ"
NOISE = " \t\u00a0\u2009.-\u2013'\"_"

keys = st.builds(
    lambda area, district, inward: area + district + inward,
    st.text(LETTERS, min_size=1, max_size=2),
    st.from_regex(r"[0-9][A-Z0-9]?", fullmatch=True, alphabet=LETTERS + "0123456789"),
    st.builds(lambda digit, unit: digit + unit, st.sampled_from("0123456789"), st.text(INWARD, min_size=2, max_size=2)),
)


@st.composite
def written(draw):
    """A key and one way somebody may write it: noise between characters, either case."""
    key = draw(keys)
    parts = [draw(st.text(NOISE, max_size=2)) + draw(st.sampled_from([c, c.lower()])) for c in key]
    return key, "".join(parts) + draw(st.text(NOISE, max_size=2))


@given(written())
def test_however_it_is_written_the_key_is_the_same(pair):
    key, text = pair
    assert normalise(text) == key


@given(keys)
def test_normalising_twice_changes_nothing(key):
    assert normalise(key) == key
    assert normalise(spaced(key)) == key


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=12), written().map(lambda pair: pair[1]))))
@example(["LE1 1AA\n", "\u0131E1 1AA", "ﬀ1 1AA", "L\u212a1 1AA", "\x1cLE11AA", "\x85LE11AA", "LE١ 1AA"])
def test_the_column_and_the_single_text_agree(texts):
    column = pl.DataFrame({"p": pl.Series(texts, dtype=pl.String)}).select(normalised("p"))["p"].to_list()
    assert column == [normalise(text) for text in texts]


@given(st.text())
def test_a_key_is_upper_case_and_has_no_space(text):
    key = normalise(text)
    assert key is None or (key.isascii() and key.isalnum() and key == key.upper() and 5 <= len(key) <= 7)
