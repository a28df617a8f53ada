"""A reader's mail as it leaves: signed, the reader's own, and the same bytes whenever and wherever it is built."""

from __future__ import annotations

import gc
import hashlib
import os
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from syndication.adapters.memory import MemoryStore
from syndication.core import links
from syndication.core.audience import recipe
from syndication.core.links import Keys, Purpose
from syndication.core.model import Choices, Delivery, Issue, IssueContent, Subscription
from syndication.core.signers import Transport, active, signer
from syndication.ports import Mail
from syndication.press import FRESH, PLATES, Press
from syndication.render import dkim, mime, splice
from tests.render import mails, make, presses
from tests.render.presses import FROZEN_AT, HOUR, KEYS

ROOT = Path(__file__).parents[2]
BOUNCES = "bounce.garam.example"
RSA = signer("garam.example", "mail2026", mails.pem())
ED25519_PEM = mails.as_pem(ed25519.Ed25519PrivateKey.generate())
EIGHT = make.content(8)
MAIL = presses.mail(EIGHT, signers=(RSA,), bounce_domain=BOUNCES)


def header(mail: Mail | bytes, name: str) -> str:
    whole, _, _ = mails.parsed(mail.message if isinstance(mail, Mail) else mail)
    return str(whole[name])


def tag(message: bytes, name: str) -> str:
    found = re.search(rf"[ ;]{name}=([^;]*)".encode(), message.partition(b"\r\nFrom:")[0])
    assert found
    return found[1].decode()


# --- signed ----------------------------------------------------------------------------------


def test_a_digest_is_signed_with_its_leave_link_covered() -> None:
    assert mails.dkimpy_accepts(MAIL.message, RSA)
    for before, after in ((b"List-Unsubscribe: <", b"List-Unsubscribe: <x"), (b"=One-Click", b"=Two-Clicks")):
        assert before in MAIL.message
        assert not mails.dkimpy_accepts(MAIL.message.replace(before, after, 1), RSA)


def test_a_changed_body_breaks_the_signature() -> None:
    head, _, body = MAIL.message.partition(b"\r\n\r\n")
    assert not mails.dkimpy_accepts(head + b"\r\n\r\n" + body.replace(b"a", b"b", 1), RSA)


def test_the_signature_is_as_old_as_the_issue_and_so_ahead_of_nobodys_clock() -> None:
    assert tag(MAIL.message, "t") == str(int(FROZEN_AT.timestamp()))
    assert header(MAIL, "Date") == "Tue, 20 Jan 2026 06:30:00 +0900"


def test_keys_take_turns_by_the_instant_at_which_an_issue_was_frozen() -> None:
    new = signer("garam.example", "mail2027", mails.pem(), since=FROZEN_AT)
    late = replace(new, selector="later", since=FROZEN_AT + timedelta(microseconds=1))
    small = signer("garam.example", "ed", ED25519_PEM)
    assert active((late, new, small, RSA), FROZEN_AT) == (new, small)
    mail = presses.mail(EIGHT, signers=(late, new, small, RSA))
    assert re.findall(rb"\r\n s=([a-z0-9]+);", mail.message) == [b"mail2027", b"ed"]
    assert mails.dkimpy_accepts(mail.message, new)


def test_what_ses_writes_over_is_not_signed() -> None:
    mail = presses.mail(EIGHT, signers=(replace(RSA, transport=Transport.SES),))
    changed = re.sub(rb"\r\nMessage-ID: [^\r]*", b"\r\nMessage-ID: <0100@email.amazonses.com>", mail.message)
    assert changed != mail.message
    assert mails.dkimpy_accepts(changed, RSA)


def test_it_is_what_joining_a_letter_gives() -> None:
    press, issue = presses.press(EIGHT, signers=(RSA,))
    made = recipe(Choices(), EIGHT, make.EDITION)
    assert made
    mail = press.mail(presses.delivery(press, issue, made, 1), presses.reader(1))
    said, keys = mails.own_words(EIGHT, make.EDITION, made), press.setup.keys
    slots = make.slots(
        subject=said[0],
        preheader=said[1],
        unsubscribe_url=links.unsubscribe_url(
            make.OUTLET, links.sign(links.Token(purpose=Purpose.UNSUBSCRIBE, number=1), keys)
        ),
    )
    text, html = splice.personal(splice.prepare(make.blocks(EIGHT)), made, slots)
    letter = mime.Letter(
        message_id=header(mail, "Message-ID"),
        date=mails.MORNING,
        subject=said[0],
        sender_name=make.OUTLET.sender_name,
        sender_address=make.OUTLET.sender_address,
        recipient="reader-1@example.com",
        reply_to="desk@garam.example",
        list_id="daily.garam.example",
        list_name=make.EDITION.title,
        unsubscribe_url=slots.unsubscribe_url,
        html="",
        text="",
    )
    assert mail.message == dkim.join(letter, RSA, text=text, html=html, at=FROZEN_AT)


# --- the reader's own ------------------------------------------------------------------------


