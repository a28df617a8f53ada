"""The morning done by hand: ingest, assemble, send, and looking at it with preview, replay and status."""

from __future__ import annotations

import email
import email.policy
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from syndication.core import links
from syndication.core.model import Channel, Event, EventKind, Outcome, Verdict
from tests import factories
from tests.cli.conftest import Sample

HOSTILE_DAYS = ["yesterday", "2026-13-01", "2026-02-30", "20260120", "0001-01-01", "9999-12-31", "-1", ""]


# --- one morning by hand ---------------------------------------------------------------------


def test_ingest_assemble_and_send_bring_the_morning_to_everybody(sample: Sample) -> None:
    sample.show("06:00")
    sample.add_readers()
    collected = sample("ingest", "--json")
    assert {f["source_id"]: f["result"] for f in collected.facts} == {
        "local-paper": "read",
        "garam-feed": "read",
        "naru-page": "read",
    }
    assert sample("ingest", "--json").facts == []  # nothing is due again
    assert "nothing due" in sample("assemble").out
    sample.show("06:00:30")
    (issue,) = sample("assemble", "--json").facts
    assert (issue["on"], issue["state"]) == ("2026-01-20", "frozen")
    assert sample("assemble", "--json").facts == []  # asked again: the same Issue
    early = sample("send", "--json").facts[0][0]["balances"]
    assert (early["email"]["waiting"], early["email"]["accepted"]) == (3, 0)
    sample.show("06:01")
    ((sent,),) = sample("send", "--json").facts
    assert [sent["balances"]["email"][term] for term in ("audience", "accepted", "waiting")] == [3, 3, 0]
    assert sent["balances"]["feed"]["accepted"] == 6
    assert sent["balances"]["partner"]["accepted"] == len(sample.receipts) > 0
    assert len(sample.mails) == 3
    sample("send")
    assert len(sample.mails) == 3
    well = sample("status")
    assert well.code == 0
    assert "All is well" in well.out
    assert json.loads(sample("status", "--json").out)["findings"] == []


def test_ingest_by_name_asks_again_before_it_is_due(sample: Sample) -> None:
    sample.collected()
    (again,) = sample("ingest", "garam-feed", "--json").facts
    assert (again["source_id"], again["result"]) == ("garam-feed", "unchanged")
    table = sample("ingest", "garam-feed").out
    assert "garam-feed" in table


def test_a_source_that_nobody_knows_is_named(sample: Sample) -> None:
    answer = sample("ingest", "garam-fed")
    assert answer.code == 2
    assert "garam-fed" in answer.err


def test_a_day_without_news_says_so(sample: Sample) -> None:
    sample.show("06:00")
    sample("status")  # the Edition is adopted
    sample.show("06:00:31")
    answer = sample("assemble")
    assert answer.code == 0
    assert "empty (nothing eligible)" in answer.out
    assert sample("assemble", "--json").facts == []


def test_sending_with_the_relay_down_leaves_everything_waiting_and_says_so(sample: Sample) -> None:
    sample.assembled()
    settings = sample.folder / "publisher.toml"
    sandbox = sample.settings.sandbox
    assert sandbox is not None
    settings.write_text(settings.read_text().replace(f"port = {sandbox.mailbox_port}\nreply", "port = 9\nreply"))
    sample.show("06:01")
    ((sent,),) = sample("send", "--json").facts
    assert [sent["balances"]["email"][term] for term in ("accepted", "waiting")] == [0, 3]
    sample.show("06:45")
    answer = sample("status")
    assert answer.code == 1
    assert "Edition daily" in answer.err
    assert "3 waiting" in answer.err


# --- a test mail -----------------------------------------------------------------------------


def test_a_test_mail_stays_outside_the_balance(sample: Sample) -> None:
    sample.sent()
    before = json.loads(sample("status", "--json").out)["editions"]
    answer = sample("send", "--test", "reader-1@example.com")
    assert answer.code == 0
    assert "accepted" in answer.out
    assert [m.address for m in sample.mails].count("reader-1@example.com") == 2
    assert len({email.message_from_bytes(m.raw, policy=email.policy.default)["Message-ID"] for m in sample.mails}) == 4
    assert json.loads(sample("status", "--json").out)["editions"] == before
    (fact,) = sample("send", "--test", "reader-1@example.com", "--json").facts
    assert (fact["address"], fact["outcome"]["verdict"]) == ("reader-1@example.com", "accepted")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("somebody@example.org", "allow"),  # a rehearsal
        ("not an address", "address"),
        ("", "address"),
        ("a@b\nBcc: c@example.com", "address"),
    ],
)
def test_a_test_mail_to_where_it_must_not_go_is_refused(sample: Sample, address: str, why: str) -> None:
    sample.sent()
    answer = sample("send", "--test", address)
    assert answer.code != 0
    assert why in answer.err
    assert len(sample.mails) == 3


