"""Real workers, really killed: nobody twice, nobody silently lost, at most one uncertain per connection and kill."""

from __future__ import annotations

import random
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from syndication.core.model import Channel
from syndication.sandbox import mailbox
from tests.conftest import fresh_database
from tests.workers.installation import Installation, kill_group, wait_until

READERS = 2000
KILLS = 20
CONNECTIONS = 2  # worker processes, one connection each


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite-filesystem", "postgresql-valkey"])
def test_two_thousand_deliveries_survive_twenty_kills(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    house_in = Installation(folder=tmp_path, readers=READERS)
    if kind == "postgresql-valkey":
        house_in.database_url = fresh_database(request.getfixturevalue("postgres_url"))
        house_in.broker_url = request.getfixturevalue("valkey_url")
    house_in.write()
    house = house_in.open()
    issue = house_in.fill(house)
    chance = random.Random(20260120)

    def balance():  # type: ignore[no-untyped-def]
        return house.store.balance(issue.id, Channel.EMAIL)

    with house_in.sink(delay=0.004) as folder:
        kills = 0
        while kills < KILLS:
            before = len(mailbox.accepted(folder))
            worker = house_in.worker()
            # a kill counts when it comes while mail is going out
            wait_until(partial(_goes_out, folder, before), 30, every=0.02)
            time.sleep(chance.uniform(0.0, 0.5))
            assert balance().waiting > 0, f"all was sent before kill {kills + 1}: nothing left to prove"
            kill_group(worker)
            kills += 1
        last = house_in.worker()
        leases = 2 * house_in.lease.total_seconds()
        reached_end = wait_until(lambda: balance().waiting == 0, patience=leases + 120)
        result = balance()
        kill_group(last)
        log = mailbox.accepted(folder)

    arrived = Counter(entry.recipient for entry in log)
    twice = {address: n for address, n in arrived.items() if n > 1}
    uncertain = {u.delivery.recipient for u in house.store.uncertain()}
    print(f"{kind}: kills {kills}, {result}, arrived {len(arrived)}, duplicates {len(twice)}")
    lost = READERS - len(arrived) - sum(1 for d in house.store.uncertain() if _address(house, d) not in arrived)
    house.close()
    assert reached_end, f"still waiting after two leases: {result}"
    assert not twice
    assert lost == 0, f"{lost} silently lost"
    assert result.closes
    assert result.audience == READERS
    assert len(uncertain) == result.uncertain <= kills * CONNECTIONS
    assert result.accepted + result.uncertain == READERS


def _goes_out(folder: Path, before: int) -> bool:
    return len(mailbox.accepted(folder)) > before + 2


def _address(house, found) -> str:  # type: ignore[no-untyped-def]
    return house.store.subscription(found.delivery.subscription_id).address
