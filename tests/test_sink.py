"""The sink is what the promises are counted by, so it is tried too: it logs before it answers, and breaks as told."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import sink
from tests.sink import Fault, Sink


class Caller:
    """A bare SMTP client: what it says goes out as it is."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.file = self.socket.makefile("rb")

    def say(self, *lines: str) -> None:
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hear(self) -> str:
        while (line := self.file.readline().decode())[3:4] == "-":
            pass
        return line.rstrip("\r\n")

    def envelope(self, recipient: str) -> list[str]:
        self.say("MAIL FROM:<news@paper.example>", f"RCPT TO:<{recipient}>", "DATA")
        return [self.hear() for _ in range(3)]

    def hung_up_on(self) -> bool:
        try:
            return self.file.readline() == b""
        except ConnectionError:
            return True


@contextmanager
def calling(server: Sink) -> Iterator[Caller]:
    caller = Caller(server.port)
    assert caller.hear().startswith("220")
    caller.say("EHLO tester")
    assert caller.hear().startswith("250")
    yield caller
    caller.file.close()
    caller.socket.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sink]:
    with sink.running(tmp_path) as made:
        yield made


def strike(server: Sink, *faults: Fault) -> None:
    server.break_as(*faults)
    time.sleep(0.2)  # the signal


MAIL = ("Message-ID: <{}@paper.example>", "Subject: hi", "", "..stuffed", ".")


def test_it_logs_what_it_takes_and_keeps_up_with_pipelining(server: Sink):
    with calling(server) as caller:
        assert caller.envelope("reader-1@example.com")[2].startswith("354")
        caller.say(
            *(line.format(1) for line in MAIL),
            "MAIL FROM:<news@paper.example>",
            "RCPT TO:<reader-2@example.com>",
            "DATA",
        )
        assert [caller.hear()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        caller.say(*(line.format(2) for line in MAIL))
        assert caller.hear().startswith("250")
    assert [(e.message_id, e.recipient, e.told) for e in server.taken()] == [
        ("<1@paper.example>", "reader-1@example.com", True),
        ("<2@paper.example>", "reader-2@example.com", True),
    ]
    assert server.count() == 2


def test_a_delay_lies_between_the_log_and_the_answer(tmp_path: Path):
    with sink.running(tmp_path, delay=0.5) as server, calling(server) as caller:
        caller.envelope("reader-1@example.com")
        caller.say(*MAIL, "NOOP")
        began = time.monotonic()
        while not server.count():
            assert time.monotonic() - began < 0.4
        assert caller.hear().startswith("250 2.0.0 Ok: queued")
        assert time.monotonic() - began >= 0.4
        assert caller.hear().startswith("250")  # what was said meanwhile is answered after it


def test_greylisting_refuses_each_recipient_once(server: Sink):
    strike(server, sink.GREYLISTING)
    with calling(server) as caller:
        answers = [caller.envelope(f"reader-{n}@example.com") for n in (1, 2)]
        assert [[a[:3] for a in answer] for answer in answers] == [["250", "451", "554"]] * 2
        assert caller.envelope("reader-1@example.com")[2].startswith("354")
    assert [(e.kind, e.code) for e in server.entries()] == [("refused", "451 4.7.1")] * 2


def test_data_without_a_recipient_may_also_be_let_in_and_ended_by_a_lonely_dot(tmp_path: Path):
    fault = Fault(at="rcpt", do="550 5.1.1 nobody here", recipient="reader-1@")
    with sink.running(tmp_path, faults=[fault], lonely_data="354 go on") as server, calling(server) as caller:
        assert [a[:3] for a in caller.envelope("reader-1@example.com")] == ["250", "550", "354"]
        caller.say(".")
        assert caller.hear().startswith("554")
        assert caller.envelope("reader-2@example.com")[2].startswith("354")
    assert server.count() == 0


def test_a_421_hangs_up_and_strikes_every_third_only(server: Sink):
    strike(server, Fault(at="rcpt", do="421 4.3.2 closing", every=3))
    with calling(server) as caller:
        for n in (1, 2):
            assert caller.envelope(f"reader-{n}@example.com")[1].startswith("250")
            caller.say(".")
            caller.hear()
        caller.say("MAIL FROM:<news@paper.example>", "RCPT TO:<reader-3@example.com>")
        assert [caller.hear()[:3] for _ in range(2)] == ["250", "421"]
        assert caller.hung_up_on()


@pytest.mark.parametrize(("do", "told"), [("cut", False), ("stall", False), ("452 4.2.2 full", True)])
@pytest.mark.parametrize("taken", [True, False])
def test_what_breaks_after_the_final_dot_is_logged_as_taken_or_not_as_told(
    server: Sink, do: str, told: bool, taken: bool
):
    strike(server, Fault(at="dot", do=do, taken=taken))
    with calling(server) as caller:
        caller.envelope("reader-1@example.com")
        caller.say(*MAIL)
        if told:
            assert caller.hear() == do
        elif do == "cut":
            assert caller.hung_up_on()
        else:
            caller.socket.settimeout(0.5)
            with pytest.raises(TimeoutError):
                caller.hear()
    (entry,) = server.entries()
    assert (entry.kind == "taken") is (taken and not told)
    assert entry.told is (told or not taken)


@pytest.mark.parametrize("stage", ["mail", "after-rcpt", "body"])
def test_it_cuts_where_it_is_told_and_has_taken_nothing(server: Sink, stage: sink.Stage):
    strike(server, Fault(at=stage, do="cut"))
    with calling(server) as caller:
        caller.say("MAIL FROM:<news@paper.example>")
        if stage != "mail":
            caller.hear()
            caller.say("RCPT TO:<reader-1@example.com>")
            caller.hear()
        if stage == "body":
            caller.say("DATA")
            caller.hear()
            caller.say(MAIL[0])
        assert caller.hung_up_on()
    assert [e.kind for e in server.entries()] == ["cut"]
    assert server.count() == 0
