"""`read` shows what an input gives: one line of JSON per input with every key, and never a stack trace."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.contract.origin import Origin, origin

KEYS = {
    "input": (str,),
    "date_line": (str, type(None)),
    "attribution": (str, type(None)),
    "observed_at": (str, type(None)),
    "observations": (list,),
    "forecasts": (list,),
    "articles": (list,),
    "teasers": (list,),
    "set_aside": (list,),
    "warnings": (list,),
}
INNER = {
    "observations": {"station", "station_id", "condition", "temperature", "observed_at"},
    "forecasts": {"place", "date", "low", "high", "morning", "afternoon", "rain_chance"},
    "articles": {"title", "section", "published_at", "byline", "paragraphs", "url"},
    "teasers": {"section", "title", "text", "cut"},
    "set_aside": {"what", "reason"},
}
RSS = """<rss version='2.0'><channel><item><title>가람시 표본 기사</title><link>https://garam.example/1</link>
<category>사회</category><pubDate>Tue, 20 Jan 2026 05:40:00 +0900</pubDate>
<description>가람시는 표본 소식을 전했다.</description></item></channel></rss>""".encode()


@pytest.fixture
def site() -> Iterator[Origin]:
    with origin() as made:
        yield made


def holds_the_contract(fact: dict[str, object]) -> bool:
    assert list(fact) == list(KEYS)
    for key, kinds in KEYS.items():
        assert isinstance(fact[key], kinds), key
    for key, names in INNER.items():
        for entry in fact[key]:  # type: ignore[attr-defined]
            assert set(entry) == names, key
    return True


def test_the_sample_page_gives_everything_that_is_printed_on_it(command: Command, samples: Path) -> None:
    page = samples / "pages" / "local-paper-2026-01-20.txt"
    answer = command("read", page, "--json")
    assert answer.code == 0
    (fact,) = answer.facts
    assert holds_the_contract(fact)
    assert (fact["input"], fact["date_line"]) == (str(page), "2026-01-20")
    assert (fact["attribution"], fact["observed_at"], fact["set_aside"]) == ("기상청", None, [])
    seen = {o["station"]: (o["condition"], o["temperature"]) for o in fact["observations"]}
    assert (len(seen), seen["거제"], seen["동두천"]) == (16, (None, 0.8), ("맑음", -11.0))
    (article,) = fact["articles"]
    assert article["title"] == "군산시, 2024년 지방자치단체 혁신평가 '우수'기관 선정"
    assert (article["section"], article["published_at"], len(article["paragraphs"])) == ("사회", None, 10)
    assert [(t["section"], t["cut"]) for t in fact["teasers"]] == [("경제", True)]


def test_a_feed_on_loopback_may_be_named_by_hand(command: Command, site: Origin) -> None:
    url = site.says("/feed.xml", body=RSS, headers={"Content-Type": "application/rss+xml"})
    (fact,) = command("read", url, "--json").facts
    assert holds_the_contract(fact)
    assert [(a["title"], a["published_at"]) for a in fact["articles"]] == [
        ("가람시 표본 기사", "2026-01-20T05:40:00+09:00")
    ]


def test_where_an_address_redirects_to_is_not_named_by_hand(command: Command, site: Origin) -> None:
    inside = site.says("/inside", body=RSS)
    other = f"http://localhost:{site.port}/inside"
    for number, target in enumerate((inside, other, "http://169.254.169.254/latest/", "file:///etc/passwd")):
        url = site.says(f"/moved-{number}", status=302, headers={"Location": target})
        (fact,) = command("read", url, "--json").facts
        assert holds_the_contract(fact)
        assert fact["articles"] == []
        assert fact["set_aside"], target
    assert all(path.startswith("/moved") for path, _ in site.asked)


HOSTILE = {
    "missing": lambda folder: folder / "missing.txt",
    "folder": lambda folder: folder,
    "unreadable": lambda folder: _written(folder / "loop.txt", link=True),
    "empty": lambda folder: _written(folder / "empty.txt", b""),
    "junk": lambda folder: _written(folder / "junk.bin", os.urandom(50_000)),
    "zeros": lambda folder: _written(folder / "zeros.bin", bytes(100_000)),
    "picture": lambda folder: _written(folder / "picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40),
    "document": lambda folder: _written(folder / "old.hwp", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000)),
    "nested": lambda folder: _written(folder / "deep.html", b"<html><body>" + b"<div>" * 300_000),
    "file URL": lambda folder: "file:///etc/hostname",
    "no scheme known": lambda folder: "gopher://example.com/",
    "no host": lambda folder: "http://",
    "broken host": lambda folder: "http://[::1",
    "broken port": lambda folder: "http://example.com:99999/",
    "blank in host": lambda folder: "http://exa mple.com/",
    "nobody listens": lambda folder: "http://127.0.0.1:9/",
    "markup in the name": lambda folder: folder / "[/bold][red]x.txt",
}


def _written(path: Path, body: bytes = b"", *, link: bool = False) -> Path:
    if link:
        path.symlink_to(path)
    else:
        path.write_bytes(body)
    return path


@pytest.mark.parametrize("name", HOSTILE)
def test_an_unreadable_input_is_an_entry_in_set_aside(command: Command, tmp_path: Path, name: str) -> None:
    given = HOSTILE[name](tmp_path)
    answer = command("read", given, "--json")
    (fact,) = answer.facts
    assert answer.code == 0
    assert holds_the_contract(fact)
    assert fact["input"] == str(given)
    assert fact["articles"] == []
    assert all(aside["reason"] for aside in fact["set_aside"])
    assert fact["set_aside"] or fact["warnings"]
    shown = command("read", given)
    assert shown.code == 0
    assert "set aside" in shown.out or "note" in shown.out


def test_entities_of_a_document_are_never_expanded(command: Command, tmp_path: Path) -> None:
    nested = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    outside = '<!ENTITY x SYSTEM "file:///etc/passwd">'
    body = "<rss><channel><item><title>&e11; &x;</title></item></channel></rss>"
    document = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "하나">{nested}{outside}]>{body}'
    (fact,) = command("read", _written(tmp_path / "bomb.xml", document.encode()), "--json").facts
    assert holds_the_contract(fact)
    assert len(str(fact)) < 2000
    assert "root:" not in str(fact)


def _spent() -> float:
    """Seconds of processor time that ended child programs took: other work on the machine does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_page_of_fifty_megabytes_is_set_aside_in_under_five_seconds(tmp_path: Path) -> None:
    big = tmp_path / "big.html"
    big.write_bytes(b"<html><body>" + "<p>가람시 표본 문장.</p>".encode() * 1_700_000)
    assert big.stat().st_size > 50_000_000
    began = _spent()
    program = subprocess.run(
        [sys.executable, "-c", "from syndication.cli import main; main()", "read", str(big), "--json"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    took = _spent() - began
    fact = json.loads(program.stdout)
    assert fact["articles"] == []
    assert fact["set_aside"][0]["reason"]
    assert took < 5, f"{took:.1f} s"


def test_several_inputs_give_one_line_each_in_order_and_a_bad_one_stops_none(
    command: Command, site: Origin, tmp_path: Path
) -> None:
    feed = _written(tmp_path / "feed.xml", RSS)
    url = site.says("/feed.xml", body=RSS)
    names = [str(feed), str(tmp_path / "missing"), url, str(tmp_path)]
    answer = command("read", *names, "--json")
    assert [fact["input"] for fact in answer.facts] == names
    assert [len(fact["articles"]) for fact in answer.facts] == [1, 0, 1, 0]
    shown = command("read", *names)
    assert shown.out.count("가람시 표본 기사") == 2


def test_json_is_json_alone_on_standard_output_whatever_the_input_holds(command: Command, tmp_path: Path) -> None:
    title = escape("[/red] \u2028 </script> {{ 7*7 }}")
    feed = _written(tmp_path / "f.xml", f"<rss><channel><item><title>{title}</title></item></channel></rss>".encode())
    answer = command("read", feed, "--json")
    assert len(answer.out.rstrip("\n").split("\n")) == 1
    (found,) = [a["title"] for a in json.loads(answer.out)["articles"]]
    assert "[/red]" in found
    assert "{{ 7*7 }}" in found
    assert "[/red]" in command("read", feed).out
