"""Laws of the digest as a reader gets it: blocks, slots, weather words, size, subject and preheader."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html
from selectolax.lexbor import LexborHTMLParser
from wcwidth import iter_graphemes

from syndication.core.audience import all_block_keys, recipe
from syndication.core.model import (
    ArticleStatus,
    Block,
    Choices,
    Image,
    IssueContent,
    Origin,
    Recipe,
    Weather,
)
from syndication.render.blocks import BUDGET, HARD, TooLarge, render_blocks, render_issue
from syndication.render.email import BadSlot, MissingBlock, join
from syndication.render.mjml import BadTemplate
from syndication.render.text import WIDTH, laid_out, width
from tests.render import make
from tests.render.make import (
    EDITION,
    KOREAN,
    MORNING,
    ON,
    OUTLET,
    WEATHER,
    blocks,
    content,
    digest,
    item,
    preheader,
    slots,
    station,
    subject,
)

EIGHT = content(8)


def words_of(html: str) -> str:
    """The text a reader sees, every run of blanks one blank."""
    tree = LexborHTMLParser(html)
    tree.strip_tags(["style", "title", "head"])
    return " ".join((tree.body.text(separator=" ") if tree.body else "").split())


def well_formed(html: str) -> bool:
    """Whether every tag that is opened is closed, in order (void ones aside), also inside Outlook's comments."""
    outlook = re.sub(r"<!--\[if (?!!)[^\]]*\]>(.*?)<!\[endif\]-->", r"\1", html, flags=re.DOTALL)
    return all(_balanced(re.sub(r"<!--.*?-->", "", view, flags=re.DOTALL)) for view in (html, outlook))


def _balanced(html: str) -> bool:
    stack: list[str] = []
    html = re.sub(r"<style.*?</style>|<xml>.*?</xml>", "", html, flags=re.DOTALL)
    for close, name, empty in re.findall(r"<(/?)([a-zA-Z][\w:]*)(?:[^>\"]|\"[^\"]*\")*?(/?)>", html):
        if empty or name in ("img", "br", "meta"):
            continue
        if not close:
            stack.append(name)
        elif not stack or stack.pop() != name:
            return False
    return not stack


# --- blocks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("issue", [EIGHT, content(1), content(3, weather=Weather()), IssueContent(weather=WEATHER)])
def test_one_rendering_yields_every_block_in_both_forms(issue: IssueContent) -> None:
    made = blocks(issue)
    assert tuple(made) == all_block_keys(issue)
    assert all(block.html.strip() and block.text.strip() for key, block in made.items() if key != "weather-close")


KEYS = [k for k in all_block_keys(EIGHT) if k.startswith(("station:", "section:", "lead:"))]
MADE = blocks(EIGHT)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(KEYS), unique=True), st.booleans())
def test_blocks_in_any_subset_and_order_make_well_formed_html(keys: list[str], weather: bool) -> None:
    stations = [k for k in keys if k.startswith("station:")]
    sections = [k for k in keys if not k.startswith("station:")]
    cells = ["weather-open", *stations, "weather-close"] if weather and stations else []
    html, text = join(MADE, Recipe(blocks=("head", *cells, *sections, "foot")), slots())
    assert well_formed(html)
    assert lxml_html.document_fromstring(html).get("lang") == "ko"
    assert html.count('class="cell"') == (len(stations) if cells else 0)
    assert text.count("\n수신거부\n") == 1
    assert "\x02" not in html + text


def test_a_readers_choice_gives_that_readers_stations_and_sections_in_order() -> None:
    html, text = digest(EIGHT, Choices(stations=("해솔", "가람"), sections=("문화", "사회")))
    for whole in (words_of(html), text):
        assert whole.index("다온면 작은도서관") < whole.index("눈길 제설차")
        assert "전통시장" not in whole
        assert "0.8" not in whole
    assert text.index("해솔: ") < text.index("가람: ")
    lead = lxml_html.document_fromstring(html).xpath('//h3[@class="lead"]')
    assert [e.text_content().strip() for e in lead] == ["다온면 작은도서관, 새벽 책방 문 연다"]


