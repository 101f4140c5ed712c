"""Which records of a chunk are plain, and that hashes of whole columns are the library's HMAC."""

from __future__ import annotations

import hmac
import random
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from commonweal.core.intake.checks import Checker
from commonweal.core.intake.digesting import digests
from commonweal.core.intake.identifiers import Hasher
from commonweal.core.intake.pathogen import PathogenPack
from commonweal.core.intake.plain import LOCATED, Known, divide, notes_of
from commonweal.core.intake.reading import LineListReader
from commonweal.core.intake.rows import Secrets
from commonweal.core.intake.schema import LineList
from commonweal.core.intake.sealing import Sealer
from commonweal.core.intake.staging import Staged, stage

HEADER = (
    "record_id,person_id,age_years,sex,postcode,postcode_source,pillar,test_route,test_type,result,specimen_date,"
    "reported_at,revision,ltla_code\n"
)
NOW = datetime(2020, 7, 1, tzinfo=UTC)
SECRETS = Secrets(
    (Hasher(1, b"p" * 32),), Hasher(2, b"r" * 32), Sealer(1, bytes(range(32))), random.Random(1).randbytes
)
NOBODY_MET = pl.DataFrame(
    schema={"number": pl.Int64, "id": pl.Binary, "root": pl.Binary, "birth": pl.Binary, "sex": pl.String}
)


def line(record: str, person: str, *, postcode: str = "LE1 1AA", sex: str = "female", ltla: str = "") -> str:
    return (
        f"{record},{person},39,{sex},{postcode},given_at_test,pillar2,home_kit,pcr,negative,2020-06-26T14:05,"
        f"2020-06-27T09:00:00Z,1,{ltla}\n"
    )


@pytest.fixture
def staged(line_list: LineList, pack: PathogenPack) -> Any:
    def made(*lines: str) -> Staged:
        reader = LineListReader([(HEADER + "".join(lines)).encode()], line_list)
        (chunk,) = reader.chunks()
        checked = Checker(line_list, pack).check(chunk.frame, now=NOW)
        return stage(chunk, checked, line_list, SECRETS, feed="lab", milliseconds=1)

    return made


def known(*places: int, met: pl.DataFrame = NOBODY_MET) -> Known:
    here = {"pcd": ["LE11AA"], **{name: ["E06000016"] for name in LOCATED}}
    return Known(np.array(places, np.int64), met, pl.DataFrame(here))


def met(staged: Staged, *people: tuple[int, int, str | None]) -> pl.DataFrame:
    """Identifiers by their place among the chunk's records, with their component and what is known of its sex."""
    numbers = staged.rows["strongest"].to_list()
    return pl.DataFrame(
        {
            "number": [numbers[place - 1] for place, _, _ in people],
            "id": [bytes([place]) * 16 for place, _, _ in people],
            "root": [bytes([100 + root]) * 16 for _, root, _ in people],
            "birth": pl.Series([None] * len(people), dtype=pl.Binary),
            "sex": [sex for _, _, sex in people],
        },
        schema=NOBODY_MET.schema,
    )


def test_new_records_of_new_people_are_plain(staged: Any) -> None:
    plain, others = divide(staged(line("1", "a"), line("2", "b"), line("3", "a")), known())
    assert plain.rows["place"].to_list() == [1, 2, 3]
    assert (plain.person[0] == plain.person[2]).all()
    assert (plain.person[0] != plain.person[1]).any()
    assert len(plain.components["id"]) == len(plain.links["id"]) == 2
    assert others.rows.is_empty()
    assert len(others.linked.identifiers["number"]) == 0


@pytest.mark.parametrize("lines", [("LE9 9ZZ", "1"), ("LE1 1AA", "2")])
def test_a_record_that_is_not_plain_takes_those_of_its_person_along(staged: Any, lines: tuple[str, str]) -> None:
    """One has no place, or comes twice; another record of the same person goes with it, a third person's does not."""
    postcode, again = lines
    chunk = staged(line("1", "a", postcode=postcode), line("2", "a"), line("3", "c"), line(again, "b"))
    plain, others = divide(chunk, known())
    assert plain.rows["place"].to_list() == [3]
    assert others.rows["place"].to_list() == [1, 2, 4]
    assert others.sealed["place"].to_list() == [1, 2, 4]
    assert sorted(others.linked.components["local"]) == sorted(set(others.linked.identifiers["local"]))


def test_a_record_that_is_stored_or_waits_is_not_plain(staged: Any) -> None:
    plain, _ = divide(staged(line("1", "a"), line("2", "b")), known(2))
    assert plain.rows["place"].to_list() == [1]


def test_a_person_met_before_keeps_component_and_link(staged: Any) -> None:
    chunk = staged(line("1", "a"), line("2", "b"))
    plain, others = divide(chunk, known(met=met(chunk, (1, 7, "female"))))
    assert others.rows.is_empty()
    assert bytes(plain.person[0]) == bytes([107]) * 16
    assert bytes(plain.link[0]) == bytes([1]) * 16
    assert len(plain.links["id"]) == len(plain.components["id"]) == 1


@pytest.mark.parametrize("before", [None, "male"])
def test_a_record_that_tells_more_of_its_person_is_not_plain(staged: Any, before: str | None) -> None:
    chunk = staged(line("1", "a"), line("2", "b"))
    plain, _ = divide(chunk, known(met=met(chunk, (1, 7, before))))
    assert plain.rows["place"].to_list() == [2]


def test_contradictions_within_the_chunk_are_not_plain(staged: Any) -> None:
    plain, _ = divide(staged(line("1", "a"), line("2", "a", sex="male"), line("3", "b")), known())
    assert plain.rows["place"].to_list() == [3]


def test_another_authority_than_the_senders_is_noted(staged: Any) -> None:
    chunk = staged(line("1", "a", ltla="E07000135"), line("2", "b", ltla="E06000016"), line("3", "c"))
    plain, _ = divide(chunk, known())
    assert notes_of(plain.rows).to_list() == [["ltla_code:differs_from_postcode"], [], []]


def test_hashes_of_a_column_are_the_librarys() -> None:
    chance = random.Random(3)
    texts = ["", "é", "a" * 55, "b" * 56, "c" * 64, "d" * 200, *(str(chance.random()) for _ in range(50))]
    for size in (16, 32, 64):
        key = chance.randbytes(size)
        one_by_one = [hmac.digest(key, b"kind\x1f" + text.encode(), "sha256")[:16] for text in texts]
        hasher = Hasher(1, key)
        assert [bytes(row) for row in digests(hasher, b"kind\x1f", pl.Series(texts))] == one_by_one
        assert [hasher.one("kind", text) for text in texts] == one_by_one
    with pytest.raises(ValueError, match="65 bytes"):
        Hasher(1, b"k" * 65)
