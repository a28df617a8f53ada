"""Which pictures may be shown, and how ours take their places."""

from __future__ import annotations

import pytest

from syndication.core.model import Image, Rights
from syndication.core.pictures import Picture, hung, pictures_in, wanted, why_not
from tests.factories import content

HOME = "https://garam.example"
URL = "https://img.garam.example/사진 1.jpg"
KEPT = Picture(
    path="pictures/aa/aa.jpg",
    width=1200,
    height=800,
    small_path="pictures/bb/bb.jpg",
    small_width=400,
    small_height=267,
)


@pytest.mark.parametrize(
    ("image", "values", "shown"),
    [
        (Image(url=URL), {}, True),
        (Image(url=URL, credit="표본 기자"), {"rights": Rights.LICENSED}, True),
        (Image(url=URL), {"rights": Rights.NOT_FOR_PASSING_ON}, False),
        (Image(url=URL, licence="무단 전재 및 재배포 금지"), {}, False),
        (Image(url=URL, licence="사용을 금지합니다"), {}, False),
        (Image(url=URL, licence="Not for passing on"), {}, False),
        (Image(url=URL, licence="CC BY 4.0"), {}, True),
        (Image(url=URL, licence="공공누리 제1유형"), {}, True),
        (Image(url=URL, credit="연합뉴스"), {}, False),
        (Image(url=URL, credit="사진=AP연합"), {}, False),
        (Image(url=URL, alt="시장 풍경 /뉴시스"), {}, False),
        (Image(url=URL, credit="연합뉴스 제공"), {"rights": Rights.LICENSED, "rights_holder": "연합뉴스"}, True),
        (Image(url=URL, credit="APPLE 매장"), {}, True),
        (Image(url="data:image/png;base64,AAAA"), {}, False),
        (Image(url="/photo/1.jpg"), {}, False),
        (Image(url=f"https://img.example/{'a' * 1000}"), {}, False),
        (Image(url=f"https://img.example/{'가' * 400}"), {}, False),
        (Image(url="https://img.example/a\x00.jpg"), {}, False),
        (Image(url="https://img.example/\ud800.jpg"), {}, False),
        (Image(url="https://"), {}, False),
    ],
)
def test_a_picture_is_shown_only_where_its_licence_allows(image: Image, values: dict[str, object], shown: bool) -> None:
    story = content(images=(image,), **values)
    assert (why_not(story, image) is None) == shown
    assert wanted(story) == ((image.url,) if shown else ())


def test_one_that_is_forbidden_once_is_forbidden_wherever_it_stands() -> None:
    story = content(images=(Image(url=URL, credit="뉴시스"),), html=f'<p>글</p><img src="{URL}" alt="">')
    assert wanted(story) == ()
    assert hung(story, {URL: KEPT}, HOME).html == "<p>글</p>"


def test_ours_take_their_places_in_the_list_and_in_the_text() -> None:
    html = (
        f'<p>앞</p><img alt="A &quot;B&quot;" src="{URL}" width="9"><img src="https://stranger.example/2.jpg"><p>뒤</p>'
    )
    story = content(images=(Image(url=URL, alt="시장", credit="표본 기자", width=9),), html=html)
    made = hung(story, {URL: KEPT}, HOME)
    (image,) = made.images
    assert (image.url, image.small) == (f"{HOME}/pictures/aa/aa.jpg", f"{HOME}/pictures/bb/bb.jpg")
    assert (image.width, image.height, image.alt, image.credit) == (1200, 800, "시장", "표본 기자")
    ours = f'<img src="{HOME}/pictures/aa/aa.jpg" alt="A &quot;B&quot;" width="1200" height="800">'
    assert made.html == f"<p>앞</p>{ours}<p>뒤</p>"


def test_what_we_do_not_keep_is_not_shown_at_all() -> None:
    story = content(images=(Image(url=URL),), html=f"<p>글</p><IMG SRC='{URL}'><img src={URL}><img>")
    made = hung(story, {}, HOME)
    assert (made.images, made.html) == ((), "<p>글</p>")


def test_a_story_without_pictures_stays_what_it_is() -> None:
    story = content(html="<p>글</p>")
    assert hung(story, {URL: KEPT}, HOME) is story


def test_pictures_in_the_text_are_found_by_their_addresses() -> None:
    found = pictures_in('<p><img src="https://a.example/?a=1&amp;b=2" alt="가 &lt; 나"></p><img alt="x">')
    assert found == [Image(url="https://a.example/?a=1&b=2", alt="가 < 나")]


def test_what_hangs_there_already_stays() -> None:
    html = f'<p>앞</p><img alt="시장" src="{URL}">'
    once = hung(content(images=(Image(url=URL),), html=html), {URL: KEPT}, HOME)
    assert hung(once, {}, HOME) is once
