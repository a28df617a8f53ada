"""Measures collecting: feed bytes to Articles, 1,000 and 10,000 items of 2 KB, against plain feedparser.

    .venv/bin/python benchmarks/ingest.py

Each figure comes from a process of its own, all in one run; times are CPU times, so that a busy machine changes little.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = (1_000, 10_000)
LIMIT_MB = 300


def feed(count: int) -> bytes:
    """An RSS feed of sample items with some 2 KB of text each."""
    sentence = "가람시는 20일 시청에서 새 도서관의 개관식을 열었다고 밝혔다. "
    text = (sentence * 30).encode()[:1900].decode(errors="ignore")
    items = "".join(
        f"<item><title>표본 기사 {n}</title><link>http://www.garam.example/news/articleView.html?idxno={n}</link>"
        f"<description><![CDATA[<p>{text}</p><p>{n}번째 소식이다.</p>]]></description>"
        f"<category>사회</category><pubDate>2026-01-20 05:{n % 60:02d}:00</pubDate></item>"
        for n in range(count)
    )
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{items}</channel></rss>'.encode()


def ours(body: bytes) -> int:
    from syndication.core.sources import content_hash, read_feed

    reading = read_feed(body, url="http://www.garam.example/rss", content_type="text/xml", outlet="garam")
    return len({content_hash(found.content) for found in reading.articles})


def plain(body: bytes) -> int:
    import feedparser

    return len(feedparser.parse(body).entries)


def measure(what: str, count: int) -> None:
    """Print seconds of CPU and the peak of resident memory in MB (children of this script run this)."""
    body = feed(count)
    read = ours if what == "ours" else plain
    read(feed(10))  # imports and caches
    began = time.process_time()
    got = read(body)
    spent = time.process_time() - began
    if got != count:
        raise SystemExit(f"{what}: {got} of {count} items")
    print(spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measured(what: str, count: int) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, __file__, what, str(count)], check=True, capture_output=True, text=True, cwd=ROOT
    )
    spent, peak = done.stdout.split()
    return float(spent), float(peak)


def main() -> int:
    """Print the table; 1 when memory or linearity is out of bounds."""
    print(f"{'items':>7} {'articles/s':>11} {'ms each':>8} {'peak MB':>8} {'feedparser ms each':>19} {'ratio':>6}")
    each: list[float] = []
    peaks: list[float] = []
    for count in SIZES:
        spent, peak = measured("ours", count)
        alone, _ = measured("plain", count)
        each.append(spent / count)
        peaks.append(peak)
        print(
            f"{count:>7,} {count / spent:>11,.0f} {spent / count * 1000:>8.2f} {peak:>8.0f} "
            f"{alone / count * 1000:>19.2f} {spent / alone:>6.2f}"
        )
    growth = each[1] / each[0]
    print(f"time per article, {SIZES[1]:,} against {SIZES[0]:,}: {growth:.2f} (linear is 1)")
    print(f"peak of memory: {max(peaks):.0f} MB of {LIMIT_MB}")
    return 0 if growth < 1.5 and max(peaks) < LIMIT_MB else 1


if __name__ == "__main__":
    if len(sys.argv) == 3:
        sys.path.insert(0, str(ROOT))
        measure(sys.argv[1], int(sys.argv[2]))
    else:
        raise SystemExit(main())
