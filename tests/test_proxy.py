"""The proxy that tests put between two ends does what it is told, and nothing else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from tests.proxy import Proxy, proxy


@contextmanager
def echo() -> Iterator[int]:
    """The port of a server that gives back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                while octets := connection.recv(65536):
                    connection.sendall(octets)
            except OSError:
                pass

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def way() -> Iterator[Proxy]:
    with echo() as port, proxy(port) as running:
        yield running


def connect(way: Proxy) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", way.port), timeout=5)
    assert said(connection, b"hello") == b"hello"
    return connection


def said(connection: socket.socket, octets: bytes) -> bytes:
    connection.sendall(octets)
    return heard(connection, len(octets))


def heard(connection: socket.socket, count: int) -> bytes:
    octets = b""
    while len(octets) < count and (more := connection.recv(65536)):
        octets += more
    return octets


def test_everything_passes_unchanged_in_both_directions(way: Proxy):
    with connect(way) as connection:
        octets = bytes(range(256)) * 4000
        sender = threading.Thread(target=connection.sendall, args=(octets,))
        sender.start()
        assert heard(connection, len(octets)) == octets
        sender.join()
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def test_a_delay_is_kept_once_per_round_trip_and_not_per_octet(way: Proxy):
    with connect(way) as connection:
        way.delay(timedelta(milliseconds=60))
        began = time.monotonic()
        said(connection, b"x" * 300_000)
        assert 0.06 <= time.monotonic() - began < 0.15


def test_what_is_down_resets_open_and_new_connections_until_it_passes_on_again(way: Proxy):
    with connect(way) as connection:
        way.down()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
        with pytest.raises(ConnectionResetError):
            connect(way)
    way.pass_on()
    connect(way).close()


def test_a_black_hole_swallows_without_a_word(way: Proxy):
    with connect(way) as connection:
        way.blackhole(new=False)
        connection.settimeout(0.1)
        connection.sendall(b"anybody?")
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connect(way).close()
        way.blackhole()
        with socket.create_connection(("127.0.0.1", way.port), timeout=0.1) as new:
            new.sendall(b"anybody?")
            with pytest.raises(TimeoutError):
                new.recv(1)


def test_a_cut_lets_exactly_so_many_octets_through():
    with socket.create_server(("127.0.0.1", 0)) as listener, proxy(int(listener.getsockname()[1])) as way:
        way.cut_after(1000)
        with socket.create_connection(("127.0.0.1", way.port), timeout=5) as client:
            connection, _ = listener.accept()
            connection.settimeout(5)
            client.sendall(b"x" * 600)
            client.sendall(b"y" * 600)
            assert heard(connection, 1000) == b"x" * 600 + b"y" * 400
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
            with pytest.raises(ConnectionResetError):
                client.recv(1)
            connection.close()
