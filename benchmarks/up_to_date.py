"""A kept installation of an earlier version brought to the shape of this one.

Migrations do it for versions that were released. Between releases SQL files are still edited after they ran, so the
folder of an installation notes which texts it was made from; of files that changed since, the statements are run again:
functions and views are replaced, tables and indexes made where they are missing, columns added. What
is beyond this is named, and the folder has to be filled anew.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from benchmarks.installation import Installation
from commonweal.core.errors import Refused

ROOMS = Path(__file__).resolve().parents[1] / "src" / "commonweal" / "apps"
ORDER = ("ledger", "places", "access", "disclosure", "desk", "intake", "surveillance")

AGAIN = r"""
import re, sys
from commonweal.site.installation import use_space
from commonweal.server import provider, spaces
provider.ensure_server()
use_space("live")
from django.db import Error, connections, transaction
PIECES = re.compile(r"(--[^\n]*)|('(?:[^']|'')*')|(\$(\w*)\$.*?\$\4\$)|(;)", re.S)
def statements(text):
    start = 0
    for piece in PIECES.finditer(text):
        if piece.group(5):
            yield text[start:piece.start()].strip()
            start = piece.end()
    yield text[start:].strip()
def bare(statement):
    return re.sub(r"^\s*(--[^\n]*\n\s*)*", "", statement)
def present(table):
    with connections["migrate"].cursor() as cursor:
        cursor.execute("select attname from pg_attribute where attrelid = to_regclass(%s) and not attisdropped", [table])
        return {name for name, in cursor.fetchall()}
def columns(body):
    depth, piece = 0, ""
    for letter in re.sub(r"--[^\n]*", "", body) + ",":
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            if bare(piece).split()[0] not in ("primary", "unique", "check", "foreign", "exclude", "constraint"):
                yield bare(piece).strip()
            piece = ""
        else:
            piece += letter
def again(statement):
    said = bare(statement)
    table = re.match(r"create table (\S+) \((.*)\)", said, re.S)
    if table and (there := present(table[1])):
        return [f"alter table {table[1]} add column {each}" for each in columns(table[2]) if each.split()[0] not in there]
    made = re.match(r"create (trigger|policy) (\S+).*? on (\S+)", said, re.S)
    if made:
        return [f"drop {made[1]} if exists {made[2]} on {made[3]}", said]
    return [re.sub(r"^create (function|procedure|view) ", r"create or replace \1 ", said)]
def run(cursor, statement):
    for part in again(statement):
        cursor.execute(part, None)
THERE = {"42P07", "42710", "42723", "42P06", "42701", "42P16"}  # is there already
todo = [s for path in sys.argv[1:] for s in statements(open(path, encoding="utf-8").read())
        if bare(s) and not re.match(r"(insert|update|delete|select|drop) ", bare(s))]
connections["migrate"].ensure_connection()
for last in (False, False, True):
    failed = []
    for statement in todo:
        try:
            with transaction.atomic(using="migrate"), connections["migrate"].cursor() as cursor:
                run(cursor, statement)
        except Error as error:
            state = getattr(error.__cause__, "sqlstate", "")
            if state == "42P13":  # other columns or parameters' names: made anew
                name = re.match(r"create (?:function|procedure) ([\w.]+)", bare(statement))[1]
                with transaction.atomic(using="migrate"), connections["migrate"].cursor() as cursor:
                    cursor.execute("select oid::regprocedure from pg_proc where oid::regproc::text = %s", [name])
                    for (each,) in cursor.fetchall():
                        cursor.execute(f"drop routine {each}")
            if state not in THERE:
                failed.append((statement, error))
    todo = [statement for statement, _ in failed]
for statement, error in failed:
    print(f"{str(error).splitlines()[0]}: {' '.join(bare(statement).split())[:100]}")
"""
MIGRATE = """
from commonweal.site.installation import open_space
open_space("live")
"""


def texts() -> dict[str, str]:
    """Every SQL file of the rooms, in the order of the rooms -> what its text hashes to."""
    found = sorted(ROOMS.glob("*/sql/*.sql"), key=lambda path: (ORDER.index(path.parts[-3]), path.name))
    return {str(path.relative_to(ROOMS)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def bring_up_to_date(place: Installation) -> None:
    """Run what changed, migrate, and note it. Raises `Refused` where that is not enough."""
    note = place.folder / "made_from.json"
    made_from: dict[str, str] = json.loads(note.read_text()) if note.exists() else {}
    now = texts()
    changed = [name for name, text in now.items() if made_from and _to_run_again(name, text, made_from)]
    try:
        left = place.python(AGAIN, *(str(ROOMS / name) for name in changed)).output if changed else ""
        place.python(MIGRATE)
    except RuntimeError as error:
        left = str(error).strip().splitlines()[-1]
    if left.strip():
        raise Refused(
            f"The installation in {place.folder} was made by a version from which no way leads here: "
            f"{left.strip()} Name an empty folder, and it is filled anew."
        )
    note.write_text(json.dumps(now, indent=1))


def _to_run_again(name: str, text: str, made_from: dict[str, str]) -> bool:
    """Whether a file changed, or is new without a migration of its own: then one that ran before names it now."""
    if name in made_from:
        return made_from[name] != text
    room, _, file = name.split("/")
    return not (ROOMS / room / "migrations" / file).with_suffix(".py").exists()


def note_texts(place: Installation) -> None:
    """Note what a new installation was made from."""
    (place.folder / "made_from.json").write_text(json.dumps(texts(), indent=1))
