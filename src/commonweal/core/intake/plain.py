"""The plain records of a chunk: new, with a place, of a person about whom nothing is in doubt.

What becomes of a plain record is known without the store's steps: it is accepted, its new identifiers join the one
component that its others lie in, or make a new one. Nine in ten records of a large file are plain. Whatever is not,
goes through the store's steps; either way gives the same, so which way a record takes is a matter of speed alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from commonweal.core.intake.checks import Fate
from commonweal.core.intake.digesting import Bytes
from commonweal.core.intake.linking import Linked
from commonweal.core.intake.staging import Staged

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

WIDTH = 16
LOCATED = ("scope_ltla", "lsoa_code", "msoa_code", "ward_code", "ltla_code", "utla_code")
DIFFERS = "ltla_code:differs_from_postcode"


@dataclass(frozen=True)
class Known:
    """What the database has of a chunk already.

    `places`: of records of which any version is stored or waits. `met`: identifiers that are there (`number`), what
    they are called (`id`), and the component they lie in with what is known of it (`root`, `birth`, `sex`).
    `located`: for each known postcode (`pcd`) where it lies (LOCATED).
    """

    places: Numbers
    met: pl.DataFrame
    located: pl.DataFrame


@dataclass(frozen=True)
class Plain:
    """Plain records: `rows` (rows.STAGED, LOCATED), each with its `person` and its strongest identifier's `link`.

    `links` and `components` are the new ones: the columns of the tables, without the tick.
    """

    rows: pl.DataFrame
    person: Bytes
    link: Bytes
    links: dict[str, npt.NDArray[Any]]
    components: dict[str, npt.NDArray[Any] | pl.Series]


def divide(staged: Staged, known: Known) -> tuple[Plain, Staged]:
    """The plain records of a chunk, and the chunk of all others. A component is plain as a whole or not at all."""
    rows = staged.rows.join(known.located, left_on="pcd", right_on="pcd", how="left", maintain_order="left")
    number, local = staged.linked.identifiers["number"], staged.linked.identifiers["local"]
    local_of = np.zeros(int(number.max(initial=0)) + 1, np.int64)
    local_of[number] = local
    strongest = rows["strongest"].fill_null(0).to_numpy()
    own = local_of[strongest]
    good = (rows["fate"] == Fate.GOOD).to_numpy()
    alone = good & rows["scope_ltla"].is_not_null().to_numpy() & ~rows["repeated"].to_numpy()
    alone &= ~np.isin(rows["place"].to_numpy(), known.places)
    doubtful = _doubtful(staged.linked, known.met, local_of)
    doubtful[own[good & ~alone]] = True
    plain = alone & ~doubtful[own]
    ids, component = _called(staged.linked, known.met, local_of)
    is_met = np.zeros(len(local_of), bool)
    is_met[known.met["number"].to_numpy()] = True
    new = ~doubtful[local] & ~is_met[number]
    begins = ~doubtful
    begins[local_of[known.met["number"].to_numpy()]] = False
    told = staged.linked.components
    answer = Plain(
        rows=rows.filter(pl.Series(plain)),
        person=component[own[plain]],
        link=ids[strongest[plain]],
        links={
            **{name: staged.linked.identifiers[name][new] for name in ("hash", "kind", "key_id", "id")},
            "component": component[local[new]],
        },
        components={
            "id": component[begins],
            "root": component[begins],
            "birth": _only(told["birth"], begins),
            "sex": _only(told["sex"], begins),
        },
    )
    return answer, _others(staged, plain, doubtful)


def _doubtful(linked: Linked, met: pl.DataFrame, local_of: Numbers) -> Mask:
    """By component of the chunk: whether it contradicts itself, lies in several, or says what was not known there."""
    answer = np.array(linked.components["clash"], bool)
    if met.is_empty():
        return answer
    local = local_of[met["number"].to_numpy()]
    _, code = np.unique(_matrix(met["root"]).view(f"S{WIDTH}").ravel(), return_inverse=True)
    lowest, highest = np.full(len(answer), len(code)), np.full(len(answer), -1)
    np.minimum.at(lowest, local, code)
    np.maximum.at(highest, local, code)
    told = pl.DataFrame({name: linked.components[name] for name in ("local", "birth", "sex")})
    before = met.select(pl.Series("local", local, dtype=pl.Int32), "birth", "sex").unique("local")
    says = told.join(before, on="local", suffix="_before").filter(
        (pl.col("birth").is_not_null() & pl.col("birth").ne_missing(pl.col("birth_before")))
        | (pl.col("sex").is_not_null() & pl.col("sex").ne_missing(pl.col("sex_before")))
    )
    answer[says["local"].to_numpy()] = True
    several: Mask = (highest >= 0) & (lowest != highest)
    return answer | several


def _called(linked: Linked, met: pl.DataFrame, local_of: Numbers) -> tuple[Bytes, Bytes]:
    """By number of identifier what it is called, and by component of the chunk the component it is part of."""
    ids = np.zeros((len(local_of), WIDTH), np.uint8)
    ids[linked.identifiers["number"]] = linked.identifiers["id"]
    component = np.array(linked.components["component"])
    if not met.is_empty():
        number = met["number"].to_numpy()
        ids[number] = _matrix(met["id"])
        component[local_of[number]] = _matrix(met["root"])
    return ids, component


def _others(staged: Staged, plain: Mask, doubtful: Mask) -> Staged:
    """The chunk without its plain records."""
    mine = doubtful[staged.linked.identifiers["local"]]
    local_of = np.zeros(int(staged.linked.identifiers["number"].max(initial=0)) + 1, np.int64)
    local_of[staged.linked.identifiers["number"]] = staged.linked.identifiers["local"]
    rows = staged.rows.filter(pl.Series(~plain))
    kept = np.isin(np.asarray(staged.sealed["place"]), rows["place"].to_numpy())
    return replace(
        staged,
        rows=rows,
        sealed={name: _only(column, kept) for name, column in staged.sealed.items()},
        linked=Linked(
            {name: column[mine] for name, column in staged.linked.identifiers.items()},
            {name: _only(column, doubtful) for name, column in staged.linked.components.items()},
        ),
        links=staged.links.only(doubtful[local_of[staged.links.number]]),
    )


def _only(column: Any, mask: Mask) -> Any:
    """The values of a column, of whatever kind, where the mask is true."""
    if isinstance(column, pl.Series):
        return column.filter(pl.Series(mask))
    if isinstance(column, np.ndarray):
        return column[mask]
    return [column[place] for place in np.flatnonzero(mask)]


def _matrix(column: pl.Series) -> Bytes:
    return np.frombuffer(b"".join(column.to_list()), np.uint8).reshape(-1, WIDTH)


def notes_of(rows: pl.DataFrame) -> pl.Series:
    """The notes of plain records: those of the checks, and one where the sender places them elsewhere."""
    sent = pl.col("sent_ltla")
    elsewhere = sent.is_not_null() & sent.ne_missing(pl.col("ltla_code")) & sent.ne_missing(pl.col("scope_ltla"))
    more = pl.when(elsewhere).then(pl.col("notes").list.concat(pl.lit([DIFFERS]))).otherwise(pl.col("notes"))
    return rows.select(more.alias("notes")).to_series()
