"""A loopback SMTP server that counts: it logs what it takes before it says so, and breaks where a script tells it to.

It keeps no bodies and relays nothing. It runs as a process of its own: `python -m tests.sink --log FILE`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from tests.servers import die_with_parent

Stage = Literal["connect", "mail", "rcpt", "after-rcpt", "data", "body", "dot"]

HOST = "127.0.0.1"
_END = b"\r\n.\r\n"
_ADDRESS = re.compile(rb"<([^>]*)>")
_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(?:\r\n[ \t]+)?([\x21-\x7e]{1,998})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong where, for recipients that match.

    `do` is an answer ("451 4.7.1 later"; after one with 421 it hangs up), "cut", or "stall" (no further word, ever). At
    "dot" a cut or stall leaves the message taken and logged, unless `taken` is False. At "connect" and "mail" the
    recipient is not known yet, so they strike whomever."""

    at: Stage
    do: str
    recipient: str = ""  # a regular expression that is searched; "" is everybody
    times: int | None = None  # strikes each recipient so often; None: always
    every: int = 1  # strikes every so many-th time that it could
    taken: bool = True


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the log. What was taken and never answered is `taken` too; `told` says whether it was."""

    kind: Literal["taken", "refused", "cut", "stalled"]
    told: bool
    code: str  # both codes of the answer, or the stage of a cut or stall
    message_id: str
    recipient: str
    at: float  # seconds since 1970
    connection: int


GREYLISTING = Fault(at="rcpt", do="451 4.7.1 greylisted, come again", times=1)


# --- the server ------------------------------------------------------------------------------


@dataclass
class Plan:
    """What the sink was told, and how often each fault has had its chance."""

    log: int
    delay: float = 0.0
    pipelining: bool = True
    lonely_data: str = "554 5.5.1 no valid recipients"
    faults: list[Fault] = field(default_factory=list)
    connections: int = 0
    chances: Counter[Fault] = field(default_factory=Counter)
    struck: Counter[tuple[Fault, str]] = field(default_factory=Counter)

    def fault(self, stage: Stage, recipient: str) -> Fault | None:
        for fault in self.faults:
            if fault.at != stage or not re.search(fault.recipient, recipient):
                continue
            if fault.times is not None and self.struck[fault, recipient] >= fault.times:
                continue
            self.chances[fault] += 1
            if self.chances[fault] % fault.every == 0:
                self.struck[fault, recipient] += 1
                return fault
        return None


class Session(asyncio.Protocol):
    """One connection. It answers in order and holds its tongue while a taken message waits for its answer."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        plan.connections += 1
        self.number = plan.connections
        self.heard = bytearray()
        self.said: list[bytes] = []
        self.lines: list[str] = []
        self.recipients: list[str] = []
        self.in_data = False
        self.searched = 0
        self.waits = False  # for the delay before a 250
        self.deaf = False  # stalled, or hung up

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if not self._strikes("connect", ""):
            self._say("220 sink.localhost ESMTP")
        self._flush()

    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        self.heard += data
        if not self.waits:
            self._go()

    def _go(self) -> None:
        while not (self.waits or self.deaf) and (self._body() if self.in_data else self._command()):
            pass
        self._flush()

    def _command(self) -> bool:
        end = self.heard.find(b"\n")
        if end < 0:
            return False
        line = bytes(self.heard[:end]).rstrip(b"\r")
        del self.heard[: end + 1]
        verb = line[:4].upper()
        if verb == b"MAIL":
            self.recipients = []
            if not self._strikes("mail", ""):
                self._say("250 2.1.0 Ok")
        elif verb == b"RCPT":
            self._rcpt(line)
        elif verb == b"DATA":
            self._data()
        elif verb in (b"EHLO", b"HELO"):
            self._hello(verb)
        elif verb == b"QUIT":
            self._say("221 2.0.0 bye")
            self._hang_up()
        elif verb in (b"RSET", b"NOOP"):
            self.recipients = []
            self._say("250 2.0.0 Ok")
        else:
            self._say("500 5.5.2 what?")
        return True

    def _hello(self, verb: bytes) -> None:
        words = ["sink.localhost"]
        if verb == b"EHLO":
            words += [*(["PIPELINING"] if self.plan.pipelining else []), "SIZE 104857600", "8BITMIME"]
            words.append("ENHANCEDSTATUSCODES")
        for word in words[:-1]:
            self._say(f"250-{word}")
        self._say(f"250 {words[-1]}")

    def _rcpt(self, line: bytes) -> None:
        found = _ADDRESS.search(line)
        recipient = found[1].decode("utf-8", "replace") if found else ""
        if self._strikes("rcpt", recipient):
            return
        self.recipients.append(recipient)
        self._say("250 2.1.5 Ok")
        self._strikes("after-rcpt", recipient)

    def _data(self) -> None:
        if not self.recipients:
            if not self.plan.lonely_data.startswith("354"):
                self._say(self.plan.lonely_data)
                return
        elif self._strikes("data", self.recipients[0]):
            self.recipients = []
            return
        self._say("354 go on")
        self.in_data, self.searched = True, 0

    def _body(self) -> bool:
        if self.heard and self.recipients and self._strikes("body", self.recipients[0]):
            return False
        if self.heard.startswith(b".\r\n"):  # nothing at all
            end, after = 0, 3
        else:
            end = self.heard.find(_END, max(0, self.searched - len(_END)))
            after = end + len(_END)
        if end < 0:
            self.searched = len(self.heard)
            return False
        found = _MESSAGE_ID.search(bytes(self.heard[: min(end, 16384)]))
        del self.heard[:after]
        self.in_data = False
        self._dot(found[1].decode("ascii") if found else "-")
        return True

    def _dot(self, message_id: str) -> None:
        recipients, self.recipients = self.recipients, []
        if not recipients:
            self._say("554 5.5.1 no valid recipients")
            return
        fault = self.plan.fault("dot", recipients[0])
        if fault is None:
            self._note("taken", "250", message_id, recipients)
            self._answer_taken()
        elif fault.do in ("cut", "stall") and fault.taken:
            self._note("taken", fault.do, message_id, recipients, told=False)
            self._break(fault)
        else:
            self._note(_kind(fault), _code(fault), message_id, recipients)
            self._break(fault)

    def _answer_taken(self) -> None:
        words = "250 2.0.0 Ok: queued"
        if not self.plan.delay:
            self._say(words)
            return
        self.waits = True
        asyncio.get_running_loop().call_later(self.plan.delay, self._answer_late, words)

    def _answer_late(self, words: str) -> None:
        self.waits = False
        if not self.deaf:
            self._say(words)
            self._go()

    def _strikes(self, stage: Stage, recipient: str) -> bool:
        fault = self.plan.fault(stage, recipient)
        if fault is None:
            return False
        self._note(_kind(fault), _code(fault), "-", [recipient])
        self._break(fault)
        return True

    def _break(self, fault: Fault) -> None:
        if fault.do == "cut":
            self._hang_up(at_once=True)
        elif fault.do == "stall":
            self.deaf = True
        else:
            self._say(fault.do)
            if fault.do.startswith("421"):
                self._hang_up()

    def _say(self, words: str) -> None:
        self.said.append(f"{words}\r\n".encode())

    def _note(self, kind: str, code: str, message_id: str, recipients: list[str], *, told: bool = True) -> None:
        at = f"{time.time():.6f}"
        for recipient in recipients:
            self.lines.append(
                "\t".join((kind, str(int(told)), code, message_id, recipient, at, str(self.number))) + "\n"
            )

    def _flush(self) -> None:
        """The log first: what the other side is told has been written down."""
        if self.lines:
            os.write(self.plan.log, "".join(self.lines).encode())
            self.lines.clear()
        if self.said:
            self.transport.write(b"".join(self.said))
            self.said.clear()

    def _hang_up(self, *, at_once: bool = False) -> None:
        self._flush()
        self.deaf = True
        self.transport.abort() if at_once else self.transport.close()


