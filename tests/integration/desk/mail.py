"""A small mail server for tests: takes what it is sent, and refuses what it is told to."""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """What arrived as (recipient, text), and the addresses that are refused for good or for now."""

    port: int = 0
    mails: list[tuple[str, str]] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    busy: bool = False
    slow_seconds: float = 0.0


class _Handler(socketserver.StreamRequestHandler):
    box: Mailbox

    def handle(self) -> None:
        with suppress(ConnectionError):  # a sender may be killed in the middle of a letter
            self._converse()

    def _converse(self) -> None:
        self.say("220 here")
        recipient = ""
        for raw in self.rfile:
            line = raw.decode().strip()
            word = line.split(" ")[0].upper()
            if word == "QUIT":
                self.say("221 goodbye")
                return
            if word == "RCPT":
                recipient = line.split("<")[1].split(">")[0]
                if recipient in self.box.unknown:
                    self.say("550 nobody of that name")
                    continue
                self.say("451 later" if self.box.busy else "250 yes")
            elif word == "DATA":
                self.say("354 go on")
                lines = []
                while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    lines.append(text)
                time.sleep(self.box.slow_seconds)
                self.box.mails.append((recipient, "\n".join(lines)))
                self.say("250 taken")
            else:
                self.say("250 yes")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A server on loopback for as long as the block lasts."""
    box = Mailbox()
    handler = type("Handler", (_Handler,), {"box": box})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Apart:
    """A mail server in a process of its own, as one is: its work is not done by the sender's process."""

    port: int
    recipients: list[str] = field(default_factory=list)


@contextmanager
def mail_server_apart() -> Iterator[Apart]:
    """The same server as another process; after the block `recipients` says to whom it took letters."""
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    try:
        assert process.stdout is not None
        apart = Apart(int(process.stdout.readline()))
        yield apart
        said, _ = process.communicate("", timeout=30)
        apart.recipients += json.loads(said)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    with mail_server() as taken:
        print(taken.port, flush=True)
        sys.stdin.read()
        print(json.dumps([recipient for recipient, _ in taken.mails]))
