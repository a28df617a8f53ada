"""Measures reading pages: what is read of the labelled samples, how fast, and whether time grows as the number does.

    .venv/bin/python benchmarks/pages.py

The peer is trafilatura alone, in the best of its modes. Times are CPU times of one run, so that a busy machine changes
little; the pages are those of tests/data (README.md there says how they came about).
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from syndication.core.model import Reading  # noqa: E402
from syndication.core.pages import read_page  # noqa: E402
from syndication.core.similar import same_as  # noqa: E402
from tests.labelled import Label, f1, judged, labelled, strange  # noqa: E402

SETS = ("pages_labelled", "pages_held_out")  # whose figures must hold
FRESH = "pages_fresh"  # no rule was made for it
FAMILIES = ("mediaon", "ndsoft")
SIZES = (1_000, 10_000)
TIMES_FASTER = 1  # what must hold however busy the machine is; the goal is 10
ROUNDS = 3
BATCH = 150
TAUGHT = 0.98

Page = tuple[Label, bytes]


def peer_modes() -> dict[str, Callable[[bytes], str]]:
    import trafilatura

    def mode(**options: bool) -> Callable[[bytes], str]:
        return lambda html: trafilatura.extract(html, include_comments=False, **options) or ""

    return {"default": mode(), "precision": mode(favor_precision=True), "recall": mode(favor_recall=True)}


# --- what is read ----------------------------------------------------------------------------


def quality(name: str) -> bool:
    """Print the table of one set; whether its figures hold."""
    modes = peer_modes()
    rows = [(label, judged(label, reading(label)), peer(label, modes)) for label in labelled(name)]
    print(f"\n{name}: {len(rows)} pages, body F1 by words; the peer is trafilatura in its best mode")
    print(f"{'family':>12} {'pages':>6} {'ours':>7} {'peer':>7} {'title':>6} {'date':>5} {'wrong':>6} {'strange':>8}")
    holds = True
    for family in [*dict.fromkeys(label.family for label, *_ in rows), "all articles"]:
        some = [r for r in rows if r[0].family == family or (family == "all articles" and r[0].article)]
        read = [v for _, v, _ in some]
        ours, theirs = mean(v.body for v in read), best([p for *_, p in some])
        wrong, other = sum(v.date == "wrong" for v in read), sum(bool(v.strange) for v in read)
        title, date = mean(v.title for v in read), mean(v.date == "right" for v in read)
        print(
            f"{family:>12} {len(some):>6} {ours:>7.4f} {theirs:>7.4f} {title:>6.2f} {date:>5.2f} {wrong:>6} {other:>8}"
        )
        holds = holds and not wrong and (family != "all articles" or (ours >= TAUGHT and ours > theirs))
    print(f"pages where trafilatura lets in the interface or another story: {sum(bool(s) for *_, (_, s) in rows)}")
    return holds


def reading(label: Label) -> Reading:
    return read_page(label.html, url=label.url, content_type=label.content_type, outlet="sample")


def peer(label: Label, modes: dict[str, Callable[[bytes], str]]) -> tuple[dict[str, float], bool]:
    """trafilatura's F1 in each mode, and whether its default lets in what stands around."""
    texts = {name: extract(label.html).splitlines() for name, extract in modes.items()}
    scores = {name: f1(label, lines) if label.article else float(not lines) for name, lines in texts.items()}
    return scores, bool(strange(label, texts["default"]))


def best(peers: Sequence[tuple[dict[str, float], bool]]) -> float:
    return max(mean(scores[name] for scores, _ in peers) for name in peers[0][0])


# --- how fast --------------------------------------------------------------------------------


def speed() -> bool:
    """Print how long one page of the two families takes, and whether the peer takes several times as long.

    No page is read twice: what pages of one paper share (menus, lists, footers) comes again, as it does in life."""
    pages = composed(BATCH * (ROUNDS + 1))
    compact = _times("as in tests/data", pages)
    real = _times("of the weight of real ones", [(label, weighty(html)) for label, html in pages])
    return min(compact, real) >= TIMES_FASTER


def _times(what: str, pages: Sequence[Page]) -> float:
    """Print the times of both for different pages; how many times as fast as the peer's ours is."""
    batches = [pages[n : n + BATCH] for n in range(0, len(pages), BATCH)]
    extract = peer_modes()["default"]
    ours = _seconds(batches, lambda label, html: read_page(html, url=label.url, content_type="", outlet="sample"))
    theirs = _seconds(batches, lambda _, html: extract(html))
    size = mean(len(html) for _, html in pages) / 1024
    print(
        f"\n{BATCH} different pages of {' and '.join(FAMILIES)} {what}, {size:.0f} KB each, best of {ROUNDS}:\n"
        f"ours {ours / BATCH * 1000:.2f} ms, trafilatura {theirs / BATCH * 1000:.2f} ms each: {theirs / ours:.1f} x"
    )
    return theirs / ours


