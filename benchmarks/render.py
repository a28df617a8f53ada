"""Measures rendering an Issue into mail blocks beside the reference MJML of npm: ms per Issue at 5, 20 and 40 stories.

Run it as `.venv/bin/python benchmarks/render.py`; the first run fetches the reference by `npm ci`.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import mjml  # noqa: E402 - the checkout must be on the path first

from syndication.core.model import IssueContent  # noqa: E402
from syndication.render.blocks import issue_document, render_blocks  # noqa: E402
from syndication.render.mjml import harden, render  # noqa: E402
from tests.render.make import EDITION, ON, OUTLET, content, templates  # noqa: E402

COUNTS = (5, 20, 40)
RUNS = 5  # alternating; the median counts
SECONDS = 0.5  # of work per measurement

REFERENCE = """
const {createInterface} = require('node:readline');
const loaded = require('mjml');
const mjml2html = loaded.default || loaded;
createInterface({input: process.stdin}).on('line', async line => {
  const {source, seconds} = JSON.parse(line);
  await mjml2html(source); await mjml2html(source);
  let count = 0, bytes = 0;
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) { bytes = (await mjml2html(source)).html.length; count++; }
  console.log(JSON.stringify({ms: (performance.now() - start) / count, bytes}));
});
"""


def main() -> int:
    reference = started_reference()
    if reference is None:
        print("needs the npm package mjml: `npm ci` in benchmarks/ did not work (node and a network are needed)")
        return 1
    print(f"{'':11}{'whole':>9}{'render':>9}{'engine':>9}{'npm':>9}   npm/whole  npm/render  npm/engine")
    for count in COUNTS:
        print(row(count, reference))
    print("whole: from the Issue to all its blocks, HTML and text · render: lint, harden, mjml-python, repair, check")
    print("engine: mjml-python alone · npm: the reference mjml on the same document, which renders and nothing else")
    print(f"ms per Issue, median of {RUNS} alternating runs")
    reference.terminate()
    return 0


def row(count: int, reference: subprocess.Popen[str]) -> str:
    issue = content(count)
    source = issue_document(issue, outlet=OUTLET, edition=EDITION, on=ON, language="ko", templates=templates())
    document = harden(source)
    runs = [
        (
            timed(lambda: whole(issue)),
            timed(lambda: render(source, "digest")),
            timed(lambda: mjml.mjml2html(document, fonts={})),
            asked(reference, document),
        )
        for _ in range(RUNS)
    ]
    ours, safe, engine, theirs = (statistics.median(column) for column in zip(*runs, strict=True))
    ratios = f"{theirs / ours:12.2f}{theirs / safe:12.2f}{theirs / engine:12.2f}"
    return f"{count:3} stories{ours:9.2f}{safe:9.2f}{engine:9.2f}{theirs:9.2f}{ratios}"


def whole(issue: IssueContent) -> None:
    render_blocks(issue, outlet=OUTLET, edition=EDITION, on=ON, language="ko", templates=templates())


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call, after a warm-up."""
    work()
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        work()
        count += 1
    return (time.perf_counter() - start) * 1000 / count


def asked(reference: subprocess.Popen[str], document: str) -> float:
    assert reference.stdin
    assert reference.stdout
    reference.stdin.write(json.dumps({"source": document, "seconds": SECONDS}) + "\n")
    reference.stdin.flush()
    return float(json.loads(reference.stdout.readline())["ms"])


def started_reference() -> subprocess.Popen[str] | None:
    here, own = ROOT / "benchmarks", ROOT / ".venv" / "bin"
    node = next((w for w in (shutil.which("node", path=str(own)), shutil.which("node")) if w), None)
    npm = next((w for w in (shutil.which("npm", path=str(own)), shutil.which("npm")) if w), None)
    if not (here / "node_modules" / "mjml").is_dir() and npm:
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=here, check=False)
    if not node or not (here / "node_modules" / "mjml").is_dir():
        return None
    return subprocess.Popen(
        [node, "-e", REFERENCE], cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )


if __name__ == "__main__":
    sys.exit(main())