def test_a_suppressed_address_gets_not_even_a_test_mail(sample: Sample) -> None:
    sample.sent()
    with sample.house() as house:
        key = links.address_key("reader-1@example.com", house.setup.address_keys)
        now = house.ports.clock.now()
        complaint = Event(id="complaint", kind=EventKind.COMPLAINED, at=now, cause="complaint")
        house.store.suppress(key, reason="complaint", event=complaint)
    answer = sample("send", "--test", "reader-1@example.com")
    assert answer.code == 1
    assert "suppressed" in answer.flat
    assert len(sample.mails) == 3


def test_a_test_mail_before_the_first_issue_says_what_is_missing(sample: Sample) -> None:
    answer = sample("send", "--test", "reader-1@example.com")
    assert answer.code == 1
    assert "no Issue yet" in answer.err


# --- looking ---------------------------------------------------------------------------------


def test_a_preview_before_the_cut_off_shows_what_it_would_be_now(sample: Sample) -> None:
    sample.collected()
    sample.show("06:00:21")
    answer = sample("preview", "--out", "look")
    assert answer.code == 0, answer.flat
    assert "not frozen" in answer.out
    assert {p.suffix for p in Path("look").iterdir()} == {".eml", ".html", ".txt"}
    assert "no .png: no Chromium" in answer.out
    assert sample.mails == []
    assert sample("assemble", "--json").facts != []  # nothing had been frozen by looking


def test_a_preview_of_a_reader_is_the_mail_that_reader_got(sample: Sample) -> None:
    sample.sent()
    readers = sample("subscriber", "list", "--json").facts
    for reader in readers:
        assert sample("preview", "--on", "2026-01-20", "--reader", reader["id"], "--out", "look").code == 0
        (mail,) = [m for m in sample.mails if m.address == reader["address"]]
        shown = Path("look/daily-2026-01-20.html").read_text()
        assert shown.replace("\r\n", "\n").strip() == mail.html.strip()


def test_a_replay_tells_a_days_issue_and_delivers_nothing(sample: Sample) -> None:
    sample.sent()
    answer = sample("replay", "2026-01-20")
    assert answer.code == 0
    assert "군산시" in Path("replay/daily-2026-01-20.txt").read_text()
    assert len(sample.mails) == 3


def test_a_replay_makes_a_missed_days_issue_from_what_is_stored(sample: Sample) -> None:
    sample.collected()
    sample.show("2026-01-22T07:00:00")
    sample("assemble")
    answer = sample("replay", "2026-01-20", "--out", "look")
    assert answer.code == 0, answer.flat
    words = Path("look/daily-2026-01-20.txt").read_text()
    assert "군산시" in words
    assert "-8.4" in words  # the weather of that morning
    assert sample("send").code == 0
    assert sample.mails == []


@pytest.mark.parametrize("day", HOSTILE_DAYS)
def test_a_day_that_is_none_is_refused_in_a_sentence(sample: Sample, day: str) -> None:
    for words in (("replay", "--", day), ("preview", "--on", day)):
        answer = sample(*words)
        assert answer.code == 2
        assert "Error" in answer.err or "Usage" in answer.err


def test_a_day_without_stored_news_is_said(sample: Sample) -> None:
    sample.collected()
    answer = sample("replay", "2025-12-24")
    assert answer.code == 1
    assert "nothing eligible" in answer.err


