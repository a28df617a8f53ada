"""Each dialect says each standing in these bytes. The files were read against the documents of each format."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from syndication.render.dialects import RENDER
from syndication.render.dialects.document import Document, Standing
from syndication.render.feed_items import Unfit
from tests.render.dialects.samples import JSON_TEMPLATE, WISHES, XML_TEMPLATE, in_standing

GOLDEN = Path(__file__).parents[2] / "data" / "dialects"
TEMPLATES = {"template-xml": XML_TEMPLATE, "template-json": JSON_TEMPLATE}
NAMES = [*(name for name in RENDER if name != "template"), *TEMPLATES]
UNSAYABLE = {("msn", Standing.EMBARGOED)}
CASES = [(name, standing) for name in NAMES for standing in Standing if (name, standing) not in UNSAYABLE]


def made(name: str, standing: Standing) -> tuple[str, bytes]:
    document: Document = in_standing(standing)
    if name in TEMPLATES:
        document = replace(document, wishes=replace(WISHES, template=TEMPLATES[name]))
    rendering = RENDER[name.partition("-")[0] if name in TEMPLATES else name](document)
    return rendering.name.rpartition(".")[2], rendering.body


@pytest.mark.parametrize(("name", "standing"), CASES)
def test_each_dialect_says_each_standing_in_these_bytes(name: str, standing: Standing) -> None:
    extension, body = made(name, standing)
    assert body.decode() == (GOLDEN / name / f"{standing.value}.{extension}").read_bytes().decode()


def test_no_golden_is_left_over() -> None:
    there = {(path.parent.name, path.stem) for path in GOLDEN.glob("*/*.*")}
    assert there == {(name, standing.value) for name, standing in CASES}


def test_msn_gets_nothing_under_embargo() -> None:
    with pytest.raises(Unfit, match="no embargo"):
        made("msn", Standing.EMBARGOED)


_REBUILD = """
import sys
from tests.render.dialects.test_goldens import CASES, made
for name, standing in CASES:
    sys.stdout.buffer.write(made(name, standing)[1])
"""


def _rebuilt(**environ: str) -> bytes:
    root = Path(__file__).parents[3]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-W", "ignore", "-c", _REBUILD]
    env = {**kept, "PYTHONPATH": str(root), **environ}
    return subprocess.run(command, env=env, capture_output=True, check=True, cwd=root).stdout


def test_another_process_zone_locale_and_hash_seed_make_the_same_bytes() -> None:
    here = b"".join(made(name, standing)[1] for name, standing in CASES)
    assert here == _rebuilt(PYTHONHASHSEED="2", TZ="America/New_York", LC_ALL="C")