def test_the_same_input_gives_the_same_bytes() -> None:
    assert blocks(content(8)) == blocks(content(8))


def test_text_and_html_say_the_same_in_the_same_order() -> None:
    html, text = digest(EIGHT)
    seen = words_of(html)
    titles = [i.article.content.title for i in EIGHT.items]
    seen = seen[seen.index("2026년") :]  # what comes before is the preheader
    for whole in (seen, " ".join(text.split())):
        assert [whole.find(t) for t in titles] == sorted(whole.find(t) for t in titles)
        assert min(whole.find(t) for t in titles) > 0
    links = [i.link for i in EIGHT.items]
    hrefs = [h for h in re.findall(r'href="([^"]+)"', html) if h in links]
    assert list(dict.fromkeys(hrefs)) == [line.strip() for line in text.splitlines() if line.strip() in links]


def test_a_recipe_with_a_block_the_issue_lacks_is_refused_by_name() -> None:
    with pytest.raises(MissingBlock, match="section:없음"):
        join(MADE, Recipe(blocks=("head", "section:없음", "foot")), slots())


# --- slots -----------------------------------------------------------------------------------


def test_content_that_looks_like_a_slot_or_a_mark_is_left_alone() -> None:
    evil = "{slot:unsubscribe_url} \x02view_url\x03 {{ slot.view_url }} <!--block:2--> \\u{fe0f} <mj-raw>"
    issue = IssueContent(items=(item(1, evil, summary=f"{evil}. 끝이다."),), weather=Weather(note=evil))
    html, text = digest(issue)
    shown = "{slot:unsubscribe_url} view_url {{ slot.view_url }} <!--block:2--> \\u{fe0f} <mj-raw>"
    assert shown in words_of(html)
    assert "{slot:unsubscribe_url}" in text
    assert text.count(slots().unsubscribe_url) == 1


def test_slot_values_are_escaped_and_never_filled_again() -> None:
    made = recipe(Choices(), EIGHT, EDITION)
    assert made
    html, _ = join(
        MADE, made, slots(subject='<b>"제목"</b> {slot:view_url}', view_url='https://a.example/?a=1&b="><script>')
    )
    assert "<script>" not in html
    assert '<b>"제목"' not in html
    title = re.search(r"<title>(.*?)</title>", html)
    assert title
    assert unescape(title[1]) == '<b>"제목"</b> {slot:view_url}'
    assert 'href="https://a.example/?a=1&amp;b=&quot;&gt;' in html


@pytest.mark.parametrize("bad", ["javascript:alert(1)", "", "//a.example/x", "data:text/html,x", "mailto:a@a.example"])
def test_a_slot_that_must_be_an_address_takes_nothing_else(bad: str) -> None:
    with pytest.raises(BadSlot, match="unsubscribe_url"):
        join(MADE, Recipe(blocks=("head", "foot")), slots(unsubscribe_url=bad))


# --- the mail itself -------------------------------------------------------------------------


def test_masthead_weather_stories_and_foot_stand_there() -> None:
    html, text = digest(EIGHT)
    seen = words_of(html)
    for whole in (seen, text):
        for words in ("가람신문", "가람 아침 소식", "2026년 1월 20일 화요일", "기상청 제공 · 오전 6시 관측"):
            assert words in whole
        for words in ("수신거부", OUTLET.address, OUTLET.contact, "브라우저에서 보기" if whole is seen else "나루"):
            assert words in whole
    assert f"\n{slots().unsubscribe_url}\n" in text
    tree = lxml_html.document_fromstring(html)
    assert len(tree.xpath("//h1")) == 1
    assert [h.text_content().strip() for h in tree.xpath("//h2")] == ["날씨", "사회", "경제", "문화", "날씨·생활"]
    assert all(image.get("alt") is not None for image in tree.xpath("//img"))


def test_the_mail_stands_without_style_blocks_and_loads_nothing_but_pictures() -> None:
    html, _ = digest(EIGHT)
    assert not re.search(r"<link|@import|@font-face|<script|fonts\.googleapis", html)
    outside = set(re.findall(r'src="([^"]+)"', html))
    assert outside == {make.picture().url}
    body = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    for colour in ("#1c1b18", "#5d5a52", "#1a5fb4", "#fffefb"):
        assert colour in body
    sizes = [int(n) for n in re.findall(r"font-size:(\d+)px", body) if n != "0"]
    assert min(sizes) >= 14
    assert not re.search(r'width="\d+\.\d', html)
    assert not re.search(r"(?:color|background)[^;\"]*:#[0-9a-f]{3}[;\"]", html)


