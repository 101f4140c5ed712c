"""Loads files of series, one after another, each in a process of its own that may be killed.

Run as a program: `killed_loader.py SPACE`. For every line on standard input (a path) it forks; the child loads the file
and ends. Modules are loaded once, so that a test can afford many killings.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    from commonweal.site import installation

    installation.use_space(sys.argv[1])
    from commonweal.apps.surveillance import actions, definitions

    definitions.metrics()
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            actions.load_series([Path(line.strip())])
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}", flush=True)


if __name__ == "__main__":
    main()