def test_subject_and_preheader_are_those_of_the_readers_own_first_story() -> None:
    for choices in (Choices(), Choices(sections=("문화", "사회"), stations=("나루",))):
        mail = presses.mail(EIGHT, choices)
        made = recipe(choices, EIGHT, make.EDITION)
        assert made
        subject, preheader = mails.own_words(EIGHT, make.EDITION, made)
        assert header(mail, "Subject") == subject
        assert preheader in unescape(mails.parsed(mail.message)[1])


def tokens_of(mail: Mail) -> dict[str, str]:
    _, html, text = mails.parsed(mail.message)
    found = dict(re.findall(r"https://news\.garam\.example/(u|manage|issue)/([\w.-]+)", text))
    assert found == dict(re.findall(r"https://news\.garam\.example/(u|manage|issue)/([\w.-]+)", html))
    return found


def test_each_link_of_a_reader_is_for_one_purpose_and_holds_no_address() -> None:
    mail = presses.mail(EIGHT, own_pages=True, bounce_domain=BOUNCES)
    tokens = tokens_of(mail)
    leave = links.verify(tokens["u"], Purpose.UNSUBSCRIBE, KEYS)
    manage = links.verify(tokens["manage"], Purpose.MANAGE, KEYS)
    copy = links.verify(tokens["issue"], Purpose.COPY, KEYS)
    assert leave == links.Token(purpose=Purpose.UNSUBSCRIBE, number=1)
    assert manage == links.Token(purpose=Purpose.MANAGE, number=1, expires=int((HOUR + FRESH).timestamp()))
    assert copy == links.Token(purpose=Purpose.COPY, number=1)
    for token, purpose in ((tokens["manage"], Purpose.UNSUBSCRIBE), (tokens["u"], Purpose.MANAGE)):
        assert links.verify(token, purpose, KEYS) is None
    slip = links.read_return(mail.sender, BOUNCES, KEYS)
    assert slip is not None
    assert (slip.purpose, slip.number) == (Purpose.VERP, 1)
    assert links.made_for(slip, "reader-1@example.com", KEYS)
    _, html, text = mails.parsed(mail.message)
    assert "reader-1" not in html + text


def test_a_link_to_a_page_that_is_not_there_yet_is_not_mailed() -> None:
    assert set(tokens_of(MAIL)) == {"u"}
    _, html, text = mails.parsed(MAIL.message)
    assert links.issue_url(make.OUTLET, "daily", make.ON) in html
    assert "수신 설정" not in html + text
    assert "수신 설정" in mails.parsed(presses.mail(EIGHT, own_pages=True).message)[1]


def test_leaving_by_mail_and_answers_have_addresses_of_the_reader_where_there_is_a_domain_for_them() -> None:
    bare = presses.mail(EIGHT)
    assert bare.sender == make.OUTLET.sender_address
    assert header(bare, "Reply-To") == "desk@garam.example"
    assert "mailto:" not in header(bare, "List-Unsubscribe")
    answered = presses.mail(EIGHT, bounce_domain=BOUNCES, replies=True)
    leave = re.search(r"<mailto:([^>]*)>", header(answered, "List-Unsubscribe"))
    assert leave
    for address, purpose in ((leave[1], Purpose.UNSUBSCRIBE), (header(answered, "Reply-To"), Purpose.REPLY)):
        slip = links.read_return(address, BOUNCES, KEYS)
        assert slip is not None
        assert (slip.purpose, slip.number) == (purpose, 1)


def test_a_mail_carries_its_delivery_in_letters_that_providers_take() -> None:
    assert MAIL.delivery_id == 1
    assert MAIL.tags == {"delivery": "1", "issue": "1"}
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,256}", word) for pair in MAIL.tags.items() for word in pair)


# --- the same bytes --------------------------------------------------------------------------


def test_a_new_key_changes_no_message_id() -> None:
    turned = Keys(current="k2", secrets={"k2": b"2" * 32, **KEYS.secrets})
    other = presses.mail(EIGHT, signers=(RSA,), bounce_domain=BOUNCES, keys=turned, address_keys=turned)
    assert other.message != MAIL.message
    assert header(other, "Message-ID") == header(MAIL, "Message-ID")


def test_deliveries_and_issues_have_message_ids_of_their_own() -> None:
    def made(thing: str = "issue:1", recipient: str = "subscriber:1", later: int = 0) -> str:
        return links.message_id(thing, recipient, "garam.example", FROZEN_AT + timedelta(microseconds=later))

    assert len({made(), made("issue:2"), made(recipient="subscriber:2"), made(later=1)}) == 4
    assert made() == made() == header(MAIL, "Message-ID").strip("<>")


def amended(press: Press, issue: Issue, content: IssueContent) -> Issue:
    """A second revision in the press's store."""
    store = press.ports.store
    assert isinstance(store, MemoryStore)
    blocks = {"ko": tuple(make.blocks(content).values())}
    made = store.amend(issue.id, content, blocks, {}, HOUR)
    assert made is not None
    return made