def test_outlook_is_told_widths_that_fit_the_column() -> None:
    html, _ = digest(EIGHT)
    told = {int(n) for n in re.findall(r"<td style=\"vertical-align:top;width:(\d+)px", html)}
    assert told == {600, 544}  # the stripe, and all that stands within the margins
    assert html.count('align="left" width="176"') == len(WEATHER.stations)
    assert 3 * 176 < 544


def test_dark_mode_is_designed_for_both_kinds_of_client() -> None:
    html, _ = digest(EIGHT)
    assert '<meta name="color-scheme" content="light dark"' in html
    assert "@media (prefers-color-scheme:dark){body,.canvas{background-color:#121311 !important}" in html
    assert "[data-ogsc] .ink{color:#eceae3 !important}" in html


def test_the_english_edition_has_english_words_and_untouched_content() -> None:
    html, text = digest(EIGHT, language="en")
    assert '<html lang="en"' in html
    for words in ("Tuesday, 20 January 2026", "Weather", "No observation", "Unsubscribe", "Source: 기상청"):
        assert words in words_of(html)
        assert words in text
    assert "나루군 딸기 첫 출하" in text
    assert "수신거부" not in text + html


# --- weather ---------------------------------------------------------------------------------


def weather_text(weather: Weather) -> str:
    return digest(replace(content(1), weather=weather))[1].partition("날씨\n")[2].partition("\n---")[0]


def test_unknown_sky_and_missing_temperature_are_said_never_guessed() -> None:
    said = weather_text(WEATHER)
    assert "나루: 관측 없음 · 0.8℃" in said
    assert "다온: 구름많음 · 기온 관측 없음" in said
    assert "가람: 맑음 · -11.0℃ · 최저 -12° · 최고 1°" in said


def test_a_station_with_a_forecast_alone_shows_it_and_claims_no_observation() -> None:
    alone = replace(station("가람"), observation=None)
    said = weather_text(Weather(stations=(alone,), attribution="기상청"))
    assert "가람: 관측 없음 · 기온 관측 없음 · 최저 -12° · 최고 1° · 오전 맑음" in said
    assert "기상청 제공 · 예보" in said


@pytest.mark.parametrize(
    ("hours", "common", "said"),
    [
        ((MORNING, MORNING), MORNING, "기상청 제공 · 오전 6시 관측"),
        ((None, None), None, "기상청 제공 · 관측 시각 미상"),
        ((MORNING, MORNING - timedelta(hours=1)), None, "기상청 제공 · 관측 시각은 지점마다 표시"),
        ((MORNING, None), None, "기상청 제공 · 관측 시각은 지점마다 표시"),
    ],
)
def test_source_and_hour_stand_beneath(
    hours: tuple[datetime | None, datetime | None], common: datetime | None, said: str
) -> None:
    stations = tuple(station(f"역{n}", str(n), observed_at=at, forecast=False) for n, at in enumerate(hours))
    text = weather_text(Weather(stations=stations, attribution="기상청", observed_at=common))
    assert said in text
    if common is None and hours[0]:
        assert "역0: 맑음 · -11.0℃ · 오전 6시 관측" in text
        assert ("역1: 맑음 · -11.0℃ · 시각 미상" in text) == (hours[1] is None)


def test_a_last_resort_is_labelled() -> None:
    label = "신문 지면의 날씨 표에서 옮긴 값입니다"
    printed = station("가람", origin=Origin.WIDGET, observed_at=None)
    assert label in weather_text(Weather(stations=(printed,), attribution="기상청", last_resort=True))
    mixed = Weather(
        stations=(printed, station("나루", "902", observed_at=None)), attribution="기상청", last_resort=True
    )
    said = " ".join(weather_text(mixed).split())
    assert label not in said
    assert "강수확률 20% · 신문 지면 값 나루:" in said
    assert label not in weather_text(WEATHER)


