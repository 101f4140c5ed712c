"""Takes files in, one after another, each in a process of its own that waits for nothing and may be killed.

Run as a program: `killed_sender.py SPACE FEED`. For every line on standard input (a path) it forks; the child says that
it begins, takes the file in and ends. Modules are loaded once, so that a test can afford fifty killings.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    space, feed = sys.argv[1:3]
    from commonweal.site import installation

    installation.use_space(space)
    import scipy.sparse.csgraph  # noqa: F401 - each child would load it again

    from commonweal.apps.intake import actions, rulebook, sources, writing

    writing.PLAIN_ROWS = 20  # so that small files go both ways of large ones
    rulebook.line_list()
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            source = sources.from_file(Path(line.strip()), sources.Provenance("file", "killed"))
            actions.take_in(feed, source, chunk_bytes=15_000)
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}", flush=True)


if __name__ == "__main__":
    main()
