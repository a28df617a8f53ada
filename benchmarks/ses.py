"""Measures how much of an account's quota three workers use through Amazon SES, against the stand-in on this machine.

Run it as `.venv/bin/python benchmarks/ses.py --seconds 60`. The workers start at different moments and one is killed
midway; the stand-in counts by a window of its own that slides, and its log says what was taken and what was throttled.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from syndication import assemble, bootstrap, dispatch  # noqa: E402 - the checkout must be on the path first
from syndication.bootstrap import House  # noqa: E402
from syndication.core import links, timetable  # noqa: E402
from syndication.core.model import Channel, Choices, Consent, Found  # noqa: E402
from syndication.sandbox import ses  # noqa: E402
from tests.factories import content  # noqa: E402
from tests.servers import die_with_parent, postgres  # noqa: E402

QUOTA = 200  # recipients a second
WORKERS = 3
APART = 1 / 30  # of the time, between their starts: two seconds of a minute
LEAST = 0.88  # of the quota
STORIES = 60

PUBLISHER = """
mode = "rehearsal"
[outlet]
name = "가람일보 (표본)"
domain = "garam.example"
url = "http://127.0.0.1:8600"
address = "(표본) 가람시 한빛로 1"
contact = "editor@garam.example"
sender = "가람 아침 <morning@garam.example>"
[[source]]
id = "garam"
kind = "feed"
url = "http://127.0.0.1:8601/feed.xml"
outlet = "garam"
loopback = true
[[edition]]
id = "daily"
title = "가람 아침"
cap = {stories}
expires_after = "20h"
channels = ["email"]
[storage]
folder = "data"
database_from = "BENCHMARK_DATABASE"
[mail]
transport = "ses"
[mail.ses]
region = "ap-northeast-2"
configuration_set = "digest"
endpoint = "{endpoint}"
event_queue = "{endpoint}/000000000000/events"
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker is not None:
        return work(asked.worker)
    with tempfile.TemporaryDirectory(prefix="ses-") as folder, postgres() as database:
        os.environ |= {"BENCHMARK_DATABASE": database, "AWS_ACCESS_KEY_ID": "sample", "AWS_SECRET_ACCESS_KEY": "sample"}
        return measure(Path(folder), asked.seconds)


def measure(folder: Path, seconds: float) -> int:
    program, port = stand_in(folder / "ses")
    text = PUBLISHER.format(endpoint=f"http://127.0.0.1:{port}", stories=STORIES)
    (folder / "publisher.toml").write_text(text, encoding="utf-8")
    house = bootstrap.open_house(bootstrap.load(folder / "publisher.toml", os.environ))
    fill(house, int(QUOTA * (seconds + 3)))
    print(f"{WORKERS} workers, {seconds:.0f} s, a quota of {QUOTA}/s, mails of {size(house):,} octets")
    workers = []
    try:
        for _ in range(WORKERS):
            workers.append(worker(folder))
            time.sleep(APART * seconds)
        time.sleep(max(0.0, seconds / 2 - WORKERS * APART * seconds))
        workers[1].kill()
        wait_for(folder / "ses", seconds)
    finally:
        for one in (*workers, program):
            one.kill()
            one.wait()
    house.close()
    return report(folder / "ses", seconds)


def stand_in(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    command = [sys.executable, "-m", "syndication.sandbox.ses", "--folder", str(folder), "--log-only"]
    program = subprocess.Popen(
        [*command, "--per-second", str(QUOTA)], stdout=subprocess.PIPE, cwd=ROOT, preexec_fn=die_with_parent
    )
    assert program.stdout is not None
    return program, int(program.stdout.readline().split()[1])


def fill(house: House, readers: int) -> None:
    """Readers, and one frozen Issue that may go out now."""
    now = house.ports.clock.now()
    consent = Consent(at=now - timedelta(days=1), how="sample", text_version="sample")
    for n in range(readers):
        address = f"reader-{n}@example.com"
        house.store.subscribe(
            address=address,
            key=links.address_key(address, house.setup.address_keys),
            edition_id="daily",
            choices=Choices(),
            consent=consent,
            language="ko",
        )
    words = "가람시는 표본 소식을 전했다. " * 20
    found = [Found(identity=f"garam/{n}", content=content(n, paragraphs=(words, words))) for n in range(STORIES)]
    source, edition = house.settings.sources[0], house.settings.editions[0]
    house.store.store_articles(source, found, now - timedelta(minutes=5), domain="garam.example", baseline=False)
    slot = timetable.slot(edition, timetable.local_date(edition, now))
    slot = replace(slot, cut_off_at=now, publish_at=now, expires_at=now + timedelta(hours=6))
    draft = assemble.compose(house.ports, house.setup, edition, slot)
    issue = house.store.freeze(draft.frozen, draft.blocks)
    dispatch.fan_out(house.ports, replace(house.setup, allowed=None), issue)


def size(house: House) -> int:
    """The octets of a reader's mail."""
    from syndication.press import Press

    (issue,) = house.store.open_issues()
    delivery = house.store.deliveries(issue.id, Channel.EMAIL)[0]
    reader = house.store.subscription(delivery.subscription_id or 0)
    assert reader is not None
    return len(Press(ports=house.ports, setup=replace(house.setup, allowed=None)).mail(delivery, reader).message)


def worker(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, __file__, "--worker", str(folder)]
    with (folder / "worker.log").open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, preexec_fn=die_with_parent)


def work(folder: Path) -> int:
    """Drain until killed, within what the account allows."""
    house = bootstrap.open_house(bootstrap.load(folder / "publisher.toml", os.environ), migrated=False)
    setup = replace(house.setup, allowed=None)
    while True:
        dispatch.drain(house.ports, setup, Channel.EMAIL, owner=house.owner)
        time.sleep(0.05)


def wait_for(log: Path, seconds: float) -> None:
    """Wait until so long has passed since the first mail was taken; in vain no longer than three times that."""
    ends = time.monotonic() + 3 * seconds + 20
    while time.monotonic() < ends:
        taken = ses.accepted(log)
        if taken and (taken[-1].at - taken[0].at).total_seconds() >= seconds:
            return
        time.sleep(1)


def report(log: Path, seconds: float) -> int:
    calls = ses.calls(log)
    taken = sorted((call for call in calls if call.verdict == "accepted"), key=lambda call: call.at)
    if not taken:
        print("nothing was taken")
        return 1
    times = [(call.at - taken[0].at).total_seconds() for call in taken]
    within = bisect_left(times, seconds)
    peak = max(bisect_left(times, at + 1.0) - n for n, at in enumerate(times))
    twice = [number for number, n in Counter(call.tags["delivery"] for call in taken).items() if n > 1]
    others = Counter(call.verdict for call in calls if call.verdict != "accepted")
    share = within / seconds / QUOTA
    slow = [bisect_left(times, second + 1.0) - bisect_left(times, second) for second in range(int(seconds))]
    print(f"taken: {within:,} in {seconds:.0f} s, {within / seconds:.1f}/s")
    print(f"of the quota: {share:.1%} (at least {LEAST:.0%})")
    print(f"most within any second: {peak}; by second: least {min(slow)}, most {max(slow)}")
    print(f"throttled: {others['throttled']} (none); otherwise not taken: {others.total() - others['throttled']}")
    print(f"taken twice: {len(twice)} (none)")
    return 0 if share >= LEAST and not others and not twice else 1


if __name__ == "__main__":
    sys.exit(main())
