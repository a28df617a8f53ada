"""The operator's hand by command: who missed it, what is uncertain, pause and amend, cancel, a database that moved."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from syndication.core.model import Channel, DeliveryState, Outcome, Verdict
from tests import factories
from tests.cli.conftest import Sample


def left_uncertain(sample: Sample) -> int:
    """One mail of which nobody knows; the others are sent."""
    sample.assembled()
    sample.show("06:01")
    with sample.house() as house:
        now = house.ports.clock.now()
        piece = house.store.claim(Channel.EMAIL, now, limit=1, lease=timedelta(minutes=1), owner="test/1")
        assert piece is not None
        (delivery,) = piece.deliveries
        assert house.store.begin(piece.lease_id, [delivery.id], now, outlast=timedelta(seconds=5))
        lost = Outcome(verdict=Verdict.UNCERTAIN, reason="the line went dead")
        factories.settle(house.store, piece.lease_id, delivery.id, lost, now)
    sample("send")
    return delivery.id


def test_what_is_uncertain_is_listed_with_its_reason_and_settled_by_the_operators_word(sample: Sample) -> None:
    number = left_uncertain(sample)
    listed = sample("uncertain")
    assert "the line went dead" in listed.flat
    assert str(number) in listed.out
    assert sample("uncertain", "--accepted", number, "--because", "relay log").code == 0
    assert "Nothing is uncertain" in sample("uncertain").out
    assert sample("status").code == 0
    again = sample("uncertain", "--failed", number)
    assert again.code == 1
    assert "is not uncertain" in again.err


def test_a_mail_that_is_sent_once_more_goes_to_its_reader_alone(sample: Sample) -> None:
    number = left_uncertain(sample)
    before = len(sample.mails)
    sample("uncertain", "--resend", number)
    sample("send")
    assert len(sample.mails) == before + 1


def test_missed_says_who_did_not_get_it_and_why_and_names_no_address(sample: Sample) -> None:
    number = left_uncertain(sample)
    (told,) = sample("missed", "--each", "--json").facts
    assert told["missed"] == [{"state": "uncertain", "reason": "the line went dead", "recipients": 1}]
    assert [one["id"] for one in told["each"]] == [number]
    shown = sample("missed", "--each")
    assert "the line went dead" in shown.flat
    assert "@" not in shown.out
    sample("uncertain", "--accepted", number)
    assert "Everybody got it" in sample("missed").out


def test_pause_amend_and_resume_bring_the_mended_issue_to_everybody(sample: Sample) -> None:
    sample.assembled()
    sample.show("06:01")
    assert "rests" in sample("pause", "--because", "a wrong name").out
    assert sample("pause").code == 1
    sample("send")
    assert not sample.mails
    told = sample("status")
    assert told.code == 1
    assert "a wrong name" in told.flat
    stories = sample("amend").out.splitlines()
    assert "headline" in stories[1]
    article = stories[2].split()[0]
    amended = sample("amend", "--headline", article, "고쳐 쓴 제목입니다", "--resume")
    assert "revision 2" in amended.out
    sample("send")
    assert len(sample.mails) == 3
    assert any("고쳐 쓴 제목입니다" in mail.text for mail in sample.mails)
    assert sample("resume").code == 1


@pytest.mark.parametrize("words", [("--drop", 999_999), ("--headline", 999_999, "x")])
def test_an_article_that_is_not_in_the_issue_is_named(sample: Sample, words: tuple[object, ...]) -> None:
    sample.assembled()
    answer = sample("amend", *words)
    assert answer.code == 1
    assert "999999 is not in this Issue" in answer.flat


def test_cancel_asks_first_and_is_final(sample: Sample) -> None:
    sample.assembled()
    sample.show("06:01")
    assert sample("cancel").code == 1, "nobody said yes"
    assert "cancelled" in sample("cancel", "--yes").out
    sample("send")
    assert not sample.mails
    assert sample("resume").code == 1


def test_a_copied_installation_sends_nothing_until_it_is_told_to(sample: Sample) -> None:
    sample.assembled()
    sample.show("06:01")
    with sample.house() as house:
        folder = house.settings.storage.folder / "journals"
        house.store.declare("another installation", 1)
    shutil.rmtree(folder, ignore_errors=True)
    sample("send")
    assert not sample.mails
    assert "Nothing is sent" in sample("status").flat
    (found,) = sample("recover", "--json").facts
    assert "copied or moved" in found["doubt"]
    assert sample("recover", "--apply").code == 0
    sample("send")
    assert len(sample.mails) == 3
    with sample.house() as house:
        (issue,) = house.store.open_issues()
        states = {d.state for d in house.store.deliveries(issue.id, Channel.EMAIL)}
    assert states == {DeliveryState.ACCEPTED}
