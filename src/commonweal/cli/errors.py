"""How a verb ends: documented exit codes, one sentence for a user's mistake, no traceback.

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | done, and the answer is no (a check failed, some records were rejected) |
| 2 | the command line itself was wrong |
| 64 | the input was refused: nothing was changed |
| 69 | something the command needs is not there (a server, a package, a file) |
| 70 | a fault of ours: please report it with the file it names |
| 77 | not allowed: no office, agreement or purpose gives this |
| 130 | stopped from the keyboard |
"""

from __future__ import annotations

import os
import tempfile
import traceback

import click

from commonweal.core.errors import CommonwealError, NotAllowed, NotThere, Refused

EXIT_OK, EXIT_NO, EXIT_USAGE, EXIT_REFUSED, EXIT_NOT_THERE, EXIT_FAULT, EXIT_NOT_ALLOWED = 0, 1, 2, 64, 69, 70, 77
EXIT_STOPPED = 130

FAMILIES: tuple[tuple[type[CommonwealError], int], ...] = (
    (Refused, EXIT_REFUSED),
    (NotThere, EXIT_NOT_THERE),
    (NotAllowed, EXIT_NOT_ALLOWED),
)


def run(group: click.Group) -> int:
    """Run a click group; returns the exit code and never lets a traceback reach the user."""
    try:
        answer = group.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        return EXIT_STOPPED
    except click.ClickException as mistake:
        mistake.show()
        return EXIT_USAGE
    except CommonwealError as error:
        click.echo(f"commonweal: {error}", err=True)
        return exit_code_of(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_OK
    except Exception as fault:
        click.echo(f"commonweal: a fault of ours ({type(fault).__name__}: {fault}).", err=True)
        click.echo(f"Please report it with the file {_write_report()}", err=True)
        return EXIT_FAULT
    return answer if isinstance(answer, int) else EXIT_OK


def exit_code_of(error: CommonwealError) -> int:
    """The documented exit code of an error's family."""
    return next((code for family, code in FAMILIES if isinstance(error, family)), EXIT_REFUSED)


def _write_report() -> str:
    with tempfile.NamedTemporaryFile("w", prefix="commonweal-fault-", suffix=".txt", delete=False) as report:
        report.write(traceback.format_exc())
    return report.name
