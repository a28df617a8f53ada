"""The fault matrix at length: thousands of Deliveries through real workers while one thing after the other breaks.

Prints a row per case, counted from the sink's own log. `make test` runs the short form of the same cases.

    .venv/bin/python benchmarks/faults.py
    .venv/bin/python benchmarks/faults.py --deliveries 5000 --kind postgresql+rabbitmq --only kill
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import servers  # noqa: E402 - found by the line above
from tests.workers import cases, trial  # noqa: E402
from tests.workers.installation import FALSE_CLOCK  # noqa: E402
from tests.workers.trial import Account, Case, Ground, Kind  # noqa: E402

KILLS = 10
COLUMNS = ("case", "deliveries", "kills", "broken", "duplicates", "lost", "untrue", "uncertain", "wrongly", "seconds")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--deliveries", type=int, default=2000, help="of each case")
    parser.add_argument("--kind", type=Kind, action="append", help="of installation; else all three")
    parser.add_argument("--only", default="", help="cases whose name holds these words")
    parser.add_argument("--seed", type=int, default=20260120, help="of the moments of chance")
    asked = parser.parse_args(arguments)
    kept = [
        _row(kind, case, ground, asked.deliveries, asked.seed)
        for kind in asked.kind or Kind
        for ground in _grounds(kind)
        for case in _chosen(kind, asked.only)
    ]
    print(f"{len(kept)} cases, every promise kept in {sum(kept)}")
    return 0 if all(kept) else 1


def _chosen(kind: Kind, words: str) -> list[Case]:
    long = [cases.killed(KILLS) if case is cases.KILLED else case for case in cases.MATRIX]
    return [case for case in long if kind in case.kinds and words in case.name and _is_possible(case)]


def _is_possible(case: Case) -> bool:
    if case is cases.CLOCK_AHEAD and not FALSE_CLOCK:
        print(f"{case.name}: needs libfaketime (Debian: apt-get install faketime)")
        return False
    return True


def _grounds(kind: Kind) -> Iterator[Ground]:
    if kind is Kind.RABBITMQ and not servers.rabbitmq_is_here():
        print(f"{kind}: needs rabbitmq-server (Debian: apt-get install rabbitmq-server)")
        return
    with ground(kind) as made:
        print(f"\n{kind}\n{_line(COLUMNS)}", flush=True)
        yield made


@contextmanager
def ground(kind: Kind) -> Iterator[Ground]:
    """Fresh servers for one kind of installation."""
    with ExitStack() as stack:
        made = Ground(kind=kind)
        if kind is not Kind.EMBEDDED:
            made.postgres = stack.enter_context(servers.Postgres())
        if kind is Kind.VALKEY:
            made.broker = stack.enter_context(servers.Valkey(durable=True))
        if kind is Kind.RABBITMQ:
            made.broker = stack.enter_context(servers.RabbitMQ())
        yield made


def _row(kind: Kind, case: Case, below: Ground, deliveries: int, seed: int) -> bool:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        try:
            found = trial.run(case, below, Path(folder), deliveries, seed)
        except AssertionError as error:
            print(f"{case.name}: broke off after {time.monotonic() - began:.0f} s: {error}", flush=True)
            return False
    print(_line(_cells(found)), "" if found.kept else "  BROKEN", flush=True)
    return found.kept


def _cells(found: Account) -> tuple[str, ...]:
    return (
        found.case,
        str(found.deliveries),
        str(found.kills),
        str(found.struck),
        str(found.duplicates),
        str(found.lost),
        str(found.untrue),
        f"{found.uncertain} <= {found.bound}",
        str(found.suppressed_wrongly),
        f"{found.seconds:.0f}",
    )


def _line(cells: tuple[str, ...]) -> str:
    return f"{cells[0]:55}" + "".join(f"{cell:>12}" for cell in cells[1:])


if __name__ == "__main__":
    sys.exit(main())
