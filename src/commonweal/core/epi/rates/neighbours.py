"""Which areas touch: a directed neighbour graph with row-standardised weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse import csgraph

from commonweal.core.epi.checks import FloatArray, IntArray
from commonweal.core.errors import Refused


@dataclass(frozen=True)
class Neighbours:
    """Directed pairs (from, to), 0-based and sorted, among `size` areas; an area is never its own neighbour."""

    size: int
    origin: IntArray
    target: IntArray

    def weights(self, *, with_self: bool = False) -> sparse.csr_array:
        """Row-standardised weights; rows of areas without neighbours are empty (unless `with_self`)."""
        adjacency = self.adjacency()
        if with_self:
            adjacency = adjacency + sparse.eye_array(self.size, format="csr")
        degree = np.asarray(adjacency.sum(axis=1)).ravel()
        inverse = np.divide(1.0, degree, out=np.zeros_like(degree), where=degree > 0)
        return sparse.csr_array(sparse.diags_array(inverse) @ adjacency)

    def adjacency(self) -> sparse.csr_array:
        """The 0/1 matrix of the graph."""
        ones = np.ones(self.origin.size)
        return sparse.csr_array((ones, (self.origin, self.target)), shape=(self.size, self.size))

    def degree(self) -> FloatArray:
        """Number of neighbours of each area."""
        return np.bincount(self.origin, minlength=self.size).astype(np.float64)

    def components(self) -> IntArray:
        """A label for each connected part (islands are parts of their own)."""
        _, labels = csgraph.connected_components(self.adjacency(), directed=False)
        return np.asarray(labels, dtype=np.int64)


def from_pairs(size: int, origin: ArrayLike, target: ArrayLike) -> Neighbours:
    """Build the graph from 0-based pairs; each refusal names the first pair that is wrong."""
    a, b = np.asarray(origin, dtype=np.int64), np.asarray(target, dtype=np.int64)
    if a.shape != b.shape or a.ndim != 1:
        raise Refused(f"origin has shape {a.shape} and target {b.shape}; pass two lists of the same length.")
    outside = (a < 0) | (a >= size) | (b < 0) | (b >= size)
    if outside.any():
        i = int(np.argmax(outside))
        raise Refused(f"neighbour pair {i} is ({a[i]}, {b[i]}) but there are {size} areas; numbers run from 0.")
    if (a == b).any():
        raise Refused(f"area {int(a[np.argmax(a == b)])} is listed as its own neighbour; drop that pair.")
    key = np.unique(a * size + b)
    return Neighbours(size, key // size, key % size)
