"""Pictures lived through: fetched once, made ours, shown from our own address alone; a broken one is none."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image

from syndication import amend, pictures, publish
from syndication.adapters.http import HttpFetcher
from syndication.adapters.memory import MemoryFetcher, MemoryStore
from syndication.adapters.pictures import PillowDarkroom
from syndication.core.model import Rights
from syndication.ports import Fetched, Permanent, Store, Transient
from tests.contract.origin import Origin, origin
from tests.story.paper import FEED, GARAM, STORIES, TITLES, TUESDAY, Paper, item, make_paper, rss, story

PHOTO = "https://img.garam.example/1.jpg"
BROKEN = "https://img.garam.example/2.jpg"


def photo(width: int = 1600, height: int = 900, kind: str = "JPEG") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), (90, 150, 220)).save(made, kind)
    return made.getvalue()


def with_photo(number: int, url: str, credit: str = "표본 기자") -> str:
    media = f'<media:content xmlns:media="http://search.yahoo.com/mrss/" url="{url}" medium="image" type="image/jpeg">'
    return item(
        TITLES[number - 1],
        f"{STORIES[TITLES[number - 1]]} <img src='{url}'>",
        number=number,
        more=f"{media}<media:credit>{credit}</media:credit></media:content>",
    )


@pytest.fixture
def paper(store: Store) -> Paper:
    return made_paper(store)


def made_paper(store: Store) -> Paper:
    paper = make_paper(store)
    fetcher = MemoryFetcher()
    paper.ports = replace(paper.ports, darkroom=PillowDarkroom(), picture_fetcher=fetcher)
    paper.serve(FEED, rss(with_photo(1, PHOTO), with_photo(2, BROKEN), story(3)))
    answer(paper, PHOTO, photo())
    answer(paper, BROKEN, b"<html>404</html>", "image/jpeg")
    return paper


def answer(paper: Paper, url: str, body: bytes | Exception, content_type: str = "image/jpeg") -> None:
    fetcher = paper.ports.picture_fetcher
    assert isinstance(fetcher, MemoryFetcher)
    fetcher.answers[url] = (
        body if isinstance(body, Exception) else Fetched(url=url, body=body, content_type=content_type)
    )


def gather(paper: Paper) -> dict[str, int]:
    return dict(pictures.gather(paper.ports, paper.setup))


def morning(paper: Paper) -> None:
    for clock in ("06:20", "06:30"):
        paper.go(TUESDAY, clock)
        paper.tick()
    publish.refresh(paper.ports, paper.setup)


def feeds(paper: Paper) -> str:
    return "".join(body.decode() for path, (body, _) in paper.publisher.files.items() if path.startswith("feeds/"))


def test_mail_feeds_and_pages_show_our_prints_and_no_strangers_address(paper: Paper) -> None:
    paper.subscribe(1)
    paper.go(TUESDAY, "06:00")
    paper.collect()
    assert gather(paper) == {"kept": 1, "none": 1}
    morning(paper)
    ours = {path for path in paper.publisher.files if path.startswith("pictures/")}
    assert len(ours) == 2
    for path in ours:
        body, media = paper.publisher.files[path]
        assert media == "image/jpeg"
        assert len(body) <= 120_000
    shown = feeds(paper)
    assert any(f"https://garam.example/{path}" in shown for path in ours)
    assert "img.garam.example" not in shown
    (found,) = [i for i in json.loads(paper.publisher.files["feeds/daily/articles.json"][0])["items"] if "image" in i]
    assert found["image"].startswith("https://garam.example/pictures/")
    images = paper.frozen_on().content.items[0].article.content.images
    assert [(image.width, image.height) for image in images] == [(1200, 675)]
    paper.fan_out()
    paper.drain()
    (mail,) = paper.mails_to(1)
    html = next(part.get_content() for part in mail.walk() if part.get_content_type() == "text/html")
    assert "https://garam.example/pictures/" in html
    assert "img.garam.example" not in html


def test_each_is_fetched_once_whatever_is_asked(paper: Paper) -> None:
    paper.go(TUESDAY, "06:00")
    paper.collect()
    gather(paper)
    answer(paper, PHOTO, Permanent("asked again"))
    assert gather(paper) == {}
    paper.clock.move(timedelta(days=1))
    assert gather(paper) == {}
    assert paper.store.picture_counts() == {"kept": 1, "it is a page, no picture": 1}


def test_what_may_not_be_passed_on_is_never_fetched(store: Store) -> None:
    for source, credit in ((replace(GARAM, rights=Rights.NOT_FOR_PASSING_ON), "표본 기자"), (GARAM, "연합뉴스")):
        paper = made_paper(MemoryStore())
        paper.setup = replace(paper.setup, sources={source.id: source})
        paper.serve(FEED, rss(with_photo(1, PHOTO, credit)))
        paper.go(TUESDAY, "06:00")
        paper.collect()
        assert gather(paper) == {}
        assert paper.store.picture_counts() == {}


def test_one_that_does_not_answer_is_asked_again_later_and_then_is_none(paper: Paper) -> None:
    answer(paper, PHOTO, Transient("HTTP 503"))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    assert gather(paper) == {"put_off": 1, "none": 1}
    assert gather(paper) == {}
    tries = 1
    for _ in range(30):
        paper.clock.move(timedelta(minutes=20))
        tries += sum(gather(paper).values())
    assert tries == 5
    assert paper.store.picture_counts()["HTTP 503"] == 1


def test_a_picture_that_comes_after_its_article_comes_into_the_feeds(paper: Paper) -> None:
    paper.go(TUESDAY, "06:00")
    paper.collect()
    morning(paper)
    assert "pictures/" not in feeds(paper)
    assert "img.garam.example" not in feeds(paper)
    gather(paper)
    publish.refresh(paper.ports, paper.setup)
    assert "https://garam.example/pictures/" in feeds(paper)


def test_a_worker_that_died_leaves_its_pictures_to_the_next(paper: Paper) -> None:
    paper.go(TUESDAY, "06:00")
    paper.collect()
    pictures.note_wanted(paper.ports, paper.setup)
    now = paper.clock.now()
    assert len(paper.store.take_pictures(now, now + pictures.LEASE, 9)) == 2
    assert gather(paper) == {}
    paper.clock.move(pictures.LEASE)
    assert gather(paper) == {"kept": 1, "none": 1}


def test_an_issue_that_is_read_again_shows_no_strangers_picture_either(paper: Paper) -> None:
    paper.go(TUESDAY, "06:00")
    paper.collect()
    gather(paper)
    morning(paper)
    other = "https://img.garam.example/3.jpg"
    paper.serve(FEED, rss(with_photo(1, other).replace("가람시는", "가람시가"), story(3)))
    paper.clock.move(timedelta(hours=1))
    paper.collect()
    amended = amend.amend(paper.ports, paper.setup, paper.frozen_on(), amend.Amendment(reread=True))
    content = amended.content.items[0].article.content
    assert "가람시가" in "".join(content.paragraphs)
    assert (content.images, "img.garam.example" in (content.html or "")) == ((), False)


# --- over the network ------------------------------------------------------------------------


@pytest.fixture
def far():  # type: ignore[no-untyped-def]
    with origin() as told:
        yield told


def reasons(far: Origin, *paths: str, loopback: bool = True) -> dict[str, int]:
    """What becomes of pictures at these paths of a real server."""
    paper = make_paper(MemoryStore())
    source = replace(GARAM, location=f"{far.url}/feed.xml", loopback=loopback)
    paper.setup = replace(paper.setup, sources={source.id: source})
    fetcher = HttpFetcher(
        user_agent="test", timeout=timedelta(seconds=20), max_bytes=1_000_000, per_host_delay=timedelta(0)
    )
    paper.ports = replace(paper.ports, darkroom=PillowDarkroom(), picture_fetcher=fetcher)
    paper.serve(FEED, rss(*(with_photo(n, path) for n, path in enumerate(paths, start=1))))
    paper.serve(source.location, rss(*(with_photo(n, path) for n, path in enumerate(paths, start=1))))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    gather(paper)
    return dict(paper.store.picture_counts())


def test_from_a_real_server_bad_answers_are_none_with_their_reasons(far: Origin) -> None:
    good = far.says("/good.jpg", body=photo(), headers={"Content-Type": "text/plain"})
    gone = far.says("/gone.jpg", status=410)
    huge = far.says("/huge.jpg", body=photo() + bytes(2_000_000))
    page = far.says("/page.jpg", body=b"<!DOCTYPE html>", headers={"Content-Type": "image/jpeg"})
    away = far.says("/away.jpg", status=302, headers={"Location": f"{far.url}/good.jpg"})
    found = reasons(far, good, gone, huge, page, away, f"{far.url}/missing.jpg")
    assert found.pop("kept") == 1
    said = " | ".join(sorted(found))
    for words in ("404", "larger than", "page, no picture", "nothing at its address", "refused"):
        assert words in said, said
    assert sum(found.values()) == 5


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/a.jpg",
        "http://169.254.169.254/a.jpg",
        "http://[::1]/a.jpg",
        "http://10.0.0.1/a.jpg",
        "http://user:pass@img.garam.example/a.jpg",
    ],
)
def test_addresses_inside_are_refused(far: Origin, url: str) -> None:
    (reason,) = reasons(far, url)
    assert "refused" in reason


def test_loopback_is_for_sources_that_say_so(far: Origin) -> None:
    (reason,) = reasons(far, far.says("/good.jpg", body=photo()), loopback=False)
    assert "refused" in reason
    assert [path for path, _ in far.asked] == []
