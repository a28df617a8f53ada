"""The stand-in for Amazon SES as a sink: what it took, as entries like those of `tests.sink`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from syndication.sandbox.ses import Rule, Wrong, calls
from syndication.sandbox.ses.desk import LOG
from syndication.sandbox.ses.faults import TAKEN, rule_for
from tests.servers import die_with_parent
from tests.sink import Entry, Fault

QUEUE = "/000000000000/events"
# after these the caller cannot know whether it was taken; a service that fails with a 5xx may have done its work before
_UNANSWERED = TAKEN | {Wrong.CUT_READING, Wrong.CUT_BEFORE, Wrong.STATUS}


@dataclass
class Post:
    """The running stand-in and its log."""

    folder: Path
    rules: tuple[Rule, ...]

    def entries(self) -> Sequence[Entry]:
        return [
            Entry(
                kind="taken" if call.verdict == "accepted" else "refused",
                told=not self._leaves_doubt(number),
                code=call.verdict,
                message_id=call.own_message_id,
                recipient=call.recipient,
                at=call.at.timestamp(),
                connection=0,
            )
            for number, call in enumerate(calls(self.folder), 1)
        ]

    def _leaves_doubt(self, call: int) -> bool:
        rule = rule_for(self.rules, call)
        return rule is not None and rule.wrong in _UNANSWERED and not (rule.wrong is Wrong.LATE and rule.seconds < 1)

    def count(self) -> int:
        try:
            return (self.folder / LOG).read_bytes().count(b"accepted\t")
        except FileNotFoundError:
            return 0

    def break_as(self, *faults: Fault) -> None:
        raise NotImplementedError("it breaks by its rules")


@contextmanager
def standing_in(folder: Path, port: int, *rules: Rule, per_second: float = 10_000) -> Iterator[Post]:
    """A stand-in in a process of its own that breaks by rules."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "rules.json"
    script.write_text(json.dumps([asdict(rule) for rule in rules]))
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "syndication.sandbox.ses", "--folder", str(folder), "--port", str(port)),
            *("--per-second", str(per_second), "--faults", str(script)),
        ],
        stdout=subprocess.PIPE,
        preexec_fn=die_with_parent,
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline().startswith(b"ready")
        yield Post(folder, rules)
    finally:
        program.terminate()
        program.wait(10)
