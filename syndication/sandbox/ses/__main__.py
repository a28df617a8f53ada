"""Runs the stand-in as a process of its own: python -m syndication.sandbox.ses --folder FOLDER --port 8604

It prints `ready PORT` and ends on SIGTERM.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from syndication.sandbox.loopback import run
from syndication.sandbox.ses import Habits, StandIn
from syndication.sandbox.ses.faults import script


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m syndication.sandbox.ses", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--per-second", type=float, default=200.0, help="recipients within any second")
    parser.add_argument("--per-day", type=float, default=1_000_000.0)
    parser.add_argument("--log-only", action="store_true", help="keep no messages and tell no events")
    parser.add_argument("--enveloped", action="store_true", help="events come in signed envelopes")
    parser.add_argument("--repeats", type=int, default=1, help="how often each event comes")
    parser.add_argument("--seed", type=int, help="events come in an order by chance")
    parser.add_argument("--faults", type=Path, help="JSON file with the rules of what goes wrong")
    asked = parser.parse_args(arguments)
    habits = Habits(
        per_second=asked.per_second,
        per_day=asked.per_day,
        keeps=not asked.log_only,
        tells=not asked.log_only,
        enveloped=asked.enveloped,
        repeats=asked.repeats,
        seed=asked.seed,
    )
    try:
        rules = script(asked.faults.read_text(encoding="utf-8")) if asked.faults else ()
    except (OSError, ValueError) as error:
        print(f"{asked.faults}: {error}", file=sys.stderr)
        return 2
    return run(StandIn(asked.folder, asked.port, habits=habits, rules=rules))


if __name__ == "__main__":
    sys.exit(main())