@pytest.mark.parametrize(
    "words",
    [
        ("preview", "--edition", "weekly"),
        ("replay", "2026-01-20", "--edition", "weekly"),
        ("send", "--test", "reader-1@example.com", "--edition", "weekly"),
        ("subscriber", "add", "reader-9@example.com", "--edition", "weekly", "--consent", "표본"),
        ("subscriber", "list", "--edition", "weekly"),
        ("subscriber", "end", "reader-1@example.com", "--edition", "weekly"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_an_edition_that_nobody_knows_is_named_with_those_that_are(sample: Sample, words: tuple[str, ...]) -> None:
    answer = sample(*words)
    assert answer.code == 2
    assert "daily" in answer.err


@pytest.mark.parametrize("reader", ["99", "0", "-5", "99999999999999999999", "first"])
def test_a_reader_that_nobody_knows_is_refused(sample: Sample, reader: str) -> None:
    sample.sent()
    answer = sample("preview", "--on", "2026-01-20", "--reader", reader)
    assert answer.code == 2


def test_a_reader_who_would_get_nothing_is_said(sample: Sample) -> None:
    sample.sent()
    sample("subscriber", "add", "reader-1@example.com", "--section", "스포츠", "--consent", "표본")
    reader = next(r for r in sample("subscriber", "list", "--json").facts if r["address"] == "reader-1@example.com")
    answer = sample("preview", "--on", "2026-01-20", "--reader", reader["id"])
    assert answer.code == 1
    assert "nothing" in answer.err


def test_a_preview_folder_that_is_a_file_is_named(sample: Sample) -> None:
    sample.sent()
    Path("look").write_text("")
    answer = sample("preview", "--on", "2026-01-20", "--out", "look")
    assert answer.code == 1
    assert "look" in answer.err


# --- status ----------------------------------------------------------------------------------


def test_an_overdue_issue_makes_status_fail_and_name_the_edition(sample: Sample) -> None:
    sample.show("06:00")
    assert sample("status").code == 0
    sample.show("06:30")
    answer = sample("status")
    assert answer.code == 1
    assert "Edition daily: the Issue of 2026-01-20" in answer.err
    (finding,) = json.loads(sample("status", "--json").out)["findings"]
    assert (finding["kind"], finding["subject"]) == ("issue-overdue", "daily")


def test_a_silent_source_makes_status_fail_and_is_named(sample: Sample) -> None:
    sample.sent()
    sample.show("2026-01-20T23:00:00")
    assert sample("status").code == 0
    sample.show("2026-01-25T05:00:00")
    answer = sample("status")
    assert answer.code == 1
    for source in ("local-paper", "garam-feed", "naru-page"):
        assert f"Source {source}: nothing new for" in answer.err


def test_anything_uncertain_makes_status_fail_and_name_the_edition(sample: Sample) -> None:
    sample.assembled()
    sample.show("06:01")
    with sample.house() as house:
        now = house.ports.clock.now()
        piece = house.store.claim(Channel.EMAIL, now, limit=1, lease=timedelta(minutes=1), owner="test/1")
        assert piece is not None
        (delivery,) = piece.deliveries
        assert house.store.begin(piece.lease_id, [delivery.id], now, outlast=timedelta(seconds=5))
        factories.settle(
            house.store, piece.lease_id, delivery.id, Outcome(verdict=Verdict.UNCERTAIN, reason="gone"), now
        )
    sample("send")
    answer = sample("status")
    assert answer.code == 1
    assert "Edition daily" in answer.err
    assert "1 uncertain" in answer.err
    assert len(sample.mails) == 2


def test_a_balance_that_does_not_close_makes_status_fail_and_name_the_edition(sample: Sample) -> None:
    sample.sent()
    engine = create_engine(sample.settings.storage.database_url)
    with engine.begin() as database:
        gone = database.execute(text("DELETE FROM delivery WHERE channel = 'email' RETURNING id"))
        assert len(gone.all()) == 3
    engine.dispose()
    answer = sample("status")
    assert answer.code == 1
    assert "Edition daily" in answer.err
    assert "the balance does not close: audience 3, found 0" in answer.err


def test_a_database_that_is_none_is_said_in_a_sentence(sample: Sample) -> None:
    sample.settings.storage.folder.mkdir(exist_ok=True)
    (sample.settings.storage.folder / "syndication.sqlite3").write_bytes(b"this is no database at all" * 500)
    answer = sample("status")
    assert answer.code == 1
    assert "database" in answer.err


def test_a_database_server_that_is_down_is_said_without_its_password(
    sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMPLE_DATABASE", "postgresql://syndication:topsecret@127.0.0.1:9/news")
    settings = sample.folder / "publisher.toml"
    settings.write_text(
        settings.read_text().replace('folder = "data"', 'folder = "data"\ndatabase_from = "SAMPLE_DATABASE"')
    )
    answer = sample("status")
    assert answer.code == 1
    assert "database" in answer.err
    assert "topsecret" not in answer.flat
