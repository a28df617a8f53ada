"""Measures handing over ready-made mails beside Postfix's own smtp-source, and at a distance beside smtplib.

Run it as `.venv/bin/python benchmarks/smtp.py`; it prints the ratios of the medians of five alternating runs.
"""

from __future__ import annotations

import base64
import os
import random
import shutil
import smtplib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from syndication.adapters.smtp import SmtpMailer  # noqa: E402 - the checkout must be on the path first
from syndication.core.model import Verdict  # noqa: E402
from syndication.ports import Mail  # noqa: E402
from tests.servers import die_with_parent, free_port  # noqa: E402

RUNS = 5  # alternating; the median counts
SIZE = 120_000  # octets of a personal digest on the wire
MAILS = {1: 2000, 4: 2000}  # by connections: one to two seconds a run
ROUND_TRIP = 0.03  # seconds
FAR_MAILS = 28

BIN = f"{os.environ.get('PATH', '')}:/usr/sbin"


def main() -> int:
    sink, source = (shutil.which(name, path=BIN) for name in ("smtp-sink", "smtp-source"))
    if sink is None or source is None:
        print("needs smtp-sink and smtp-source of Debian's postfix", file=sys.stderr)
        return 1
    print(f"mails of {SIZE:,} octets, ready-made; median of {RUNS} alternating runs, mails per second")
    with running_sink(sink) as port:
        for connections in MAILS:
            near(source, port, connections)
        far(port)
    return 0


def near(source: str, port: int, connections: int) -> None:
    """Ours beside smtp-source, which keeps its connections open, too."""
    count = MAILS[connections]
    letters = mails(count)
    mailer = SmtpMailer(host="127.0.0.1", port=port, connections=connections, messages_per_connection=RUNS * count)
    carry(mailer, letters[:100])

    def theirs() -> None:
        size = ("-l", str(SIZE), "-m", str(count))
        subprocess.run([source, "-d", "-s", str(connections), *size, f"127.0.0.1:{port}"], check=True)

    ours, peer = alternating(count, lambda: carry(mailer, letters), theirs)
    mailer.close()
    print(f"{connections} connection{'s' * (connections > 1)}: {ours:,.0f}, one smtp-source {peer:,.0f}", end="; ")
    print(f"ratio {ours / peer:.2f}" + ("  (at least 1.3)" if connections == 1 else ""))


def far(port: int) -> None:
    """Ours beside a client that reuses its connection and waits for every answer, at a distance."""
    letters = mails(FAR_MAILS)
    with running_proxy(port) as way:
        mailer = SmtpMailer(host="127.0.0.1", port=way, messages_per_connection=RUNS * FAR_MAILS)
        carry(mailer, letters[:1])
        client = smtplib.SMTP("127.0.0.1", way)

        def theirs() -> None:
            for mail in letters[: FAR_MAILS // 4]:
                client.sendmail(mail.sender, mail.recipient, mail.message)

        ours, peer = alternating(FAR_MAILS, lambda: carry(mailer, letters), theirs, their_count=FAR_MAILS // 4)
        mailer.close()
        client.quit()
    trip = f"{ROUND_TRIP * 1000:.0f} ms of round trip"
    print(f"with {trip}: {ours:,.1f}, smtplib on one connection {peer:,.1f}; ratio {ours / peer:.2f}  (at least 3)")


def alternating(
    count: int, ours: Callable[[], None], theirs: Callable[[], None], *, their_count: int | None = None
) -> tuple[float, float]:
    """The median rates of both."""
    runs = [(count / seconds(ours), (their_count or count) / seconds(theirs)) for _ in range(RUNS)]
    first, second = zip(*runs, strict=True)
    return statistics.median(first), statistics.median(second)


def seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def carry(mailer: SmtpMailer, letters: list[Mail]) -> None:
    accepted = sum(outcome.verdict is Verdict.ACCEPTED for _, outcome in mailer.carry(letters, lambda _: True))
    assert accepted == len(letters)


def mails(count: int) -> list[Mail]:
    """Mails to different readers with one content: what is measured does not look at it twice."""
    content = base64.encodebytes(random.Random(1).randbytes(SIZE)).replace(b"\n", b"\r\n")[: SIZE - 100]
    message = b"Subject: This morning\r\n\r\n" + content.rpartition(b"\r\n")[0] + b"\r\n"
    return [
        Mail(sender=f"b+{n:08}@bounce.garam.example", recipient=f"reader-{n}@example.com", message=message)
        for n in range(count)
    ]


@contextmanager
def running_sink(program: str) -> Iterator[int]:
    port = free_port()
    user = ("-u", "nobody") if os.getuid() == 0 else ()
    command = [program, *user, f"127.0.0.1:{port}", "1000"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent) as process:
        time.sleep(0.3)
        try:
            yield port
        finally:
            process.terminate()


@contextmanager
def running_proxy(target: int) -> Iterator[int]:
    command = [sys.executable, "-m", "tests.proxy", "--target", str(target), "--round-trip", str(ROUND_TRIP)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        assert process.stdin
        assert process.stdout
        yield int(process.stdout.readline())
        process.stdin.close()


if __name__ == "__main__":
    sys.exit(main())
