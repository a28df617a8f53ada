"""ninjs 3.1, News in JSON by the IPTC (https://iptc.org/std/ninjs/).

The schema takes no key of our own and knows no signals: version, `edNote` and a description tell a correction.
"""

from __future__ import annotations

from syndication.core.model import Image
from syndication.render.dialects.document import Document, Rendering, Standing
from syndication.render.dialects.facts import Facts, Subject, facts, moment
from syndication.render.dialects.written import Data, json_bytes, known, rendering
from syndication.render.feed_items import image_type

CONTENT_TYPE = "application/json; charset=utf-8"
SCHEMA = "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#"
MACHINE_MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
PUB_STATUS = {Standing.WITHHELD: "withheld", Standing.CANCELED: "canceled"}  # every other one is usable


def render(document: Document) -> Rendering:
    """One ninjs object."""
    return rendering(document, json_bytes(ninjs(facts(document))), CONTENT_TYPE, "json")


def ninjs(of: Facts) -> Data:
    return known(
        standard={"name": "ninjs", "version": "3.1", "schema": SCHEMA},
        uri=of.id,
        type="text",
        representationType="full" if of.full else "partial",
        version=str(of.version),
        firstCreated=moment(of.first_seen_at),
        versionCreated=moment(of.revised_at),
        contentCreated=moment(of.published_at) if of.published_at else None,
        embargoedUntil=moment(of.embargo_until) if of.embargo_until else None,
        pubStatus=PUB_STATUS.get(of.standing, "usable"),
        copyrightHolder=of.holder,
        copyrightNotice=of.copyright,
        usageTerms=of.terms,
        edNote=of.note,
        language=of.language,
        title=of.title,
        headlines=_headlines(of),
        by=", ".join(of.bylines),
        descriptions=_descriptions(of),
        bodies=_bodies(of),
        subjects=[_concept(s) for s in (*of.subjects_of("section"), *of.subjects_of("tag"))],
        places=[_concept(s) for s in of.subjects_of("region")],
        genres=[{"literal": "sponsored"}] if of.sponsored else None,
        digitalSourceType={"uri": MACHINE_MADE} if of.robot else None,
        infoSources=[{"name": of.provider, "role": "provider"}],
        renditions=[{"name": "web", "href": of.url, "contentType": "text/html"}] if of.url else None,
        associations=[_picture(of, n, image) for n, image in enumerate(of.pictures, 1)],
    )


def _headlines(of: Facts) -> list[Data]:
    pairs = (("main", of.title), ("subtitle", of.subtitle))
    return [{"role": role, "value": value} for role, value in pairs if value]


def _descriptions(of: Facts) -> list[Data]:
    pairs = (("notice", of.notice), ("summary", of.summary))
    return [{"role": role, "contentType": "text/plain", "value": value} for role, value in pairs if value]


def _bodies(of: Facts) -> list[Data]:
    if of.gone or not of.markup:
        return []
    return [{"role": "main", "contentType": "text/html", "value": of.markup}]


def _concept(subject: Subject) -> Data:
    """By our own URI; a Partner's code stands as literal, or as the URI where it is one."""
    if subject.code is None:
        return {"name": subject.name, "uri": subject.uri}
    if subject.coded_by_uri:
        return {"name": subject.name, "uri": subject.code}
    return {"name": subject.name, "uri": subject.uri, "literal": subject.code}


def _picture(of: Facts, number: int, image: Image) -> Data:
    shown = known(
        name="main", href=image.url, contentType=image_type(image.url), width=image.width, height=image.height
    )
    return known(
        name=f"picture-{number}",
        uri=of.picture_id(image),
        type="picture",
        pubStatus="usable",
        by=image.credit,
        copyrightNotice=image.licence,
        descriptions=[{"role": "caption", "value": image.alt}] if image.alt else None,
        renditions=[shown],
    )
