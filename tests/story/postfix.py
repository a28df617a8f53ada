"""A real Postfix with a configuration and a queue of its own, and smtp-sinks behind it that answer as told."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import die_with_parent, free_port

SBIN = "/usr/sbin"  # not on everybody's PATH

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = relay.garam.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
alias_maps =
alias_database =
local_recipient_maps =
notify_classes =
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = none
transport_maps = inline:{{ {transports} }}
default_transport = error:5.4.4 nobody lives there
in_flow_delay = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
default_destination_concurrency_limit = 20
initial_destination_concurrency = 20
"""
_MASTER = """\
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
showq unix n - n - - showq
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def needed() -> None:
    """Skip where Debian's Postfix is not installed, or nobody may start it."""
    if os.geteuid() != 0 or not all(Path(SBIN, name).exists() for name in ("postfix", "smtp-sink")):
        pytest.skip("needs postfix (Debian), as root")


@dataclass
class Postfix:
    """A relay on loopback."""

    port: int
    folder: Path

    def waiting(self) -> int:
        """How many mails are in its queue."""
        told = subprocess.run(
            [f"{SBIN}/postqueue", "-c", self.folder / "etc", "-j"], check=True, capture_output=True, timeout=20
        )
        return len(told.stdout.splitlines())


@contextmanager
def postfix(transports: Mapping[str, str]) -> Iterator[Postfix]:
    """`transports`: domain -> Postfix transport, as in transport(5). Every other domain is refused."""
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir(mode=0o755)
    shutil.chown(folder / "data", "postfix")
    port = free_port()
    listed = ", ".join(f"{{ {domain} = {transport} }}" for domain, transport in transports.items())
    (folder / "etc/main.cf").write_text(_MAIN.format(folder=folder, transports=listed))
    (folder / "etc/master.cf").write_text(_MASTER.format(port=f"127.0.0.1:{port}"))
    server = subprocess.Popen(
        [f"{SBIN}/postfix", "-c", folder / "etc", "start-fg"],
        env={**os.environ, "PATH": f"{SBIN}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    try:
        wait_for(port)
        yield Postfix(port=port, folder=folder)
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def sinks(answers: Mapping[str, tuple[str, ...]]) -> Iterator[Mapping[str, int]]:
    """An smtp-sink for each name with these options; yields their ports."""
    with ExitStack() as stack:
        ports = {}
        for name, options in answers.items():
            ports[name] = free_port()
            program = [f"{SBIN}/smtp-sink", "-u", "nobody", *options, f"127.0.0.1:{ports[name]}", "1000"]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            sink = subprocess.Popen(program, preexec_fn=die_with_parent, **quiet)
            stack.callback(sink.wait, 10)
            stack.callback(sink.kill)
        for port in ports.values():
            wait_for(port)
        yield ports


def wait_for(port: int, patience: float = 30) -> None:
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
