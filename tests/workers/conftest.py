"""Brokers for tests with real workers: where Debian's RabbitMQ is missing, its tests skip and say so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[servers.RabbitMQ]:
    if not servers.rabbitmq_is_here():
        pytest.skip("needs rabbitmq-server (Debian: apt-get install rabbitmq-server)")
    with servers.RabbitMQ() as server:
        yield server
