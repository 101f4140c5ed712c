"""One door to the compiler, so that every kernel is compiled and cached in the same way and keeps its Python types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def compiled(kernel: Kernel) -> Kernel:
    """Compile a numeric kernel to machine code on first call; the shell chooses the cache directory.

    Division follows IEEE (x/0 is infinite, 0/0 is NaN) as in the array code around it, and the interpreter's lock is
    released so that callers may use threads.
    """
    return cast(Kernel, numba.njit(cache=True, error_model="numpy", nogil=True)(kernel))
