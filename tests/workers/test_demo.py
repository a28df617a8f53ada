"""The demonstration for newcomers says what it shows: workers are killed, nobody is lost, nobody gets it twice."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_the_demo_of_kill_ends_with_a_balance_that_closes() -> None:
    command = [sys.executable, "-c", "from syndication.cli import main; main()", "demo", "kill"]
    shown = subprocess.run(
        [*command, "--readers", "150", "--kills", "1"], capture_output=True, text=True, timeout=240, check=False
    )
    assert shown.returncode == 0, shown.stderr + shown.stdout
    assert "kill -9 for both workers" in shown.stdout
    assert "lost 0, twice 0, uncertain 0" in shown.stdout