def _seconds(batches: Sequence[Sequence[Page]], work: Callable[[Label, bytes], object]) -> float:
    spent = []
    for batch in batches:
        began = time.process_time()
        for label, html in batch:
            work(label, html)
        spent.append(time.process_time() - began)
    return min(spent[1:])  # the first fills caches


def weighty(html: bytes) -> bytes:
    """A sample page with what real ones carry besides: styles, scripts, a menu of 80 items, lists of 60 stories."""
    style = "<style>" + ".a{margin:0;padding:0}" * 600 + "</style>"
    script = "<script>" + "var q=q||[];q.push({});" * 700 + "</script>"
    menu = "".join(f'<li><a href="/news/section.html?sec={n}">갈래 {n}</a></li>' for n in range(80))
    stories = "".join(
        f'<li class="item"><a href="/news/section.html?top={n}"><strong>나루군 소식 {n}번째 표제</strong></a>'
        f"<p>나루군이 {n}번째 소식을 알렸다. 자세한 것은 다음에 ..</p></li>"
        for n in range(60)
    )
    head = f"{style}{script}</head>".encode()
    html = html.replace(b"</head>", head, 1)
    at = html.find(b">", html.find(b"<body")) + 1
    end = html.rfind(b"</body>")
    return (
        html[:at]
        + f"<ul class='menu'>{menu}</ul>".encode()
        + html[at:end]
        + f"<ul>{stories}</ul>".encode()
        + html[end:]
    )


# --- whether it is linear --------------------------------------------------------------------


def composed(count: int) -> list[Page]:
    """So many different articles in the markup of the samples: their sentences shuffled from all of them."""
    pages = [label for label in labelled(SETS[0]) if label.family in FAMILIES and len(label.paragraphs) > 1]
    pages = [label for label in pages if label.html[:200].find(b"euc-kr") < 0 and "euckr" not in label.page]
    sentences = [s for label in pages for p in label.paragraphs for s in p.split(". ") if len(s) > 20]
    dice = random.Random(1)
    out = []
    for n in range(count):
        label = pages[n % len(pages)]
        html = label.html.decode("utf-8", "replace")
        for paragraph in label.paragraphs[:6]:
            told = " ".join(f"{dice.choice(sentences)} {dice.randrange(10_000)}번이다." for _ in range(3))
            html = html.replace(paragraph, told, 1)
        out.append((label, html.encode()))
    return out


def growth(count: int) -> None:
    """Print seconds of CPU for reading and folding so many articles (children of this script run this)."""
    pages = composed(count)
    began = time.process_time()
    readings = [read_page(html, url=label.url, content_type="", outlet="sample") for label, html in pages]
    found = [f.content for reading in readings for f in reading.articles]
    read_at = time.process_time()
    folded = same_as(found)
    print(len(found), read_at - began, time.process_time() - read_at, sum(x is not None for x in folded))


def linear() -> bool:
    """Print how time grows with the number of articles; whether it grows as the number does."""
    print(f"\n{'articles':>9} {'reading s':>10} {'folding s':>10} {'ms each':>8} {'repeats':>8}")
    each = []
    for count in SIZES:
        done = subprocess.run(
            [sys.executable, __file__, str(count)], check=True, capture_output=True, text=True, cwd=ROOT
        )
        got, read, folding, repeats = done.stdout.split()
        if int(got) != count:
            raise SystemExit(f"{got} of {count} articles were read")
        each.append((float(read) + float(folding)) / count)
        print(f"{count:>9,} {float(read):>10.2f} {float(folding):>10.2f} {each[-1] * 1000:>8.2f} {repeats:>8}")
    print(f"time per article, {SIZES[1]:,} against {SIZES[0]:,}: {each[1] / each[0]:.2f} (linear is 1)")
    return each[1] / each[0] < 1.5


def main() -> int:
    """Print the tables; 1 when a figure is out of bounds."""
    holds = [quality(name) for name in SETS]
    quality(FRESH)
    return 0 if all([*holds, speed(), linear()]) else 1


if __name__ == "__main__":
    if len(sys.argv) == 2:
        growth(int(sys.argv[1]))
    else:
        raise SystemExit(main())
