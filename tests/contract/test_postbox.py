"""Laws of a Postbox that hold for every kind of it, and what an IMAP server may do to one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from syndication.adapters.imap import LARGEST, READ, ImapPostbox
from syndication.adapters.memory.postbox import MemoryPostbox
from syndication.ports import Permanent, Postbox, Transient
from tests.contract import imap_server
from tests.contract.imap_server import PASSWORD, USER, Scripted

FIRST = "Subject: 첫 번째\r\n\r\nhello\r\n".encode()
SECOND = b"Subject: second\r\n\r\n" + bytes(range(1, 256)).replace(b"\n", b"").replace(b"\r", b"") + b"\r\n"


def postbox_at(port: int, **options: Any) -> ImapPostbox:
    wanted = {"user": USER, "password": PASSWORD, "timeout": timedelta(seconds=5)} | options
    return ImapPostbox(host="127.0.0.1", port=port, tls="none", **wanted)


@pytest.fixture(params=["memory", "scripted", "dovecot"])
def boxes(request: pytest.FixtureRequest) -> Iterator[tuple[Postbox, Any]]:
    """A Postbox, and where mail is put into it."""
    if request.param == "memory":
        memory = MemoryPostbox()
        yield memory, memory
    elif request.param == "scripted":
        with imap_server.scripted() as server:
            yield postbox_at(server.port), server
    else:
        if os.geteuid() != 0 or shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
            pytest.skip("needs dovecot-imapd (Debian), as root")
        with imap_server.dovecot() as server:
            yield postbox_at(server.port), server


@pytest.fixture
def server() -> Iterator[Scripted]:
    with imap_server.scripted() as made:
        yield made


# --- every kind ------------------------------------------------------------------------------


def test_mails_are_looked_at_in_their_order_and_as_they_came(boxes: tuple[Postbox, Any]) -> None:
    postbox, where = boxes
    assert list(postbox.look(10)) == []
    where.put(FIRST)
    where.put(SECOND)
    assert [mail.message for mail in postbox.look(10)] == [FIRST, SECOND]
    assert [mail.message for mail in postbox.look(1)] == [FIRST]
    postbox.close()


def test_a_mail_that_was_marked_is_not_seen_again(boxes: tuple[Postbox, Any]) -> None:
    postbox, where = boxes
    where.put(FIRST)
    where.put(SECOND)
    for mail in postbox.look(1):
        postbox.done(mail)
    assert [mail.message for mail in postbox.look(10)] == [SECOND]
    for mail in postbox.look(10):
        postbox.set_aside(mail)
    assert list(postbox.look(10)) == []
    postbox.close()


def test_what_was_looked_at_and_not_marked_is_there_again(boxes: tuple[Postbox, Any]) -> None:
    postbox, where = boxes
    where.put(FIRST)
    assert len(list(postbox.look(10))) == 1
    postbox.close()
    assert len(list(postbox.look(10))) == 1
    postbox.close()


# --- IMAP ------------------------------------------------------------------------------------


def test_the_mark_is_our_own_so_that_reading_by_hand_hides_nothing(boxes: tuple[Postbox, Any]) -> None:
    postbox, where = boxes
    if isinstance(where, MemoryPostbox):
        pytest.skip("there are no flags in memory")
    where.put(FIRST)
    where.put(SECOND)
    first, second = postbox.look(10)
    assert READ not in where.flags_of(1)
    postbox.done(first)
    postbox.set_aside(second)
    postbox.close()
    assert READ in where.flags_of(1)
    assert "\\Flagged" not in where.flags_of(1)
    assert {READ, "\\Flagged"} <= where.flags_of(2), "a person finds it with any mail program"
    assert "\\Seen" not in where.flags_of(1) | where.flags_of(2), "looking alone leaves no trace"


def test_where_a_server_keeps_no_marks_of_ours_seen_mails_are_the_read_ones(server: Scripted) -> None:
    server.keywords = False
    server.put(FIRST)
    postbox = postbox_at(server.port)
    for mail in postbox.look(10):
        postbox.done(mail)
    assert server.flags_of(1) == {"\\Seen"}
    assert list(postbox.look(10)) == []


def test_of_a_huge_mail_the_beginning_is_read(server: Scripted) -> None:
    server.put(b"Subject: huge\r\n\r\n" + b"a" * (LARGEST + 1000))
    (mail,) = postbox_at(server.port).look(1)
    assert len(mail.message) == LARGEST


def test_a_connection_cut_in_the_middle_of_a_mail_marks_nothing_and_is_made_anew(server: Scripted) -> None:
    server.put(FIRST)
    server.cut_after = 60
    postbox = postbox_at(server.port)
    with pytest.raises(Transient):
        list(postbox.look(10))
    assert [mail.message for mail in postbox.look(10)] == [FIRST]


def test_a_connection_that_the_server_gave_up_is_made_anew_without_a_word(server: Scripted) -> None:
    postbox = postbox_at(server.port)
    assert list(postbox.look(10)) == []
    server.put(FIRST)
    server.deaf = True
    assert [mail.message for mail in postbox.look(10)] == [FIRST]


def test_a_mailbox_that_was_numbered_anew_is_looked_at_again(server: Scripted) -> None:
    server.put(FIRST)
    postbox = postbox_at(server.port)
    (mail,) = postbox.look(1)
    postbox.close()
    server.validity += 1
    server.mails.insert(0, imap_server.Kept(SECOND))
    with pytest.raises(Transient):
        postbox.done(mail)
    assert [mail.message for mail in postbox.look(10)] == [SECOND, FIRST], "nothing else was marked instead"


def test_a_wrong_password_and_a_missing_folder_are_said_and_tried_no_further(server: Scripted) -> None:
    with pytest.raises(Permanent, match="password"):
        list(postbox_at(server.port, password="wrong").look(1))
    with pytest.raises(Permanent, match="folder"):
        list(postbox_at(server.port, folder="반송").look(1))
    assert server.heard[-1].startswith('SELECT "&vBjBoQ-"'), "names travel in modified UTF-7"


def test_a_server_that_is_away_is_transient_and_no_secret_is_told() -> None:
    with pytest.raises(Transient) as told:
        list(postbox_at(1).look(1))
    assert PASSWORD not in str(told.value)


def test_a_server_elsewhere_is_not_talked_to_in_the_clear() -> None:
    with pytest.raises(Permanent, match="encryption"):
        ImapPostbox(host="imap.garam.example", user=USER, password=PASSWORD, tls="none")
