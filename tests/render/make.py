"""Makes sample Issues for render tests: composed stories of places that do not exist (표본)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from syndication.core.audience import recipe
from syndication.core.links import issue_url
from syndication.core.model import (
    Article,
    ArticleContent,
    Block,
    Choices,
    Edition,
    Forecast,
    Image,
    IssueContent,
    IssueItem,
    Observation,
    Origin,
    Outlet,
    Recipe,
    StationWeather,
    Weather,
)
from syndication.render.email import Headings, Slots, join, render_blocks
from syndication.render.words import Words, words

KOREAN = words("ko", {})
ON = date(2026, 1, 20)
MORNING = datetime(2026, 1, 19, 21, 0, tzinfo=UTC)  # 06:00 in Seoul

OUTLET = Outlet(
    name="가람신문",
    domain="garam.example",
    url="https://news.garam.example",
    address="가람시 나루로 1 (견본 주소)",
    contact="desk@garam.example",
    sender_name="가람신문",
    sender_address="digest@garam.example",
)
EDITION = Edition(id="daily", title="가람 아침 소식", sections=("사회", "경제", "문화", "날씨·생활"))

# (section, headline, two sentences)
STORIES = (
    (
        "사회",
        "가람시, 겨울 안전 점검 '우수' 기관으로 뽑혀",
        "가람시가 올겨울 안전 점검 평가에서 우수 기관으로 선정됐다."
        " 시는 나루군과 함께 한 달 동안 경로당과 버스 정류장 312곳을 살폈다.",
    ),
    (
        "경제",
        '나루군 딸기 첫 출하… "올해 맛이 좋다"',
        "나루군 다온면에서 올해 첫 딸기가 시장에 나왔다. 농가들은 일조량이 늘어 단맛이 지난해보다 낫다고 전했다.",
    ),
    (
        "문화",
        "다온면 작은도서관, 새벽 책방 문 연다",
        "다온면 작은도서관이 다음 달부터 새벽 6시에 문을 연다. 첫차를 기다리는 주민이 몸을 녹이며 책을 읽을 수 있다.",
    ),
    (
        "사회",
        "가람역 앞 횡단보도에 바닥 신호등 설치",
        "가람역 앞 횡단보도 두 곳에 바닥 신호등이 들어섰다. 시는 보행자 사고가 잦은 열 곳으로 넓힐 계획이다.",
    ),
    (
        "경제",
        "전통시장 새벽 배송, 하루 200상자 넘어",
        "가람 전통시장의 새벽 배송 주문이 하루 200상자를 넘어섰다. 상인회는 배송 구역을 나루군까지 넓힌다.",
    ),
    (
        "사회",
        "눈길 제설차 12대 더 투입… 고갯길 우선",
        "나루군이 제설차 12대를 더 들여와 고갯길부터 투입한다. 결빙이 잦은 다섯 구간에는 열선을 깐다.",
    ),
    (
        "문화",
        "가람 민요 기록집 나왔다, 60년 만의 채록",
        "가람 지역 민요 48곡을 담은 기록집이 나왔다. 주민 17명이 부른 노래를 악보와 함께 실었다.",
    ),
    (
        "날씨·생활",
        "이번 주 내내 영하권… 수도 계량기 동파 주의",
        "이번 주 아침 기온이 영하 10도 안팎에 머문다. 상수도사업소는 계량기함을 헌 옷으로 채워 달라고 당부했다.",
    ),
)


def station(
    name: str = "가람",
    number: str = "901",
    *,
    sky: str | None = "맑음",
    temperature: float | None = -11.0,
    observed_at: datetime | None = MORNING,
    origin: Origin = Origin.KMA,
    forecast: bool = True,
) -> StationWeather:
    return StationWeather(
        station=name,
        station_id=number,
        observation=Observation(
            station=name,
            station_id=number,
            condition=sky,
            temperature=temperature,
            observed_at=observed_at,
            origin=origin,
            attribution="기상청",
        ),
        forecast=Forecast(place=name, on=ON, low=-12.0, high=1.0, morning="맑음", afternoon="구름많음", rain_chance=20)
        if forecast
        else None,
    )


WEATHER = Weather(
    stations=(
        station("가람", "901", sky="맑음", temperature=-11.0),
        station("나루", "902", sky=None, temperature=0.8),
        station("다온", "903", sky="구름많음", temperature=None),
        station("해솔", "904", sky="눈", temperature=-0.5),
    ),
    attribution="기상청",
    observed_at=MORNING,
)


def picture(width: int = 1200, height: int = 675) -> Image:
    return Image(
        url=f"{OUTLET.url}/picture-{width}x{height}.png",
        alt="견본 사진",
        credit="가람신문 자료",
        width=width,
        height=height,
    )


def article(number: int, title: str, *, section: str = "사회", summary: str = "", **content: object) -> Article:
    return Article(
        id=number,
        uri=f"tag:garam.example,2026-01-20:article/{number}",
        source_id="page",
        identity=f"garam/{number}",
        revision=1,
        content=ArticleContent(title=title, section=section, paragraphs=(summary,), **content),  # type: ignore[arg-type]
        content_hash=f"{number:064d}",
        first_seen_at=MORNING,
        revised_at=MORNING,
    )


def item(number: int = 1, title: str = "", *, section: str = "사회", summary: str = "", **content: object) -> IssueItem:
    return IssueItem(
        article=article(number, title, section=section, summary=summary, **content),
        section=section,
        summary=summary,
        link=f"{OUTLET.url}/articles/{number}",
    )


def content(count: int, *, weather: Weather = WEATHER, pictures: bool = True) -> IssueContent:
    """An Issue of `count` stories, grouped by section as a frozen one is."""
    items = []
    for n in range(count):
        section, title, summary = STORIES[n % len(STORIES)]
        again = f" {n // len(STORIES) + 1}" if n >= len(STORIES) else ""
        when: dict[str, object] = {
            0: {"published_at": MORNING + timedelta(minutes=7 * n)},
            1: {"published_on": date(2026, 1, 19)},
            2: {},
            3: {"published_at": MORNING - timedelta(hours=11)},
        }[n % 4]
        shown = {"images": (picture(),)} if pictures and n % 3 == 0 else {}
        items.append(item(n + 1, title + again, section=section, summary=summary, **when, **shown))
    order = {s: n for n, s in enumerate(EDITION.sections)}
    return IssueContent(items=tuple(sorted(items, key=lambda i: order[i.section])), weather=weather)


@lru_cache(maxsize=1)
def templates() -> Mapping[str, str]:
    """The email templates and the catalogue of this checkout."""
    folder = Path(__file__).parents[2] / "templates"
    paths = sorted((*folder.glob("email/*.*"), *folder.glob("words/*.po")))
    return {p.relative_to(folder).as_posix(): p.read_text("utf-8") for p in paths}


def slots(**changed: str) -> Slots:
    values = {
        "subject": "견본 제목",
        "preheader": "견본 미리보기",
        "unsubscribe_url": f"{OUTLET.url}/u/k1.unsubscribe",
        "preferences_url": f"{OUTLET.url}/manage/k1.preferences",
        "view_url": issue_url(OUTLET, EDITION.id, ON),
    }
    return Slots(**{**values, **changed})


def blocks(content: IssueContent, *, edition: Edition = EDITION, language: str = "ko") -> dict[str, Block]:
    made = render_blocks(content, outlet=OUTLET, edition=edition, on=ON, language=language, templates=templates())
    return {block.key: block for block in made}


def subject(edition: Edition, content: IssueContent, made: Recipe, on: date, said: Words) -> str:
    return Headings(edition, content, on, said).subject(made)


def preheader(content: IssueContent, made: Recipe, on: date, said: Words) -> str:
    return Headings(EDITION, content, on, said).preheader(made)


def digest(
    content: IssueContent, choices: Choices | None = None, *, edition: Edition = EDITION, language: str = "ko"
) -> tuple[str, str]:
    """HTML and text as one reader gets them."""
    made: Recipe | None = recipe(choices or Choices(), content, edition)
    assert made is not None
    return join(
        blocks(content, edition=edition, language=language),
        made,
        slots(
            subject=subject(edition, content, made, ON, words(edition.language, templates())),
            preheader=preheader(content, made, ON, words(edition.language, templates())),
        ),
    )