def test_no_weather_says_why() -> None:
    why = "오늘 날씨 정보를 받지 못해 싣지 않았습니다."
    assert why in weather_text(Weather(note=why))
    assert "No weather today" in digest(replace(content(1), weather=Weather(note=why)), language="en")[1]


# --- stories ---------------------------------------------------------------------------------


def test_the_lead_has_two_sentences_and_others_one() -> None:
    _, text = digest(EIGHT)
    assert "312곳을 살폈다." in text
    assert "가람역 앞 횡단보도 두 곳에 바닥 신호등이 들어섰다.\n" in text
    assert "열 곳으로 넓힐" not in text


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"published_at": datetime(2026, 1, 19, 22, 10, tzinfo=UTC)}, "가람신문 · 07:10"),
        ({"published_at": datetime(2026, 1, 19, 9, 30, tzinfo=UTC)}, "가람신문 · 1월 19일 18:30"),
        ({"published_on": date(2025, 12, 31)}, "가람신문 · 2025년 12월 31일"),
        ({}, "가람신문"),
        ({"rights_holder": "나루통신", "sponsored": True, "robot": True}, "협찬 · 자동 작성 · 나루통신"),
    ],
)
def test_source_time_and_labels_stand_under_a_story(when: dict[str, object], said: str) -> None:
    _, text = digest(IssueContent(items=(item(1, "제목", **when),)))
    assert f"제목\n  {said}\n" in text


def test_a_corrected_story_says_so() -> None:
    story = item(1, "제목")
    corrected = replace(story, article=replace(story.article, status=ArticleStatus.CORRECTED))
    assert "  바로잡음 · 가람신문\n" in digest(IssueContent(items=(corrected,)))[1]


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "", "https://", "https://a.example/" + "x" * 3000, "/relative"]
)
def test_a_link_that_cannot_be_followed_gives_way_to_the_issues_page(link: str) -> None:
    html, text = digest(IssueContent(items=(replace(item(7, "제목"), link=link),)))
    page = "https://news.garam.example/daily/2026-01-20#article-7"
    assert f'href="{page}"' in html
    assert page in text
    assert "javascript" not in html


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        (Image(url="https://a.example/a.png", alt='산 "정상"', width=1088, height=612), True),
        (Image(url="https://a.example/a.png"), True),
        (Image(url="http://a.example/a.png"), False),
        (Image(url="data:image/png;base64,AA"), False),
        (Image(url="https://a.example/dot.gif", width=1, height=1), False),
    ],
)
def test_only_pictures_that_mail_programs_show_are_shown(image: Image, shown: bool) -> None:
    html, _ = digest(IssueContent(items=(item(1, "제목", images=(image,)),)))
    found = lxml_html.document_fromstring(html).xpath("//img")
    assert bool(found) == shown
    if shown:
        assert found[0].get("alt") == image.alt
        assert found[0].get("width") == "544"
        assert found[0].get("height") == ("306" if image.height else None)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80), st.text(max_size=200), st.text(max_size=40), st.text(max_size=20), st.text(max_size=12))
def test_no_content_can_break_the_mail(title: str, summary: str, section: str, place: str, sky: str) -> None:
    weather = Weather(stations=(station(place, "1", sky=sky),), attribution=place, observed_at=MORNING)
    issue = IssueContent(items=(item(1, title, section=section, summary=summary),), weather=weather)
    html, text = digest(issue)
    assert well_formed(html)
    html.encode()
    assert text.count(slots().unsubscribe_url) == 1
    assert len(lxml_html.document_fromstring(html).xpath("//h3")) == 2


# --- size ------------------------------------------------------------------------------------


def test_twenty_five_articles_are_twenty_five_in_full_and_within_the_budget() -> None:
    issue = content(25)
    made = render_issue(issue, outlet=OUTLET, edition=EDITION, on=ON, language="ko", templates=make.templates())
    html, text = digest(issue)
    assert made.room == 0
    assert len(html.encode()) <= made.size <= BUDGET
    for story in issue.items:
        assert story.article.content.title in words_of(html)
        assert story.article.content.title in " ".join(text.split())


