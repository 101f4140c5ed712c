"""A home and an embedded server for each process of the run, one migrated template in it, and a fresh clone of that for
each module that asks. Keys, waiting files and lists beside the database belong to a home: no test meets another's."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from time import sleep
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings

# How fast examples are made depends on what else the machine does; no test is about that.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

LAST_MINUTES = 3

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("COMMONWEAL_SHARED", ROOT.parent / "shared"))
_PLACE = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
_HOMES = os.environ.get("COMMONWEAL_TEST_HOME", f"{tempfile.gettempdir()}/commonweal-tests-{os.geteuid()}-{_PLACE}")
# A server that is given (DATABASE_URL) has one set of roles, whose passwords lie in one home.
_WORKER = "" if "DATABASE_URL" in os.environ else os.environ.get("PYTEST_XDIST_WORKER", "")
TEST_HOME = Path(f"{_HOMES}-{_WORKER}" if _WORKER else _HOMES)

os.environ["COMMONWEAL_HOME"] = str(TEST_HOME)
os.environ["COMMONWEAL_SPACE"] = "template"
os.environ["DJANGO_SETTINGS_MODULE"] = "commonweal.site.settings"
os.environ.setdefault("COMMONWEAL_POSTGRES_SETTINGS", "fsync=off,synchronous_commit=off,full_page_writes=off")
os.environ.setdefault("NUMBA_CACHE_DIR", f"{_HOMES}-numba")


def _schema_version() -> str:
    """Changes whenever a migration or its SQL does."""
    files = sorted((ROOT / "src" / "commonweal" / "apps").rglob("*.sql"))
    files += sorted((ROOT / "src" / "commonweal" / "apps").rglob("migrations/*.py"))
    files += [ROOT / "src" / "commonweal" / "server" / "roles.py", ROOT / "src" / "commonweal" / "site" / "settings.py"]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data; tests that need it skip where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"the reference data folder is not at {SHARED} (set COMMONWEAL_SHARED)")
    return SHARED


@pytest.fixture(scope="session")
def template() -> str:
    """The name of a migrated space without a description, made once for this version of the schema."""
    name = f"template_{_schema_version()}"
    TEST_HOME.mkdir(mode=0o711, exist_ok=True)
    with (TEST_HOME / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        from commonweal.server import provider, spaces

        provider.ensure_server()
        if name not in spaces.listing():
            program = (
                "import sys; from commonweal.server import spaces; from commonweal.site import installation as i;"
                "name = sys.argv[1]; spaces.create_database('draft_' + name[9:]); i.use_space('draft_' + name[9:]);"
                "i.migrate()"
            )
            spaces.drop_database(f"draft_{name[9:]}")
            subprocess.run([sys.executable, "-c", program, name], check=True)
            _rename(f"draft_{name[9:]}", name)
    return name


def _rename(draft: str, name: str) -> None:
    import psycopg

    from commonweal.server import provider

    with psycopg.connect(provider.ensure_server(), autocommit=True) as connection:
        connection.execute(f'alter database "cw_{draft}" rename to "cw_{name}"'.encode())


def point_django_at(space: str) -> None:
    """Make every alias of this process use another space."""
    import django
    from django.apps import apps
    from django.conf import settings
    from django.db import connections

    from commonweal.server import provider

    if not apps.ready:
        django.setup()
    for alias in settings.DATABASES:
        if alias == "default":
            continue
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = provider.database_name(space)
        connections.settings[alias]["NAME"] = provider.database_name(space)


def begin_on_one_day(now: datetime) -> float:
    """Seconds to wait so that what a space is filled with and what is asked of it fall on one day: none begins in the
    last minutes before midnight in London, by whose days pages count."""
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
    left = midnight.timestamp() - now.timestamp()
    return left if left < LAST_MINUTES * 60 else 0.0


def make_space(template: str, kind: str = "live") -> str:
    """A fresh clone of the template, described as `kind`."""
    sleep(begin_on_one_day(datetime.now(ZoneInfo("Europe/London"))))
    from commonweal.server import spaces
    from commonweal.site import installation

    name = f"t_{secrets.token_hex(5)}"
    spaces.create_database(name, template=template)
    point_django_at(name)
    installation.describe(name, kind)
    return name


def remove_space(name: str) -> None:
    from django.db import connections

    from commonweal.server import spaces

    connections.close_all()
    spaces.drop_database(name)


@pytest.fixture(scope="module")
def space(template: str) -> Iterator[str]:
    """A live-kind space of its own for the module that asks."""
    name = make_space(template)
    yield name
    remove_space(name)


@pytest.fixture
def fresh_space(template: str) -> Iterator[str]:
    """A live-kind space of its own for one test."""
    name = make_space(template)
    yield name
    remove_space(name)
