"""Feeds pages, feeds, dates and weather answers with inputs that a coverage-guided fuzzer thinks up.

    .venv/bin/python benchmarks/fuzz.py [seconds for each reader] [reader …]

Each reader runs in a process of its own under Atheris (libFuzzer). An input that makes it fail, takes more than 5
seconds or more than 300 MB stops it; it is kept and named. Needs `atheris`, which requirements-dev.txt brings on Linux.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"
SECONDS = 30
LONGEST = 5  # seconds for one input
MOST_MB = 300
LONGEST_INPUT = 20_000

WORDS = (
    *("<div>", "</div>", "<p>", "<br>", "<table><tr><td>", "</td></tr></table>", "<ul><li>", "<h1>", "<h2>", "</h2>"),
    *("<a href='/news/article.html?no=1'>", "</a>", "<img src=x>", "<script>", "</script>", "<style>", "<!--", "-->"),
    *("<svg>", "<template>", "<pre>", "<form>", "<figure><figcaption>", "id='news_body_area'", "class='ad'", "&nbsp;"),
    *("id='article-view-content-div'", "id='bo_v_con'", "itemprop='articleBody'", "<time datetime='2026-01-20'>"),
    *("맑음서울 3.0℃", "기상청 제공", "더보기", "2026.01.20 (화)", "등록 2026-01-20 10:00", "다온 기자", "했다."),
    *("<![CDATA[", "]]>", "<item>", "<entry>", "<title>", "<pubDate>", "<content:encoded>", "관련기사"),
    *("<!DOCTYPE x [<!ENTITY a 'b'>]>", "#START7777", "#7777END", "-9.0", "-99.0", '"resultCode":"00"'),
    *('"items":""', '"obsrValue":"', "<resultCode>22</resultCode>", "오전", "오후", "24:00", "+0900", "KST", "Sat, "),
    *("년", "월", "일", "시", "분"),
)


def readers() -> dict[str, Callable[[bytes], object]]:
    """What is tried, by name. Each may refuse an input in its own way; nothing else may come out of it."""
    from syndication.core.air import read_places
    from syndication.core.dates import parse_moment
    from syndication.core.feeds import read_feed
    from syndication.core.feeds_json import read_json_feed
    from syndication.core.kma import answers, columns, current, midterm
    from syndication.core.markup import Unreadable, sanitise
    from syndication.core.metno import read_ahead
    from syndication.core.pages import read_page
    from syndication.core.prose import summary

    url, at = "http://www.example.com/news/article.html?no=5", datetime(2026, 1, 20, 6, tzinfo=UTC)

    def page(data: bytes) -> None:
        for found in read_page(data, url=url, content_type="text/html", outlet="x").articles:
            summary(found.content.paragraphs)

    def markup(data: bytes) -> None:
        try:
            sanitise(data.decode("utf-8", "replace"), url)
        except Unreadable:
            pass

    return {
        "page": page,
        "text": lambda data: read_page(data, url=None, content_type="text/plain", outlet="x"),
        "markup": markup,
        "feed": lambda data: read_feed(data, url=url, content_type="", outlet="x"),
        "json": lambda data: read_json_feed(data, url=url, content_type="", outlet="x"),
        "date": lambda data: parse_moment(data.decode("utf-8", "replace")),
        "kma": _refusing(answers.read_page),
        "hours": _refusing(columns.read_hours),
        "alerts": _refusing(columns.read_alerts),
        "current": _refusing(current.read_current),
        "outlook": _refusing(lambda data: midterm.read_outlook(data, region=next(iter(midterm.REGIONS)), issue=at)),
        "air": _refusing(read_places),
        "metno": _refusing(read_ahead),
    }


def _refusing(read: Callable[[bytes], object]) -> Callable[[bytes], None]:
    """A reader of answers, whose refusal is an answer too."""
    from syndication.core.kma.answers import Refused
    from syndication.core.metno import Unreadable

    def tried(data: bytes) -> None:
        try:
            read(data)
        except (Refused, Unreadable):
            pass

    return tried


def seeds(name: str) -> Iterator[bytes]:
    """What each reader is shown first: samples of its own kind."""
    if name in ("page", "markup"):
        yield from (f.read_bytes() for f in sorted((DATA / "pages_labelled" / "pages").glob("*.html"))[::6])
    elif name == "text":
        yield from (f.read_bytes() for f in sorted((DATA / "pages").glob("*.txt")))
    elif name in ("feed", "json"):
        item = "<item><title>가람</title><link>http://a.example/1</link><pubDate>2026-01-20 05:00</pubDate></item>"
        yield f'<?xml version="1.0"?><rss version="2.0"><channel>{item}</channel></rss>'.encode()
        version = b'"version": "https://jsonfeed.org/version/1.1"'
        yield b"{" + version + b', "items": [{"id": "1", "title": "x", "content_text": "y"}]}'
    elif name == "date":
        yield from (t.encode() for t in ("2022-07-16 오후 10:01:07", "Sat, 16 Jul 2022 22:01:07 KST", "20220716220107"))
    else:
        yield from (f.read_bytes() for f in sorted((DATA / "weather").glob("*.*")))
        yield b"#START7777\n202601200600  90 18 2.0 -9 -9 -9.0 1020.1 1030.2 -9 -9.0 -9.0\n#7777END\n"


def try_one(name: str, folder: str, seconds: int) -> None:
    """Let the fuzzer at one reader (children of this script run this)."""
    import atheris

    with atheris.instrument_imports(include=["syndication"]):
        read = readers()[name]
    corpus, words = Path(folder) / "corpus", Path(folder) / "words"
    corpus.mkdir()
    for n, seed in enumerate(seeds(name)):
        (corpus / str(n)).write_bytes(seed[:LONGEST_INPUT])
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS))
    options = [
        f"-max_total_time={seconds}",
        f"-timeout={LONGEST}",
        f"-rss_limit_mb={MOST_MB}",
        f"-max_len={LONGEST_INPUT}",
        f"-dict={words}",
        f"-artifact_prefix={folder}/found-",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], read)
    atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


def tried(name: str, seconds: int) -> bool:
    """Print how one reader fared; whether it stood."""
    folder = tempfile.mkdtemp(prefix=f"fuzz-{name}-")
    command = [sys.executable, __file__, "--one", name, folder, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", cwd=ROOT, env={**os.environ})
    told = (line.removeprefix("stat::") for line in done.stderr.splitlines() if line.startswith("stat::"))
    said = dict(line.split(":", 1) for line in told)
    runs, peak = (said.get(key, "?").strip() for key in ("number_of_executed_units", "peak_rss_mb"))
    found = sorted(Path(folder).glob("found-*"))
    stood = done.returncode == 0 and not found
    verdict = "stood" if stood else "FAILED: " + ", ".join(map(str, found))
    print(f"{name:>8} {runs:>10} inputs {peak:>5} MB  {verdict}", flush=True)
    if not stood:
        print("\n".join(done.stderr.splitlines()[-25:]))
    return stood


def main(arguments: list[str]) -> int:
    """Try all readers or those named; 1 when one of them fell."""
    seconds = int(arguments[0]) if arguments else SECONDS
    stood = [tried(name, seconds) for name in arguments[1:] or list(readers())]
    return 0 if all(stood) else 1


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if sys.argv[1:2] == ["--one"]:
        try_one(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        raise SystemExit(main(sys.argv[1:]))
