"""The sandbox mailbox: every mail a file of its own, logged before it is acknowledged."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.adapters.smtp import SmtpMailer
from syndication.core.model import Verdict
from syndication.ports import Mail
from syndication.render.mime import Letter, build
from syndication.sandbox.loopback import file_name
from syndication.sandbox.mailbox import LOG, Mailbox, accepted, mails


def letter(number: int, recipient: str = "reader-1@example.com", **more: str) -> Mail:
    made = Letter(
        message_id=f"m{number}@paper.example",
        date=datetime(2026, 1, 20, 6, 30, tzinfo=UTC),
        subject=more.get("subject", f"가람시 소식 {number}"),
        sender_name="가람일보",
        sender_address="news@paper.example",
        recipient=recipient,
        html=more.get("html", "<p>안녕\n하세요</p>"),
        text=more.get("text", ".점\n안녕하세요\n"),
    )
    return Mail(sender="news@paper.example", recipient=recipient, message=build(made))


@contextmanager
def mailbox(folder: Path, *, delay: timedelta = timedelta()) -> Iterator[tuple[Mailbox, SmtpMailer]]:
    box = Mailbox(folder, delay=delay)
    mailer = SmtpMailer(host="127.0.0.1", port=box.start())
    try:
        yield box, mailer
    finally:
        mailer.close()
        box.stop()


def test_a_mail_lies_in_its_readers_folder_octet_for_octet(tmp_path: Path):
    with mailbox(tmp_path) as (_, mailer):
        mail = letter(1)
        outcome = mailer.send(mail)
        (kept,) = (tmp_path / "reader-1@example.com").iterdir()
        assert kept.read_bytes() == mail.message
        assert kept.suffix == ".eml"
        assert (outcome.verdict, outcome.receipt) == (Verdict.ACCEPTED, kept.stem)


def test_mails_are_read_newest_first_with_their_parts(tmp_path: Path):
    with mailbox(tmp_path) as (_, mailer):
        for number, reader in enumerate(("reader-1", "reader-2", "reader-1")):
            mailer.send(letter(number, f"{reader}@example.com"))
    found = mails(tmp_path)
    assert [m.subject for m in found] == ["가람시 소식 2", "가람시 소식 1", "가람시 소식 0"]
    assert [m.address for m in found] == ["reader-1@example.com", "reader-2@example.com", "reader-1@example.com"]
    assert (found[0].html, found[0].text) == ("<p>안녕\n하세요</p>", ".점\n안녕하세요\n")
    assert found[0].raw.startswith(b"From: ")
    assert abs(datetime.now(UTC) - found[0].received_at) < timedelta(minutes=1)
    assert [m.subject for m in mails(tmp_path, limit=1)] == ["가람시 소식 2"]
    assert [m.subject for m in mails(tmp_path, address="reader-2@example.com")] == ["가람시 소식 1"]


def test_an_empty_or_missing_mailbox_has_no_mails(tmp_path: Path):
    assert list(mails(tmp_path)) == []
    assert list(mails(tmp_path / "nowhere")) == []
    assert list(mails(tmp_path, address="nobody@example.com")) == []
    assert list(accepted(tmp_path)) == []


def test_every_accepted_mail_is_one_line_of_the_log(tmp_path: Path):
    with mailbox(tmp_path) as (_, mailer):
        for number in range(5):
            mailer.send(letter(number))
    lines = accepted(tmp_path)
    assert [line.message_id for line in lines] == [f"<m{n}@paper.example>" for n in range(5)]
    assert {line.recipient for line in lines} == {"reader-1@example.com"}
    assert all(line.at.tzinfo for line in lines)


def test_a_half_written_last_line_of_the_log_is_left_out(tmp_path: Path):
    (tmp_path / LOG).write_text("<a@b>\tr@example.com\t2026-01-20T06:30:00+00:00\n<c@d>\tr@ex")
    assert [line.message_id for line in accepted(tmp_path)] == ["<a@b>"]


def test_a_mail_is_logged_before_the_sender_is_told(tmp_path: Path):
    with mailbox(tmp_path, delay=timedelta(milliseconds=500)) as (_, mailer):
        sending = threading.Thread(target=mailer.send, args=(letter(1),))
        sending.start()
        deadline = time.monotonic() + 5
        while not accepted(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert sending.is_alive()
        assert len(accepted(tmp_path)) == len(mails(tmp_path)) == 1
        sending.join()


def test_a_mail_counts_as_accepted_also_when_the_sender_died_waiting(tmp_path: Path):
    with mailbox(tmp_path, delay=timedelta(milliseconds=200)) as (box, _):
        with socket.create_connection(("127.0.0.1", box.port)) as caller:
            for command in ("EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<r@example.com>", "DATA"):
                caller.recv(4096)
                caller.sendall(f"{command}\r\n".encode())
            caller.recv(4096)
            caller.sendall(b"Message-ID: <late@b.example>\r\n\r\nhi\r\n.\r\n")
            deadline = time.monotonic() + 5
            while not accepted(tmp_path) and time.monotonic() < deadline:
                time.sleep(0.01)
        time.sleep(0.3)
    assert [line.message_id for line in accepted(tmp_path)] == ["<late@b.example>"]


def test_a_mail_that_no_parser_likes_is_still_shown(tmp_path: Path):
    folder = tmp_path / "r@example.com"
    folder.mkdir()
    broken = b"Subject: =?utf-8?b?!!!?=\r\nContent-Type: text/html; charset=no-such\r\n\r\n\xff\xfe"
    (folder / "20260120T063000000000Z-000001.eml").write_bytes(broken)
    (message,) = mails(tmp_path)
    assert message.raw == broken


@given(st.text(min_size=1))
def test_a_folder_name_stays_one_name_within_its_folder(words: str):
    name = file_name(words.encode("utf-8", "replace").decode())
    assert Path("/box", name).parent == Path("/box")
    assert Path("/box", name).name == name
    assert not name.startswith(".")
    assert len(name.encode()) <= 255


@pytest.mark.parametrize("recipient", ["../../etc/passwd@example.com", "..@example.com", "a/b@example.com"])
def test_an_address_cannot_lead_out_of_the_mailbox(tmp_path: Path, recipient: str):
    box = tmp_path / "box"
    with mailbox(box) as (server, _), socket.create_connection(("127.0.0.1", server.port)) as caller:
        for command in ("EHLO x", "MAIL FROM:<a@b.example>", f"RCPT TO:<{recipient}>", "DATA"):
            caller.recv(4096)
            caller.sendall(f"{command}\r\n".encode())
        if caller.recv(4096).startswith(b"354"):
            caller.sendall(b"Subject: x\r\n\r\nhi\r\n.\r\n")
            assert caller.recv(4096).startswith(b"250")
            assert [m.address for m in mails(box)] == [recipient]
    assert [path.name for path in tmp_path.iterdir()] == ["box"]


def test_as_a_process_it_says_where_it_listens_and_ends_within_a_second_of_sigterm(tmp_path: Path):
    command = [sys.executable, "-m", "syndication.sandbox.mailbox", "--folder", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stderr
        word, port = server.stdout.readline().split()
        mailer = SmtpMailer(host="127.0.0.1", port=int(port))
        assert word == "ready"
        assert mailer.send(letter(1)).verdict is Verdict.ACCEPTED
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)  # with the mailer's connection still open
        assert server.wait(5) == 0
        assert time.monotonic() - began < 1
        assert server.stderr.read() == ""
        mailer.close()


def test_it_listens_on_loopback_alone(tmp_path: Path):
    with mailbox(tmp_path) as (box, _):
        (line,) = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:] if _listens(row, box.port)]
        assert line[1].startswith("0100007F:")


def _listens(row: str, port: int) -> bool:
    words = row.split()
    return words[1].endswith(f":{port:04X}") and words[3] == "0A"
