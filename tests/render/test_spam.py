"""SpamAssassin finds nothing in our mails that looks like spam."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.render import mails


@pytest.mark.slow
@pytest.mark.parametrize("number", range(0, 60, 6))
def test_spamassassin_gives_less_than_two_points(number: int):
    program = shutil.which("spamassassin")
    if program is None:
        pytest.skip("needs spamassassin (Debian: apt-get install spamassassin)")
    one = mails.sample(number + number // 6)  # each kind of Issue
    message = one.built(mails.signer_of(one)).replace(b"\r\n", b"\n")
    said = subprocess.run([program, "-L", "-t"], input=message, capture_output=True, check=True, timeout=60).stdout
    score = re.search(rb"\bscore=(-?[\d.]+)", said)
    assert score, said[:500]
    assert float(score[1]) < 2, said.decode(errors="replace")
