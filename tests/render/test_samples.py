"""Five hundred mails with the hardest names, subjects, domains and choices pass the checkers of other houses."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from syndication.render import dkim, headers, mime
from syndication.render.dkim import Transport
from syndication.render.mime import Form, Own
from tests.render import mails
from tests.render.mails import DOMAINS, Sample

COUNT, CHUNK = 500, 50
CHUNKS = tuple(range(0, COUNT, CHUNK))
SCRIPT = (
    "import sys; sys.path.insert(0, '.')\n"
    "from tests.render.test_samples import printed\n"
    "print(*printed(sys.stdin.buffer.read()))"
)


def built(number: int, transport: Transport) -> bytes:
    one = mails.sample(number)
    return one.built(mails.signer_of(one, transport))


@cache
def samples() -> tuple[Sample, ...]:
    return tuple(map(mails.sample, range(COUNT)))


def printed(pem: bytes) -> list[str]:
    """What a worker with this key builds, every mail for both transports, by its digest."""
    signers = {
        (domain, way): dkim.signer(domain, "s2026", pem, transport=way) for domain in DOMAINS for way in Transport
    }
    owners = [one.letter.sender_address.rpartition("@")[2] for one in samples()]
    messages = (one.built(signers[at, way]) for one, at in zip(samples(), owners, strict=True) for way in Transport)
    return [hashlib.sha256(message).hexdigest() for message in messages]


@pytest.mark.parametrize("start", CHUNKS)
def test_sample_mails_are_accepted_parsed_and_keep_the_laws_of_the_header(start: int):
    for number in range(start, start + CHUNK):
        one = mails.sample(number)
        message = built(number, Transport.SMTP)
        assert mails.dkimpy_accepts(message, mails.signer_of(one)), number
        mails.assert_keeps_the_header_laws(message)
        assert mails.says_what_was_put_in(one, message), number
        tampered = message.replace(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=One-Clock")
        assert not mails.dkimpy_accepts(tampered, mails.signer_of(one)), number


@pytest.mark.parametrize("start", CHUNKS)
def test_sample_mails_are_accepted_after_ses_wrote_over_what_it_writes_over(start: int):
    for number in range(start, start + CHUNK):
        one = mails.sample(number)
        message = built(number, Transport.SES)
        mails.assert_keeps_the_header_laws(message)
        rewritten = mails.rewritten_by_ses(message)
        assert rewritten != message
        assert mails.dkimpy_accepts(rewritten, mails.signer_of(one, Transport.SES)), number
        assert not mails.dkimpy_accepts(mails.rewritten_by_ses(built(number, Transport.SMTP)), mails.signer_of(one))


def test_another_worker_builds_every_sample_byte_for_byte():
    there = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "America/St_Johns", "LC_ALL": "C"},
        input=mails.pem(),
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert there.stdout.decode().split() == printed(mails.pem())


def test_the_samples_hold_every_choice_of_sections_and_of_stations_and_every_kind_of_issue():
    recipes = {one.recipe for one in samples()}
    blocks = {key.partition(":")[0] for one in recipes for key in one.blocks}
    assert blocks == {
        "head",
        "weather-open",
        "station",
        "row",
        "weather-close",
        "weather-none",
        "lead",
        "section",
        "foot",
    }
    for kind, least in (("section", 64), ("station", 65)):
        orders = {tuple(k for k in one.blocks if k.startswith((kind, "lead"))) for one in recipes}
        assert len(orders) >= least
    assert {one.letter.sender_address.rpartition("@")[2] for one in samples()} == set(DOMAINS)
    assert len({built(n, Transport.SMTP) for n in range(COUNT)}) == COUNT


def test_a_form_filled_is_the_letter_written_out():
    for one in samples():
        letter = replace(one.letter, recipient_name="")  # a digest greets nobody by name
        assert letter.unsubscribe_url is not None
        own = Own(
            message_id=letter.message_id,
            subject=letter.subject,
            recipient=letter.recipient,
            reply_to=letter.reply_to,
            unsubscribe_url=letter.unsubscribe_url,
            unsubscribe_mailto=letter.unsubscribe_mailto,
        )
        boundary = mime.boundary_of(letter.message_id)
        other = replace(letter, message_id="x@y.example", subject="다른 제목", recipient="other@example.com")
        assert Form(other).header(own, boundary) == headers.header(tuple(mime.fields(letter, boundary)))


def test_opendkim_accepts_fifty_and_refuses_them_tampered_with(tmp_path: Path):
    messages = [built(number, Transport.SMTP) for number in range(50)]
    signers = [mails.signer(domain) for domain in DOMAINS]
    assert mails.opendkim_accepts(messages, tmp_path, *signers) == [True] * 50
    changed = [message.replace(b"=One-Click", b"=One-Clock") for message in messages]
    assert mails.opendkim_accepts(changed, tmp_path, *signers) == [False] * 50
    ses = [mails.rewritten_by_ses(built(number, Transport.SES)) for number in range(50)]
    assert mails.opendkim_accepts(ses, tmp_path, *signers) == [True] * 50


@pytest.mark.slow
def test_spamassassin_gives_ten_of_every_kind_less_than_two_points():
    numbers = [kind + 8 * kind * 3 for kind in range(8)] + [101, 497]
    scores = mails.spam_scores([built(number, Transport.SMTP) for number in numbers])
    assert len(scores) == len(numbers)
    assert max(scores) < 2, dict(zip(numbers, scores, strict=True))
