"""One port, three sizes: the same answers to the last bit, also when a worker is killed in the middle of its work."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from commonweal.apps.surveillance import executors
from commonweal.apps.surveillance.executors import Cluster, Processes, Serial
from commonweal.core.errors import NotThere, Refused
from commonweal.core.signals.surroundings import Looked, look_around

from . import grids

BLOCKS = 12
PATIENCE = 60


@pytest.fixture(scope="module")
def expected() -> list[list[Looked]]:
    return Serial().map(look_around, grids.items(BLOCKS))


def kill_soon(find: object, seen: list[int]) -> threading.Thread:
    """A thread that kills the first worker that `find` shows at work."""

    def wait() -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not seen:
            pid = find()  # type: ignore[operator]
            if pid:
                os.kill(pid, signal.SIGKILL)
                seen.append(pid)
            time.sleep(0.05)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_a_killed_process_changes_nothing(expected: list[list[Looked]], tmp_path: Path) -> None:
    killed: list[int] = []

    def busy() -> int | None:
        begun = sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return int(begun[-1].name.partition("-")[0]) if len(begun) > BLOCKS // 3 else None

    thread = kill_soon(busy, killed)
    answers = Processes(2).map(grids.look_and_tell, [(str(tmp_path), item) for item in grids.items(BLOCKS)])
    thread.join()
    assert killed, "a worker was killed while it worked"
    assert len(list(tmp_path.iterdir())) > BLOCKS, "what it held was computed again"
    assert any(looked.found for block in expected for looked in block)
    assert answers == expected, "equal to the last bit: figures are compared as they are"


@contextlib.contextmanager
def running(*program: str) -> Iterator[subprocess.Popen[bytes]]:
    quiet = {**os.environ, "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error"}
    with subprocess.Popen([sys.executable, "-m", *program], env=quiet, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def scheduling(folder: Path, *options: str) -> Iterator[str]:
    """A scheduler; its address."""
    found = folder / "scheduler.json"
    where = ("--port", "0", "--no-dashboard", "--scheduler-file", str(found), *options)
    with running("distributed.cli.dask_scheduler", *where):
        wait_for(found.exists)
        wait_for(lambda: found.read_text().endswith("}"))
        yield json.loads(found.read_text())["address"]


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("distributed", reason="Dask is not installed (extra [cluster])")
    with scheduling(tmp_path, "--host", "127.0.0.1") as address:
        yield address


def wait_for(ready: object) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():  # type: ignore[operator]
        assert time.monotonic() < end, "nothing came in time"
        time.sleep(0.05)


def worker(address: str, folder: Path, *more: str) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60", *more)
    return running("distributed.cli.dask_worker", address, *options, "--local-directory", str(folder))


def test_a_killed_worker_of_a_cluster_changes_nothing(
    expected: list[list[Looked]], scheduler: str, tmp_path: Path
) -> None:
    from distributed import Client

    killed: list[int] = []
    here = ("--host", "127.0.0.1")
    with (
        worker(scheduler, tmp_path, *here) as first,
        worker(scheduler, tmp_path, *here) as second,
        Client(scheduler) as watching,
    ):
        watching.wait_for_workers(2, timeout=PATIENCE)

        def busy() -> int | None:
            done = [len(keys) for keys in watching.has_what().values()]
            at_work = [len(keys) for keys in watching.processing().values()]
            return second.pid if len(at_work) == 2 and all(at_work) and sum(done) >= 2 else None

        thread = kill_soon(busy, killed)
        answers = Cluster(scheduler).map(look_around, grids.items(BLOCKS))
        thread.join()
        assert killed == [second.pid]
        assert second.wait(10) == -signal.SIGKILL
        assert first.poll() is None
    assert answers == expected, "equal to the last bit: figures are compared as they are"


@pytest.mark.parametrize(
    "address",
    ["tcp://10.0.0.5:8786", "tcp://127.0.0.1:port", "tcp://127.0.0.1", "tcp://127.0.0.1:70000",
     "tcp://127.0.0.1:8786@elsewhere:1", "tls://", "http://127.0.0.1:8786", "127.0.0.1:8786"],
)  # fmt: skip
def test_what_is_no_address_of_a_scheduler_is_refused_before_anything_is_sent(address: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Give one such address, with its port"):
        Cluster(address, tmp_path)


def test_a_scheduler_without_a_worker_is_named_and_not_waited_for(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "ANSWER_SECONDS", 2)
    with pytest.raises(NotThere, match=f"{scheduler} has no worker after 2 seconds. Start one: dask worker"):
        Cluster(scheduler).map(look_around, grids.items(1))


def test_a_scheduler_by_tls_asks_for_certificates_and_one_that_is_gone_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotThere, match=r"ca.pem, certificate.pem, key.pem of this installation is not in"):
        Cluster("tls://cluster.example:8786", tmp_path)
    pytest.importorskip("distributed", reason="Dask is not installed (extra [cluster])")
    monkeypatch.setattr(executors, "ANSWER_SECONDS", 1)
    with pytest.raises(NotThere, match="does not answer"):
        Cluster("tcp://127.0.0.1:1").map(look_around, [])


def certificates(folder: Path) -> None:
    """An authority of one's own and one certificate by it, for this machine."""
    now = datetime.now(UTC)
    made = {}
    for name, issuer in (("authority", "authority"), ("worker", "authority")):
        key = new_key()
        made[name] = key
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder().subject_name(subject)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5)).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=name == "authority", path_length=None), critical=True)
        )  # fmt: skip
        pem = builder.sign(made[issuer], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        (folder / ("ca.pem" if name == "authority" else "certificate.pem")).write_bytes(pem)
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(made["worker"].private_bytes(serialization.Encoding.PEM, form, plain))


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def test_over_tls_both_sides_show_certificates(expected: list[list[Looked]], tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed (extra [cluster])")
    certificates(tmp_path)
    ca, certificate, key = (str(tmp_path / name) for name in executors.CERTIFICATES)
    options = ("--tls-ca-file", ca, "--tls-cert", certificate, "--tls-key", key, "--host", "tls://127.0.0.1")
    with scheduling(tmp_path, *options) as address, worker(address, tmp_path, *options):
        assert address.startswith("tls://")
        assert Cluster(address, tmp_path).map(look_around, grids.items(2)) == expected[:2]
        other = tmp_path / "other"
        other.mkdir()
        certificates(other)
        with pytest.raises(NotThere, match="does not answer"):
            Cluster(address, other).map(look_around, grids.items(1))
