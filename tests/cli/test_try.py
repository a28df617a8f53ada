"""`try` makes the digest of whatever is named: nothing configured, nothing stored, nothing sent."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.contract.origin import Origin, origin
from tests.story.paper import TITLES, rss, story


@pytest.fixture
def site() -> Iterator[Origin]:
    with origin() as made:
        yield made


def written(folder: Path = Path("var/try")) -> set[str]:
    return {path.name for path in folder.iterdir() if path.suffix != ".png"}


def test_a_feed_on_loopback_becomes_a_digest_and_nothing_else_is_left_behind(command: Command, site: Origin) -> None:
    url = site.says("/feed.xml", body=rss(story(1), story(2)))
    answer = command("try", url)
    assert answer.code == 0, answer.flat
    assert written() == {"digest.eml", "digest.html", "digest.txt"}
    text = Path("var/try/digest.txt").read_text()
    assert all(title in text for title in TITLES[:2])
    assert [p.name for p in Path().iterdir()] == ["var"]
    assert [p.name for p in Path("var").iterdir()] == ["try"]
    mail = email.message_from_bytes(Path("var/try/digest.eml").read_bytes(), policy=email.policy.default)
    assert mail["Subject"]
    assert len(site.asked) == 1


def test_the_sample_page_is_tried_without_its_stale_weather(command: Command, samples: Path, tmp_path: Path) -> None:
    page = samples / "pages" / "local-paper-2026-01-20.txt"
    assert command("try", page, "--out", tmp_path / "digest").code == 0
    text = (tmp_path / "digest" / "digest.txt").read_text()
    assert "군산시, 2024년 지방자치단체 혁신평가 '우수'기관 선정" in text
    assert "더보기" not in text
    assert "이천시장" not in text  # a teaser is no story
    assert "-8.4" not in text  # the widget is not of today


def test_several_inputs_make_one_digest_and_a_bad_one_is_named(command: Command, site: Origin) -> None:
    urls = [site.says("/a.xml", body=rss(story(1))), site.says("/b.xml", body=rss(story(2)))]
    answer = command("try", *urls, "missing.txt")
    assert answer.code == 0
    assert "missing.txt" in answer.err
    text = Path("var/try/digest.txt").read_text()
    assert all(title in text for title in TITLES[:2])


def test_a_redirect_to_loopback_is_refused_with_a_sentence(command: Command, site: Origin) -> None:
    inside = site.says("/inside", body=rss(story(1)))
    answer = command("try", site.says("/moved", status=301, headers={"Location": inside}))
    assert answer.code == 1
    assert "/inside" not in [path for path, _ in site.asked]
    assert not Path("var").exists()


@pytest.mark.parametrize("name", ["missing.txt", ".", "http://127.0.0.1:9/", "http://[::1", "file:///etc/hostname"])
def test_what_cannot_be_read_is_said_in_a_sentence(command: Command, name: str) -> None:
    answer = command("try", name)
    assert answer.code == 1
    assert "there is no story in it" in answer.flat
    assert name in answer.err


def test_a_page_without_a_story_says_so(command: Command) -> None:
    Path("weather.txt").write_text("2026.01.20 (화)\n\n  • 맑음서울 -8.4℃\n기상청 제공\n")
    answer = command("try", "weather.txt")
    assert answer.code == 1
    assert "no story" in answer.err


@pytest.mark.parametrize("title", ["", "[/bold]", "줄\n바꿈", "제목" * 3000, "\ud800", "\x00\x1b[31m", "<script>"])
def test_any_title_makes_a_mail_or_a_sentence(command: Command, title: str) -> None:
    Path("feed.xml").write_bytes(rss(story(1)))
    answer = command("try", "feed.xml", "--title", title)
    if answer.code == 0:
        mail = email.message_from_bytes(Path("var/try/digest.eml").read_bytes(), policy=email.policy.default)
        assert mail["Subject"]
        assert "<script>" not in Path("var/try/digest.html").read_text()
    else:
        assert answer.err.startswith("Error: ") or "Usage" in answer.err


def test_a_folder_that_cannot_be_written_is_named(command: Command) -> None:
    Path("feed.xml").write_bytes(rss(story(1)))
    answer = command("try", "feed.xml", "--out", "feed.xml")
    assert answer.code != 0
    assert "feed.xml" in answer.err