def _kind(fault: Fault) -> str:
    return {"cut": "cut", "stall": "stalled"}.get(fault.do, "refused")


def _code(fault: Fault) -> str:
    return fault.at if fault.do in ("cut", "stall") else " ".join(fault.do.split()[:2])


def read_faults(path: Path) -> list[Fault]:
    return [Fault(**told) for told in json.loads(path.read_text())] if path.exists() else []


async def serve(plan: Plan, port: int, faults: Path) -> None:
    """Listen until SIGTERM; SIGHUP reads the faults anew."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    plan.faults = read_faults(faults)
    loop.add_signal_handler(signal.SIGTERM, told.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: setattr(plan, "faults", read_faults(faults)))
    server = await loop.create_server(lambda: Session(plan), HOST, port, backlog=512)
    print(f"ready {server.sockets[0].getsockname()[1]}", flush=True)
    await told.wait()
    server.close()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sink", description=__doc__)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds between taking a message and saying so")
    parser.add_argument("--faults", type=Path, default=Path("/nonexistent"), help="JSON: a list of faults")
    parser.add_argument("--lockstep", action="store_true", help="do not offer PIPELINING")
    parser.add_argument("--lonely-data", default=Plan.lonely_data, help="answer to DATA without a recipient")
    asked = parser.parse_args(arguments)
    log = os.open(asked.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    plan = Plan(log=log, delay=asked.delay, pipelining=not asked.lockstep, lonely_data=asked.lonely_data)
    asyncio.run(serve(plan, asked.port, asked.faults))
    return 0


# --- from the tests' side --------------------------------------------------------------------


@dataclass
class Sink:
    """The running process and its log."""

    log: Path
    faults_file: Path
    port: int = 0
    program: subprocess.Popen[bytes] | None = None

    def entries(self) -> Sequence[Entry]:
        """The log, oldest first; a last line still being written is left out."""
        try:
            text = self.log.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [_entry(line) for line in text.rpartition("\n")[0].split("\n") if line]

    def taken(self) -> Sequence[Entry]:
        return [entry for entry in self.entries() if entry.kind == "taken"]

    def count(self) -> int:
        """How many messages were taken, without reading what each line says."""
        try:
            return self.log.read_bytes().count(b"taken\t")
        except FileNotFoundError:
            return 0

    def break_as(self, *faults: Fault) -> None:
        """From now on these faults, and no others."""
        self.faults_file.write_text(json.dumps([asdict(fault) for fault in faults]))
        if self.program is not None:
            self.program.send_signal(signal.SIGHUP)


def _entry(line: str) -> Entry:
    kind, told, code, message_id, recipient, at, connection = line.split("\t")
    assert kind in ("taken", "refused", "cut", "stalled")
    return Entry(
        kind=kind,  # type: ignore[arg-type]  # narrowed by the line above
        told=told == "1",
        code=code,
        message_id=message_id,
        recipient=recipient,
        at=float(at),
        connection=int(connection),
    )


@contextmanager
def running(
    folder: Path,
    *,
    port: int = 0,
    delay: float = 0.0,
    faults: Iterable[Fault] = (),
    pipelining: bool = True,
    lonely_data: str = Plan.lonely_data,
) -> Iterator[Sink]:
    """A sink in a process of its own, logging to `folder`/taken.log."""
    folder.mkdir(parents=True, exist_ok=True)
    sink = Sink(folder / "taken.log", folder / "faults.json")
    sink.break_as(*faults)
    command = [sys.executable, "-m", "tests.sink", "--log", str(sink.log), "--faults", str(sink.faults_file)]
    command += ["--port", str(port), "--delay", str(delay), "--lonely-data", lonely_data]
    sink.program = subprocess.Popen(
        [*command, *([] if pipelining else ["--lockstep"])],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
        preexec_fn=die_with_parent,
    )
    try:
        assert sink.program.stdout is not None
        word, _, number = sink.program.stdout.readline().partition(b" ")
        assert word == b"ready"
        sink.port = int(number)
        yield sink
    finally:
        sink.program.terminate()
        sink.program.wait(10)


if __name__ == "__main__":
    sys.exit(main())
