"""Documents of a made-up town for tests of dialects: one in each standing, and nasty ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from syndication.core.model import Article, ArticleStatus
from syndication.render.dialects.document import Correction, Document, Pictures, Standing, Template, Wishes
from tests.factories import MORNING, OUTLET, article
from tests.render.feed_nasty import INSTANTS, NASTY, contents
from tests.render.feed_samples import PICTURE, SEEN, revised
from tests.render.make import KOREAN

XML_TEMPLATE = Template(
    kind="xml",
    content_type="application/xml",
    extension="xml",
    text="""<?xml version="1.0" encoding="UTF-8"?>
<news id="{{ id }}" rev="{{ revision }}" state="{{ standing }}">
  <title>{{ headed }}</title>
  <when>{{ revised_at|clock("%Y%m%d%H%M%S", "Asia/Seoul") }}</when>
  {% if notice %}
  <notice>{{ notice }}</notice>
  {% endif %}
  <body>{{ markup|cdata }}</body>
  {% for image in images %}
  <photo src="{{ image.url }}" by="{{ image.credit }}">{{ image.alt }}</photo>
  {% endfor %}
</news>
""",
)
JSON_TEMPLATE = Template(
    kind="json",
    content_type="application/json",
    extension="json",
    text="""{"artId": {{ id }}, "rev": {{ revision }}, "delYn": {{ "Y" if text == "none" else "N" }},
 "title": {{ headed }}, "body": {{ markup }}, "tags": {{ tags }}}
""",
)

FULL = article(
    7,
    title="가람시, 겨울 안전 점검 '우수' 기관으로 뽑혀 (표본)",
    subtitle="경로당 312곳 살펴",
    paragraphs=("가람시가 우수 기관으로 선정됐다. 점검은 한 달 걸렸다.", "자세한 내용은 <시청>에서 볼 수 있다."),
    published_at=SEEN - timedelta(hours=3),
    bylines=("표본 기자",),
    region="가람시",
    tags=("안전", "점검"),
    images=(PICTURE,),
)
WISHES = Wishes(
    link_parameters=(("utm_source", "portal"),), codes={"사회": "14000000"}, terms="계약 제1조에 따라 쓴다 (표본)."
)


def document(of: Article = FULL, **values: object) -> Document:
    words: dict[str, object] = {"article": of, "outlet": OUTLET, "say": KOREAN, "wishes": WISHES, **values}
    return Document(**words)  # type: ignore[arg-type]


def standing_at(of: Article, status: ArticleStatus, revision: int) -> Article:
    later = of.revised_at + timedelta(hours=revision - 1)
    return replace(of, status=status, revision=revision, revised_at=later)


def in_standing(standing: Standing, of: Article = FULL, **values: object) -> Document:
    """The Article as it is told in this standing."""
    match standing:
        case Standing.USABLE:
            return document(of, **values)
        case Standing.UPDATED:
            return document(standing_at(of, ArticleStatus.USABLE, 2), **values)
        case Standing.EMBARGOED:
            return document(revised(of, 1, embargo_until=MORNING + timedelta(days=1)), **values)
        case Standing.CORRECTED:
            words: dict[str, object] = {"correction": Correction.CORRECTION, "notice": "312곳은 213곳이 맞습니다."}
            return document(standing_at(of, ArticleStatus.CORRECTED, 2), **words | values)
        case Standing.WITHHELD:
            return document(standing_at(of, ArticleStatus.WITHHELD, 3), **values)
        case Standing.CANCELED:
            return document(
                standing_at(of, ArticleStatus.CANCELED, 3), **{"notice": "사실과 달라 취소합니다."} | values
            )


@st.composite
def nasty(draw: st.DrawFn, statuses: tuple[ArticleStatus, ...] = tuple(ArticleStatus)) -> Document:
    """A Document of whatever a careless source brought, with any wishes."""
    content = draw(contents())
    if draw(st.booleans()):
        content = replace(content, embargo_until=draw(INSTANTS))
    made = replace(
        article(1),
        content=content,
        status=draw(st.sampled_from(statuses)),
        revision=draw(st.integers(1, 12)),
        first_seen_at=draw(INSTANTS),
        revised_at=draw(INSTANTS),
    )
    wishes = Wishes(
        full_text=draw(st.booleans()),
        pictures=draw(st.sampled_from(Pictures)),
        link_parameters=tuple(draw(st.lists(st.tuples(st.just("utm_source"), NASTY.map(encodable)), max_size=1))),
        codes={content.section or "": draw(NASTY)} if draw(st.booleans()) else {},
        terms=draw(st.none() | NASTY),
    )
    return document(
        made,
        wishes=wishes,
        correction=draw(st.none() | st.sampled_from(Correction)),
        notice=draw(st.none() | NASTY),
        due_at=draw(st.none() | INSTANTS),
    )


def encodable(text: str) -> str:
    return text.encode("utf-8", "ignore").decode()