LONG = "아주 긴 문장이 끝없이 이어지고 또 이어져 읽는 이가 숨을 고를 틈이 없다 " * 12


@pytest.mark.parametrize(("count", "names"), [(25, 12), (60, 12), (40, 40)])
def test_long_stories_are_shortened_but_none_is_dropped(count: int, names: int) -> None:
    items = tuple(
        item(n, f"{n}번째 {LONG[:150]}", section=f"면{n % names}", summary=LONG, images=(make.picture(),))
        for n in range(count)
    )
    issue = IssueContent(items=tuple(sorted(items, key=lambda i: i.section)), weather=WEATHER)
    html, _ = digest(issue)
    seen = words_of(html)
    assert len(html.encode()) <= BUDGET
    assert well_formed(html)
    assert all(f"{n}번째" in seen for n in range(count))
    assert slots().unsubscribe_url in html


NASTY = (
    *(
        "아주 긴 문장이 끝없이 이어지고 또 이어져 ",
        "가나다라마바사",
        "“인용이 닫히지 않고 ",
        "👨\u200d👩\u200d👧\u200d👦",
        "<b>&amp;",
    ),
    *(
        "{{ x }} {slot:view_url}",
        "A long run of plain words ",
        "각",
        "…",
        "24.5%",
        "\u202e",
        "\n",
        "　",
        "미국 U.S. 대 1.5배다. ",
    ),
)
WORDY = st.builds(
    lambda pieces, times: "".join(pieces) * times,
    st.lists(st.sampled_from(NASTY), min_size=1, max_size=5),
    st.integers(1, 60),
)
NAMES = st.lists(st.text("가나다abc<&", min_size=1, max_size=40), min_size=1, max_size=25, unique=True)


@st.composite
def nasty_issues(draw: st.DrawFn) -> IssueContent:
    """Twenty-five stories whose numbers can be found again, in words that no newsroom would print."""
    names, stations = draw(NAMES), draw(st.sampled_from((0, 1, 4, 24, 96)))
    items = [
        replace(
            item(
                n,
                f"제{n}호 {draw(WORDY)}",
                section=names[n % len(names)],
                summary=f"{draw(WORDY)}",
                images=(make.picture(),),
            ),
            link=f"https://a.example/{n}/" + "x" * draw(st.integers(0, 980)),
        )
        for n in range(25)
    ]
    weather = replace(WEATHER, stations=tuple(station(f"역{n}", str(n)) for n in range(stations)))
    return IssueContent(items=tuple(sorted(items, key=lambda i: names.index(i.section))), weather=weather)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(nasty_issues(), st.data())
def test_of_twenty_five_stories_every_one_is_there_for_every_reader_however_long_they_are(
    issue: IssueContent, data: st.DataObject
) -> None:
    made = blocks(issue)
    sections = list(dict.fromkeys(i.section for i in issue.items))
    stations = [s.station for s in issue.weather.stations]
    wishes = (
        Choices(),
        Choices(sections=tuple(data.draw(st.permutations(sections))), stations=tuple(stations)),
        Choices(sections=tuple(data.draw(st.lists(st.sampled_from(sections), unique=True, min_size=1)))),
    )
    for choices in wishes:
        own = recipe(choices, issue, EDITION)
        assert own
        html, text = join(made, own, slots())
        assert len(html.encode()) <= BUDGET
        headlines = " ".join(h.text_content() for h in lxml_html.document_fromstring(html).xpath("//h3"))
        for story in issue.items:
            wanted = story.section in (choices.sections or sections)
            number = f"제{story.article.id}호"
            assert (number in headlines, number in text) == (wanted, wanted)
            assert (f"/{story.article.id}/x" in html + text) <= wanted


@pytest.mark.parametrize("first", EDITION.sections)
def test_whichever_section_a_reader_puts_first_its_first_story_is_the_lead_and_the_others_follow(first: str) -> None:
    rest = tuple(name for name in EDITION.sections if name != first)
    html, text = digest(EIGHT, Choices(sections=(first, *rest)))
    tree = lxml_html.document_fromstring(html)
    (lead,) = tree.xpath('//h3[@class="lead"]')
    theirs = [i.article.content.title for i in EIGHT.items if i.section == first]
    assert lead.text_content().strip() == theirs[0]
    told = [h.text_content().strip() for h in tree.xpath("//h3")]
    for story in EIGHT.items:
        assert told.count(story.article.content.title) == 1
        assert text.count(f"{story.link}\n") == 1


