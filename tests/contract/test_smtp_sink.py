"""SmtpMailer against Postfix's own test server, smtp-sink, in lockstep and pipelining."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from syndication.adapters.smtp import SmtpMailer
from syndication.core.model import Verdict
from tests.contract.relay import allow, mails
from tests.proxy import proxy
from tests.servers import die_with_parent, free_port

SINK = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = pytest.mark.skipif(SINK is None, reason="needs smtp-sink of Debian's postfix")


@contextmanager
def sink(*options: str, folder: Path | None = None) -> Iterator[int]:
    """The port of a running smtp-sink, which leaves each message it takes in the folder."""
    port = free_port()
    dump = ("-d", f"{folder}/%M.") if folder else ()
    user = ("-u", "nobody") if os.getuid() == 0 else ()
    command = (str(SINK), *user, *dump, *options, f"127.0.0.1:{port}", "100")
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent) as process:
        try:
            until_open(port)
            yield port
        finally:
            process.terminate()


def until_open(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("smtp-sink did not start")


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that everybody may write to: smtp-sink gives up root's rights."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o777)
        yield Path(made)


def taken(folder: Path) -> Counter[int]:
    """How often each mail was taken, by the number that stands in it."""
    texts = (file.read_bytes() for file in folder.iterdir())
    return Counter(int(number) for text in texts for number in re.findall(rb"^hello (\d+)$", text, re.MULTILINE))


def carried(port: int, count: int, *, connections: int = 1, timeout: float = 10) -> list[Verdict]:
    mailer = SmtpMailer(host="127.0.0.1", port=port, timeout=timedelta(seconds=timeout), connections=connections)
    try:
        told = {mail.delivery_id: outcome for mail, outcome in mailer.carry(mails(count), allow)}
    finally:
        mailer.close()
    assert not any(outcome.suppress for outcome in told.values())
    return [told[number].verdict for number in range(1, count + 1)]


@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize("options", [(), ("-p",), ("-e",)], ids=["pipelining", "lockstep", "HELO only"])
def test_every_mail_arrives_once(folder: Path, options: tuple[str, ...], connections: int):
    with sink(*options, folder=folder) as port:
        assert carried(port, 100, connections=connections) == [Verdict.ACCEPTED] * 100
    assert taken(folder) == dict.fromkeys(range(1, 101), 1)


@pytest.mark.parametrize("command", ["mail", "rcpt", "data", "."])
@pytest.mark.parametrize(("severity", "verdict"), [("-r", Verdict.DEFERRED), ("-f", Verdict.REFUSED)])
@pytest.mark.parametrize("offer", [(), ("-p",)], ids=["pipelining", "lockstep"])
def test_what_is_refused_at_any_stage_ends_cleanly_time_and_again(
    severity: str, verdict: Verdict, command: str, offer: tuple[str, ...]
):
    with sink(severity, command, *offer) as port:
        assert carried(port, 20) == [verdict] * 20


@pytest.mark.parametrize(
    ("command", "verdict"),
    [("mail", Verdict.DEFERRED), ("rcpt", Verdict.DEFERRED), ("data", Verdict.DEFERRED), (".", Verdict.UNCERTAIN)],
)
@pytest.mark.parametrize("offer", [(), ("-p",)], ids=["pipelining", "lockstep"])
def test_a_relay_that_hangs_up_at_a_command_leaves_nobody_in_the_dark(
    command: str, verdict: Verdict, offer: tuple[str, ...]
):
    with sink("-q", command, *offer) as port:
        assert carried(port, 5) == [verdict] * 5


def test_a_relay_that_is_too_slow_is_not_waited_for(folder: Path):
    with sink("-w", "2", folder=folder) as port:  # it waits before it says 354
        began = time.monotonic()
        assert carried(port, 1, timeout=0.3) == [Verdict.DEFERRED]
        assert time.monotonic() - began < 1.8
    assert not taken(folder)


def test_at_a_distance_of_30_ms_pipelining_is_worth_more_than_three_times_lockstep():
    def seconds(*options: str) -> float:
        with sink(*options) as port, proxy(port) as way:
            way.delay(timedelta(milliseconds=30))
            mailer = SmtpMailer(host="127.0.0.1", port=way.port)
            mailer.send(mails(1)[0])
            began = time.monotonic()
            assert all(outcome.verdict is Verdict.ACCEPTED for _, outcome in mailer.carry(mails(12), allow))
            mailer.close()
            return time.monotonic() - began

    ratios = (seconds("-p") / seconds() for _ in range(3))  # a busy machine may spoil one
    assert any(ratio > 3 for ratio in ratios)
