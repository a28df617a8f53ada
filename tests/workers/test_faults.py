"""The fault matrix in its short form: whatever breaks, nobody gets a mail twice, nobody is lost without a word.

The long form, on thousands of Deliveries each, is `benchmarks/faults.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import servers
from tests.workers import cases, trial
from tests.workers.installation import FALSE_CLOCK
from tests.workers.trial import Case, Ground, Kind

READERS = 250

pytestmark = pytest.mark.slow


def _parameters() -> Iterator[object]:
    for kind, chosen in cases.SHORT.items():
        group = "rabbitmq" if kind is Kind.RABBITMQ else f"faults-{kind}"
        for case in chosen:
            yield pytest.param(kind, case, id=f"{kind}: {case.name}", marks=pytest.mark.xdist_group(group))


@pytest.fixture(scope="module")
def grounds(request: pytest.FixtureRequest) -> Iterator[dict[Kind, Ground]]:
    """What installations stand on, started with the first that needs it."""
    with ExitStack() as stack:
        yield _Grounds(request, stack)


class _Grounds(dict[Kind, Ground]):
    def __init__(self, request: pytest.FixtureRequest, stack: ExitStack) -> None:
        self.request, self.stack = request, stack

    def __missing__(self, kind: Kind) -> Ground:
        self[kind] = self._made(kind)
        return self[kind]

    def _made(self, kind: Kind) -> Ground:
        if kind is Kind.EMBEDDED:
            return Ground(kind=kind)
        postgres = self.stack.enter_context(servers.Postgres())
        if kind is Kind.RABBITMQ:
            return Ground(kind=kind, postgres=postgres, broker=self.request.getfixturevalue("rabbitmq"))
        return Ground(kind=kind, postgres=postgres, broker=self.stack.enter_context(servers.Valkey(durable=True)))


@pytest.mark.parametrize(("kind", "case"), _parameters())
def test_nobody_twice_nobody_lost_and_what_is_uncertain_is_named(
    kind: Kind, case: Case, grounds: dict[Kind, Ground], tmp_path: Path
):
    if case is cases.CLOCK_AHEAD and not FALSE_CLOCK:
        pytest.skip("needs libfaketime (Debian: apt-get install faketime)")
    found = trial.run(case, grounds[kind], tmp_path, READERS)
    print(found)
    assert found.duplicates == 0
    assert found.lost == 0
    assert found.untrue == 0
    assert found.suppressed_wrongly == 0
    assert found.uncertain <= found.bound
    assert found.balance.closes
    assert found.balance.audience == READERS
    assert found.struck or not (case.faults or case.rules), "nothing was broken: nothing is proved"
