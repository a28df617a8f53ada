"""Prints how PostgreSQL finds the Deliveries that the Store's questions are about, as docs/database.md shows it.

Run it as `.venv/bin/python benchmarks/plans.py [--readers 100000]`: an Issue to so many readers, half of it sent.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))

import path  # noqa: E402 - the checkout must be on the path first
from sqlalchemy import text  # noqa: E402

from syndication.adapters.sql import SqlStore  # noqa: E402
from tests import servers  # noqa: E402
from tests.plans import calls, explained, read_whole  # noqa: E402

LONGEST = 180  # characters of a statement that are shown


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--readers", type=int, default=100_000)
    readers = asked.parse_args().readers
    with tempfile.TemporaryDirectory() as folder, servers.postgres() as url:
        os.environ["BENCH_DATABASE_URL"] = url
        house, issue = path.installation(Path(folder) / "plans", 9, stories=5, signed=False)
        path.add_readers(house, readers)
        path.fan_out(house, issue)
        _send_half(house.store, readers)
        whole = [show(house.store, name, act) for name, act in calls(house.store, issue).items()]
        house.close()
    return 1 if any(whole) else 0


def _send_half(store: SqlStore, readers: int) -> None:
    with store._engine.begin() as db:
        done = "UPDATE delivery SET state = 'accepted', settled_at = created_at, receipt = 'r' || id WHERE id % 2 = 0"
        db.execute(text(done))
    with store._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("VACUUM ANALYZE"))


def show(store: SqlStore, name: str, act: Callable[[], object]) -> frozenset[str]:
    """Print the plans of a call; returns the large tables that it reads as a whole."""
    with explained(store._engine) as told:
        act()
    print(f"### {name}\n")
    for statement, plan in told:
        print(f"```\n{statement[:LONGEST]}{' …' if len(statement) > LONGEST else ''}\n\n{plan}\n```\n")
    return frozenset().union(*(read_whole(plan) for _, plan in told)) & {"delivery", "subscription", "subscriber"}


if __name__ == "__main__":
    sys.exit(main())