def test_each_recipient_gets_the_revision_that_the_delivery_names() -> None:
    press, issue = presses.press(EIGHT, signers=(RSA,))
    made = recipe(Choices(), EIGHT, make.EDITION)
    assert made
    first = presses.delivery(press, issue, made, 1)
    before = press.mail(first, presses.reader(1)).message
    other = replace(EIGHT, items=(replace(EIGHT.items[0], summary="바로잡은 말이다."), *EIGHT.items[1:]))
    second = replace(first, issue_revision=amended(press, issue, other).revision)
    after = press.mail(second, presses.reader(1)).message
    assert second.issue_revision == 2
    assert "바로잡은 말이다." in mails.parsed(after)[1]
    assert "바로잡은 말이다." not in mails.parsed(before)[1]
    assert header(before, "Message-ID") == header(after, "Message-ID")
    assert press.mail(first, presses.reader(1)).message == before


READERS = tuple(range(1, 13))
LANGUAGES = ("ko", "en")


def work(press: Press, issue: Issue) -> Iterator[tuple[Delivery, Subscription]]:
    """Readers who chose differently, in both languages."""
    orders = (Choices(), Choices(sections=("문화", "사회")), Choices(stations=("해솔", "가람")))
    for number in READERS:
        made = recipe(orders[number % len(orders)], issue.content, make.EDITION)
        assert made
        address = mails.READERS[number % len(mails.READERS)]
        reader = presses.reader(number, address=address, language=LANGUAGES[number % 2])
        yield presses.delivery(press, issue, made, number), reader


def printed(pems: Sequence[bytes]) -> list[str]:
    """What a worker that holds these keys builds, each mail by its digest."""
    signers = tuple(
        signer("garam.example", f"s{n}", pem, transport=way) for way in Transport for n, pem in enumerate(pems)
    )
    values: dict[str, Any] = {"signers": signers[:2], "own_pages": True, "bounce_domain": BOUNCES, "replies": True}
    found = []
    for chosen in (signers[:2], signers[2:]):
        press, issue = presses.press(EIGHT, languages=LANGUAGES, **{**values, "signers": chosen})
        built = [press.mail(delivery, reader) for delivery, reader in work(press, issue)]
        found += [hashlib.sha256(repr((m.sender, m.recipient, m.message)).encode()).hexdigest() for m in built]
    return found


@pytest.mark.parametrize(
    ("seed", "zone", "locale"),
    [("0", "UTC", "C"), ("1", "America/St_Johns", "ko_KR.UTF-8"), ("77", "Pacific/Chatham", "tr_TR.UTF-8")],
)
def test_another_worker_builds_the_same_bytes(seed: str, zone: str, locale: str) -> None:
    pems = [mails.pem(), ED25519_PEM]
    script = (
        "import sys, locale; sys.path.insert(0, '.')\n"
        "try: locale.setlocale(locale.LC_ALL, '')\nexcept locale.Error: pass\n"
        "from tests.story.test_signed import printed\n"
        "print(*printed(sys.stdin.buffer.read().split(b'|')))"
    )
    there = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "LANG": locale},
        input=b"|".join(pems),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert there.stdout.decode().split() == printed(pems)


def test_what_a_worker_built_before_changes_nothing() -> None:
    setup = presses.setup(signers=(RSA,), own_pages=True)
    press, one = presses.press(EIGHT, languages=LANGUAGES, on=setup)
    fresh = [press.mail(*each).message for each in work(press, one)]
    assert [press.mail(*each).message for each in reversed(list(work(press, one)))][::-1] == fresh
    for _ in range(PLATES + 1):
        one_more(press, make.content(3))
    assert [press.mail(*each).message for each in work(press, one)] == fresh


def one_more(press: Press, content: IssueContent) -> Mail:
    """The mail of another Issue from the same press."""
    other, issue = presses.press(content, on=press.setup)
    store, theirs = press.ports.store, other.ports.store
    assert isinstance(store, MemoryStore)
    assert isinstance(theirs, MemoryStore)
    number = max(store.rows.issues) + 1
    moved = replace(issue, id=number)
    store.rows.issues[number] = moved
    store.rows.contents[number, 1] = content
    store.rows.blocks[number, 1, "ko"] = theirs.rows.blocks[issue.id, 1, "ko"]
    made = recipe(Choices(), content, make.EDITION)
    assert made
    return press.mail(presses.delivery(press, moved, made, number), presses.reader(1))


def test_a_worker_that_lives_long_grows_no_larger() -> None:
    press, _ = presses.press(EIGHT)
    sizes = []
    tracemalloc.start()
    try:
        for _ in range(4):
            for _ in range(PLATES + 2):
                one_more(press, make.content(12))
                keep_only_last(press)
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[-1] - sizes[-2] < 100_000  # a plate is larger


def keep_only_last(press: Press) -> None:
    """Take away what the store in memory holds: it is no part of the press."""
    store = press.ports.store
    assert isinstance(store, MemoryStore)
    last = max(store.rows.issues)
    for table in (store.rows.contents, store.rows.blocks):
        for key in [key for key in table if key[0] != last]:
            del table[key]
    store.rows.recipes.clear()
    for number in [number for number in store.rows.issues if number != last]:
        del store.rows.issues[number]


def test_without_a_key_a_mail_goes_unsigned() -> None:
    assert b"DKIM-Signature" not in presses.mail(EIGHT).message
