"""`syndication run` as a program of its own in an empty folder, and what can be seen of it from outside."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from syndication import bootstrap
from syndication.bootstrap import House
from syndication.settings import Settings, starting
from tests.servers import die_with_parent, neighbouring_ports
from tests.workers.installation import wait_until

COMMAND = [sys.executable, "-c", "from syndication.cli import main; main(prog_name='syndication')"]
_SOCKET = re.compile(r"socket:\[(\d+)\]")


@dataclass
class Place:
    """An empty folder with the sample publisher below it, and a home and a temporary folder of its own."""

    folder: Path
    first_port: int = 0
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("here", "home", "tmp"):
            (self.folder / name).mkdir(parents=True)
        self.first_port = neighbouring_ports(4)
        starting.write_starter(self.here / "var", first_port=self.first_port)

    @property
    def here(self) -> Path:
        return self.folder / "here"

    @property
    def environ(self) -> Mapping[str, str]:
        """Nothing of ours: no proxy, no settings, and Python may write no caches outside its place."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, "HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp"), "PYTHONUTF8": "1"}

    @property
    def settings(self) -> Settings:
        return bootstrap.load(self.here / "var" / "publisher.toml", {})

    @contextmanager
    def house(self) -> Iterator[House]:
        house = bootstrap.open_house(self.settings)
        try:
            yield house
        finally:
            house.close()

    def start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "output").open("ab") as output:
            program = subprocess.Popen(
                [*COMMAND, "run"],
                cwd=self.here,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,
            )
        self.programs.append(program)
        return program

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    def get(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.first_port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()

    def answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.first_port)) == 0

    def ports_taken(self) -> list[int]:
        taken = []
        for port in range(self.first_port, self.first_port + 4):
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    taken.append(port)
        return taken

    def processes(self) -> dict[int, str]:
        """Every living process that was started from this place, by what it was told."""
        mark = f"HOME={self.folder / 'home'}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if words and _alive(entry):
                        found[int(entry.name)] = words
            except OSError:
                continue
        return found

    def far_ends(self) -> set[str]:
        """The addresses that this place's processes are connected to or send to at this moment."""
        inodes = {number for pid in self.processes() for number in _sockets(pid)}
        return {end for table in ("tcp", "tcp6", "udp", "udp6") for end in _far_ends(table, inodes)}

    def ended(self, patience: float) -> bool:
        return wait_until(lambda: not self.processes(), patience)

    def close(self) -> None:
        for program in self.programs:
            if program.poll() is None:
                program.send_signal(signal.SIGINT)
                program.wait(30)


def _alive(entry: Path) -> bool:
    return (entry / "stat").read_text().rpartition(") ")[2].split()[0] not in ("Z", "X")


def _sockets(pid: int) -> set[str]:
    found = set()
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            match = _SOCKET.match(str(descriptor.readlink()))
            if match:
                found.add(match.group(1))
    except OSError:
        pass
    return found


def _far_ends(table: str, inodes: set[str]) -> set[str]:
    """Remote addresses in /proc/net (see proc(5)): the kernel prints them as groups of four reversed octets."""
    path = Path("/proc/net") / table
    if not path.exists():
        return set()
    ends = set()
    for line in path.read_text().splitlines()[1:]:
        columns = line.split()
        remote, inode = columns[2], columns[9]
        raw = bytes.fromhex(remote.partition(":")[0])
        octets = b"".join(raw[n : n + 4][::-1] for n in range(0, len(raw), 4))
        if inode in inodes and any(octets):
            family = socket.AF_INET if len(octets) == 4 else socket.AF_INET6
            ends.add(socket.inet_ntop(family, octets).removeprefix("::ffff:"))
    return ends