def test_where_even_headlines_do_not_fit_the_number_of_the_others_is_said() -> None:
    issue = IssueContent(items=tuple(item(n, f"{n}번째 {LONG[:200]}") for n in range(400)))
    made = render_issue(issue, outlet=OUTLET, edition=EDITION, on=ON, language="ko", templates=make.templates())
    html, text = digest(issue)
    shown = len(re.findall(r"<h3", html))
    assert made.size <= BUDGET
    assert f"외 {400 - shown}건은 브라우저에서" in words_of(html)
    assert f"외 {400 - shown}건은 브라우저에서" in text


def test_what_cannot_fit_at_all_is_refused_with_what_to_do() -> None:
    items = tuple(item(n, "제목", section=f"면{n}") for n in range(120))
    with pytest.raises(TooLarge, match="lower the edition's cap"):
        blocks(IssueContent(items=items))


def test_every_choice_of_a_reader_stays_within_the_budget() -> None:
    stations = tuple(station(f"역{n}", str(n)) for n in range(40))
    issue = replace(content(25), weather=replace(WEATHER, stations=stations))
    for sections in ((), ("문화",), ("날씨·생활", "경제", "사회", "문화")):
        html, _ = digest(issue, Choices(stations=tuple(s.station for s in stations), sections=sections))
        assert len(html.encode()) <= BUDGET < HARD


def test_a_reader_of_every_station_gets_each_of_them_and_the_others_their_cells() -> None:
    stations = tuple(station(f"역{n}", str(n)) for n in range(96))
    issue = replace(content(25), weather=replace(WEATHER, stations=stations))
    html, text = digest(issue, Choices(stations=tuple(s.station for s in stations)))
    assert len(html.encode()) <= BUDGET
    assert [n for n in range(96) if f"\n역{n}: " not in text] == []
    assert [n for n in range(96) if f"<b>역{n}</b>" not in html] == []
    html, text = digest(issue, Choices(stations=("역95", "역3")))
    assert html.count('class="cell"') == 2
    assert text.index("역95: ") < text.index("역3: ")


def test_what_was_chosen_twice_stands_there_once() -> None:
    html, text = digest(EIGHT, Choices(stations=("해솔", "해솔"), sections=("문화", "사회", "문화")))
    assert text.count("\n해솔: ") == html.count('class="cell"') == 1
    assert text.count("다온면 작은도서관, 새벽 책방 문 연다") == 1


def test_a_long_headline_is_cut_between_signs() -> None:
    family = "👨\u200d👩\u200d👧\u200d👦"
    html, _ = digest(IssueContent(items=(item(1, family * 60),), weather=WEATHER))
    title = lxml_html.document_fromstring(html).xpath('//h3[@class="lead"]')[0].text_content().strip()
    assert title.removesuffix("…").replace(family, "") == ""


# --- text part -------------------------------------------------------------------------------


def test_text_lines_keep_to_the_width_by_columns_and_addresses_stay_whole() -> None:
    summary = "가나다라마바사 " * 30 + "끝이다."
    story = replace(item(1, "긴제목" * 60, summary=summary), link="https://a.example/" + "x" * 120)
    _, text = digest(IssueContent(items=(story,), weather=WEATHER))
    assert story.link in text
    for line in text.splitlines():
        assert width(line) <= WIDTH or line.strip().startswith("https://")
    assert "\n\n\n" not in text
    assert text.endswith("\n")


SIGNS = ("👨\u200d👩\u200d👧\u200d👦", "👩🏽\u200d🚀", "🇰🇷", "가\u0301", "1️⃣", "각", "a", "☀️")


