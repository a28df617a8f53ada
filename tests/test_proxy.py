"""The proxy that stands for bad networks does what it says: delays, goes dead, cuts, refuses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.proxy import Proxy, proxy


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that says back what it hears."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(65536):
                    connection.sendall(data)
            except OSError:
                pass

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def call(cable: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", cable.port), timeout=3)


def answered(connection: socket.socket, words: bytes = b"hello") -> bytes:
    connection.sendall(words)
    return connection.recv(65536)


def test_it_passes_everything_on_also_a_lot_and_the_end(echo: int):
    with proxy(echo) as cable, call(cable) as connection:
        threading.Thread(target=connection.sendall, args=(b"x" * 3_000_000,), daemon=True).start()
        heard = 0
        while heard < 3_000_000:
            heard += len(connection.recv(65536))
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(10) == b""


def test_a_delay_each_way_is_a_round_trip_in_order(echo: int):
    with proxy(echo) as cable, call(cable) as connection:
        cable.delay(timedelta(milliseconds=100))
        began = time.monotonic()
        assert answered(connection) == b"hello"
        assert 0.1 <= time.monotonic() - began < 0.2
        for n in range(200):
            connection.sendall(f"{n:04}".encode())
        heard = b""
        while len(heard) < 800:
            heard += connection.recv(65536)
        assert heard == b"".join(f"{n:04}".encode() for n in range(200))


def test_a_swallowed_connection_is_dead_without_a_word_and_new_ones_work(echo: int):
    with proxy(echo) as cable, call(cable) as old:
        assert answered(old) == b"hello"
        cable.blackhole(new=False)
        old.settimeout(0.5)
        with pytest.raises(TimeoutError):
            answered(old)
        with call(cable) as new:
            assert answered(new) == b"hello"


def test_what_is_down_resets_what_is_there_and_what_comes_until_it_passes_on_again(echo: int):
    with proxy(echo) as cable:
        with call(cable) as connection:
            assert answered(connection) == b"hello"
            cable.down()
            with pytest.raises(ConnectionResetError):
                connection.recv(10)
        with call(cable) as connection, pytest.raises(ConnectionResetError):
            connection.recv(10)
        cable.pass_on()
        with call(cable) as again:
            assert answered(again) == b"hello"
