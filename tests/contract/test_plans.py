"""The law of the indexes: no question that is asked while mail goes out reads all Deliveries there ever were."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text

from syndication.adapters.sql import open_store
from tests.contract.test_store_races import fan_out, issued
from tests.plans import calls, explained, read_whole

ROWS = 20_000
COPIES = """
    INSERT INTO delivery (channel, thing, recipient, issue_id, issue_revision, subscription_id, recipe_hash, provider,
                          state, next_at, expires_at, created_at, settled_at, receipt)
    SELECT channel, thing, 'subscriber:' || n, NULL, NULL, n, recipe_hash, provider,
           CASE WHEN n % 2 = 0 THEN 'accepted' ELSE state END, next_at + n * 1000000000::bigint, expires_at, created_at,
           CASE WHEN n % 2 = 0 THEN created_at END, CASE WHEN n % 2 = 0 THEN 'r' || n END
    FROM delivery, generate_series(100, :rows) AS n
"""


def test_no_question_of_a_morning_reads_every_delivery(fresh_postgres: Callable[[], str]) -> None:
    store = open_store(fresh_postgres())
    issue = issued(store, readers=1)
    fan_out(store, issue)
    with store._engine.begin() as db:
        db.execute(text(COPIES), {"rows": ROWS})
    with store._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("VACUUM ANALYZE"))
    for name, act in calls(store, issue).items():
        with explained(store._engine) as told:
            act()
        assert told, name
        for statement, plan in told:
            assert "delivery" not in read_whole(plan), f"{name}: {statement}\n{plan}"
    store.close()


def test_a_question_that_reads_every_delivery_is_told(fresh_postgres: Callable[[], str]) -> None:
    store = open_store(fresh_postgres())
    with explained(store._engine) as told, store._reads() as db:
        db.execute(text("SELECT max(reason) FROM delivery"))
    assert read_whole(told[0][1]) == {"delivery"}
    store.close()
