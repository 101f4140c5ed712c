"""Grouping neighbouring cells into areas of the next size up, each in one piece."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from commonweal.synthetic.chance import Floats, Ints


def bisect(sites: Floats, pairs: Ints, parts: int, *, turn: float = 0.0) -> Ints:
    """Cut a set of cells into `parts` connected groups of nearly equal size, by halving along its longer axis.

    Parameters: sites (cells, 2); pairs (n, 2) neighbouring cells; turn in radians turns each cut, so that two
    groupings of the same cells (small areas and wards) need not agree.
    Returns: (cells,) group numbers 0 .. parts - 1. Fewer cells than parts is a ValueError.
    """
    if len(sites) < parts:
        raise ValueError(f"{len(sites)} cells cannot make {parts} groups. Ask for fewer groups.")
    groups = np.zeros(len(sites), dtype=np.int64)
    _halve(sites, np.arange(len(sites)), parts, 0, turn, groups)
    return join_strays(groups, pairs)


def join_strays(groups: Ints, pairs: Ints) -> Ints:
    """Give every piece that is cut off from the main part of its group to the group it shares most borders with."""
    groups = groups.copy()
    for _ in range(len(groups)):
        strays = _strays(groups, pairs)
        if not len(strays):
            break
        piece = strays[0]
        touching = np.concatenate([pairs[np.isin(pairs[:, 0], piece), 1], pairs[np.isin(pairs[:, 1], piece), 0]])
        around = groups[np.setdiff1d(touching, piece)]
        if not len(around):
            break  # an island of its own: nothing to join it to
        groups[piece] = np.bincount(around).argmax()
    return groups


def pieces(groups: Ints, pairs: Ints) -> tuple[int, Ints]:
    """How many connected pieces the groups fall into, and the piece of each cell."""
    same = pairs[groups[pairs[:, 0]] == groups[pairs[:, 1]]]
    links = coo_matrix((np.ones(len(same)), (same[:, 0], same[:, 1])), shape=(len(groups), len(groups)))
    count, labels = connected_components(links, directed=False)
    return int(count), labels.astype(np.int64)


def _strays(groups: Ints, pairs: Ints) -> list[Ints]:
    """The connected pieces that are not the largest of their group, smallest first."""
    count, labels = pieces(groups, pairs)
    sizes = np.bincount(labels, minlength=count)
    _, heads = np.unique(labels, return_index=True)
    largest: dict[int, int] = {}
    for piece in np.argsort(-sizes, kind="stable"):
        largest.setdefault(int(groups[heads[piece]]), int(piece))
    cut_off = [piece for piece in range(count) if piece not in set(largest.values())]
    return [np.flatnonzero(labels == piece) for piece in sorted(cut_off, key=lambda piece: int(sizes[piece]))]


def _halve(sites: Floats, members: Ints, parts: int, first: int, turn: float, groups: Ints) -> None:
    if parts == 1:
        groups[members] = first
        return
    here = sites[members] - sites[members].mean(axis=0)
    _, axes = np.linalg.eigh(here.T @ here)
    longest = axes[:, -1] * np.sign(axes[0, -1] or 1.0)
    direction = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ longest
    order = members[np.argsort(here @ direction, kind="stable")]
    few = parts // 2
    cut = round(len(members) * few / parts)
    _halve(sites, order[:cut], few, first, turn, groups)
    _halve(sites, order[cut:], parts - few, first + few, turn, groups)