@settings(deadline=None)
@given(st.lists(st.sampled_from(SIGNS), min_size=1, max_size=120), st.integers(2, 30))
def test_a_word_too_wide_for_a_line_is_broken_between_signs_and_never_within_one(
    signs: list[str], columns: int
) -> None:
    lines = laid_out("".join(signs), columns).split("\n")
    whole = [sign for line in lines for sign in iter_graphemes(line)]
    assert whole == list(iter_graphemes("".join(signs)))
    assert all(width(line) <= columns or len(list(iter_graphemes(line))) == 1 for line in lines)


# --- subject and preheader -------------------------------------------------------------------


def own(choices: Choices) -> Recipe:
    made = recipe(choices, EIGHT, EDITION)
    assert made
    return made


def test_the_subject_is_the_readers_own_first_story() -> None:
    assert subject(EDITION, EIGHT, own(Choices()), ON, KOREAN) == "가람시, 겨울 안전 점검 '우수' 기관으로 뽑혀"
    culture = own(Choices(sections=("문화", "사회")))
    assert subject(EDITION, EIGHT, culture, ON, KOREAN) == "다온면 작은도서관, 새벽 책방 문 연다"


def test_an_advertising_edition_says_so_at_the_very_start() -> None:
    said = subject(replace(EDITION, advertising=True), EIGHT, own(Choices()), ON, KOREAN)
    assert said.startswith("(광고) 가람시")


def test_a_subject_is_one_line_without_control_characters() -> None:
    issue = IssueContent(items=(item(1, "앞\r\nBcc: reader-1@example.com\x00뒤  " + "긴말 " * 200),))
    made = recipe(Choices(), issue, EDITION)
    assert made
    said = subject(EDITION, issue, made, ON, KOREAN)
    assert said.startswith("앞 Bcc: reader-1@example.com 뒤 긴말")
    assert len(said) <= 150
    assert said.isprintable()


def test_an_issue_of_weather_alone_has_a_subject() -> None:
    issue = IssueContent(weather=WEATHER)
    made = recipe(Choices(), issue, EDITION)
    assert made
    assert subject(EDITION, issue, made, ON, KOREAN) == "가람 아침 소식 · 1월 20일 날씨"


def test_the_preheader_adds_date_weather_and_the_next_headlines() -> None:
    said = preheader(EIGHT, own(Choices(stations=("나루",), sections=("경제",))), ON, KOREAN)
    assert said == "1월 20일 · 나루 0.8℃ · 전통시장 새벽 배송, 하루 200상자 넘어"


# --- templates -------------------------------------------------------------------------------


def changed(name: str, old: str, new: str) -> dict[str, str]:
    texts = dict(make.templates())
    assert old in texts[name]
    texts[name] = texts[name].replace(old, new, 1)
    return texts


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "email/digest.mjml",
            "<mj-column>",
            '<mj-column gap="1px">',
            r"digest\.mjml, line \d+: mj-column has no attribute gap",
        ),
        (
            "email/digest.mjml",
            "{{ date_line }}",
            "{{ date_lime }}",
            r"digest\.mjml, line \d+: 'date_lime' is undefined",
        ),
        ("email/parts.mjml", "{{ one.place }}", "{{ one.plaice }}", r"parts\.mjml, line \d+: .*plaice"),
        ("email/digest.mjml", "{% endif %}", "", r"digest\.mjml, line \d+: "),
        ("email/digest.mjml", '{{ mark("foot") }}', "", r"digest\.mjml, line 1: the marks"),
        ("email/digest.txt", "{% else %}", "{% esle %}", r"digest\.txt, line \d+: .*esle"),
    ],
)
def test_a_broken_template_is_refused_by_name_and_line(name: str, old: str, new: str, said: str) -> None:
    with pytest.raises(BadTemplate, match=said):
        render_blocks(EIGHT, outlet=OUTLET, edition=EDITION, on=ON, language="ko", templates=changed(name, old, new))


def test_a_missing_template_is_named() -> None:
    texts = {k: v for k, v in make.templates().items() if not k.endswith("style.css")}
    with pytest.raises(BadTemplate, match=r"there is no template email/style\.css"):
        render_blocks(EIGHT, outlet=OUTLET, edition=EDITION, on=ON, language="ko", templates=texts)


def test_blocks_are_values() -> None:
    assert isinstance(MADE["head"], Block)
