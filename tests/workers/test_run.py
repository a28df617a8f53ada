"""`syndication run` from outside: a whole morning within two minutes, a clean end, and going on where it was."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from syndication.core.model import Balance, Channel
from syndication.sandbox import mailbox, portal
from tests.workers.installation import wait_until
from tests.workers.running import COMMAND, Place

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("run")]

PATIENCE = 120  # seconds until a newcomer has seen a digest
STOP = 10
READERS = [f"reader-{n}@example.com" for n in (1, 2, 3)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("run"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def delivered(place: Place) -> tuple[float, set[str]]:
    """The first run, once it has delivered: how long it took, and whom it was connected to on the way."""
    began, ends = time.monotonic(), set()
    place.start()

    def told() -> bool:
        ends.update(place.far_ends())
        return "partner receipts" in place.output

    assert wait_until(told, PATIENCE, every=0.1), place.output
    return time.monotonic() - began, ends


def mails(place: Place) -> Counter[str]:
    return Counter(m.address for m in mailbox.mails(place.here / "var" / "data" / "mailbox"))


def lines(place: Place, word: str) -> list[str]:
    return [line for line in place.output.splitlines() if line.split()[:1] == [word]]


# --- one after the other: each test goes on with what the one before has left -----------------


def test_it_delivers_the_morning_within_two_minutes(place: Place, delivered: tuple[float, set[str]]) -> None:
    took, _ = delivered
    print(f"delivered after {took:.0f} s")
    assert took < PATIENCE
    assert mails(place) == Counter(READERS)
    assert len(portal.receipts(place.here / "var" / "data" / "portal")) >= 3
    feeds = place.here / "var" / "data" / "public" / "feeds" / "daily"
    assert {f.name for f in feeds.iterdir()} >= {"articles.atom", "articles.rss", "digest.atom", "digest.rss"}


@pytest.mark.usefixtures("delivered")
def test_it_prints_the_balance_in_the_words_of_the_promise_with_links(place: Place) -> None:
    terms = ["audience", "accepted", "suppressed", "excluded", "failed", "expired", "cancelled", "uncertain", "waiting"]
    table = {term: [int(n) for n in lines(place, term)[0].split()[1:]] for term in terms}
    assert table["audience"][0] == table["accepted"][0] == 3
    assert table["audience"] == [sum(column) for column in zip(*(table[t] for t in terms[1:]), strict=True)]
    home = f"http://127.0.0.1:{place.first_port}"
    assert all(f"{home}{path}" in place.output for path in ("/inbox", "/daily/2026-01-20", "/feeds/daily/digest.rss"))
    assert "2026-01-20 06:00" in place.output  # the rehearsal's clock


@pytest.mark.usefixtures("delivered")
def test_its_links_lead_somewhere(place: Place) -> None:
    for word in ("Issue", "feed", "partner", "inbox"):
        for line in lines(place, word):
            for url in (w.rstrip(",") for w in line.split() if w.startswith("http://")):
                assert place.get(url.partition(str(place.first_port))[2])[0] == 200, line


@pytest.mark.usefixtures("delivered")
def test_health_and_metrics_answer_and_the_inbox_shows_three_mails(place: Place) -> None:
    assert place.get("/health")[0] == 200
    metrics = place.get("/metrics")[1]
    assert any(line.startswith("syndication_") for line in metrics.splitlines()), metrics[:500]
    inbox = place.get("/inbox")[1]
    assert all(address in inbox for address in READERS)
    assert inbox.count("<iframe") == 3
    assert "표본 시계" in inbox


def test_it_talks_to_nobody_outside_this_machine(delivered: tuple[float, set[str]]) -> None:
    _, ends = delivered
    assert "127.0.0.1" in ends  # the looking itself works
    assert ends <= {"127.0.0.1", "::1"}


@pytest.mark.usefixtures("delivered")
def test_a_second_run_beside_it_says_who_holds_the_ports(place: Place) -> None:
    other = subprocess.run([*COMMAND, "run"], cwd=place.here, env=dict(place.environ), capture_output=True, timeout=60)
    assert other.returncode == 1
    assert str(place.first_port) in other.stderr.decode()
    assert b"Traceback" not in other.stderr


@pytest.mark.usefixtures("delivered")
def test_ctrl_c_ends_it_within_ten_seconds_and_leaves_nobody_and_nothing_behind(place: Place) -> None:
    began = time.monotonic()
    place.programs[-1].send_signal(signal.SIGINT)
    assert place.programs[-1].wait(STOP + 5) == 0
    print(f"stopped after {time.monotonic() - began:.1f} s")
    assert time.monotonic() - began < STOP
    assert place.processes() == {}
    assert place.ports_taken() == []
    assert "Traceback" not in place.output
    assert not [log.name for log in (place.here / "var/data/log").iterdir() if "Traceback" in log.read_text()]
    assert [p.name for p in place.here.iterdir()] == ["var"]
    assert list((place.folder / "home").iterdir()) == []
    assert list((place.folder / "tmp").iterdir()) == []


@pytest.mark.usefixtures("delivered")
def test_status_after_it_says_that_all_is_accounted_for(place: Place) -> None:
    with place.house() as house:
        (issue,) = house.store.issues("daily", 5)
        assert house.store.balance(issue.id, Channel.EMAIL) == Balance(audience=3, accepted=3)
        assert all(house.store.balance(issue.id, c).closes for c in Channel)
        assert house.store.uncertain() == []


@pytest.mark.usefixtures("delivered")
def test_a_killed_supervisor_leaves_nobody_behind_and_the_next_run_goes_on_from_where_it_was(place: Place) -> None:
    clock = place.here / "var" / "data" / "clock-shown"
    shown = clock.read_text()
    before, receipts = mails(place), len(portal.receipts(place.here / "var" / "data" / "portal"))
    program = place.start()
    assert wait_until(place.answers, 40), place.output
    assert wait_until(lambda: len(place.processes()) >= 7, 20), place.processes()
    program.kill()
    program.wait(10)
    assert place.ended(STOP), place.processes()
    assert place.ports_taken() == []

    again = place.start()
    assert wait_until(place.answers, 40), place.output
    time.sleep(8)  # a beat and more: whatever would be sent again is sent by now
    assert place.output.count("2026-01-20 was delivered before") == 2
    assert place.output.count("2026-01-20 delivered") == 1
    assert mails(place) == before
    assert len(portal.receipts(place.here / "var" / "data" / "portal")) == receipts
    assert clock.read_text() > shown  # the rehearsal's clock stood while nothing ran, and goes on
    assert clock.read_text().startswith("2026-01-19T21:")
    with place.house() as house:
        assert len(house.store.issues("daily", 5)) == 1
    again.send_signal(signal.SIGINT)
    assert again.wait(STOP) == 0
    assert place.processes() == {}
    assert "Traceback" not in place.output
    assert not [log.name for log in (place.here / "var/data/log").iterdir() if "Traceback" in log.read_text()]


def test_a_taken_port_is_named_before_anything_is_started(tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", other.first_port + 2))
        holder.listen()
        answer = subprocess.run(
            [*COMMAND, "run"], cwd=other.here, env=dict(other.environ), capture_output=True, timeout=60
        )
    assert answer.returncode == 1
    assert f"{other.first_port + 2} (sandbox mailbox)" in answer.stderr.decode()
    assert not (other.here / "var" / "data" / "log").exists()
    assert list((other.folder / "tmp").iterdir()) == []
