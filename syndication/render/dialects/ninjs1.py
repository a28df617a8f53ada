"""ninjs 1.6: the same news in the older style, keys in lower case and objects where version 3 has arrays.

It differs from `ninjs` in names and shapes only (https://iptc.org/std/ninjs/ninjs-schema_1.6.json).
"""

from __future__ import annotations

from syndication.core.model import Image
from syndication.render.dialects.document import Document, Rendering
from syndication.render.dialects.facts import Facts, Subject, facts, moment
from syndication.render.dialects.ninjs import CONTENT_TYPE, MACHINE_MADE, PUB_STATUS
from syndication.render.dialects.written import Data, json_bytes, known, rendering
from syndication.render.feed_items import image_type

SCHEMA = "http://www.iptc.org/std/ninjs/ninjs-schema_1.6.json#"


def render(document: Document) -> Rendering:
    """One ninjs object."""
    return rendering(document, json_bytes(ninjs(facts(document))), CONTENT_TYPE, "json")


def ninjs(of: Facts) -> Data:
    standard = {"$standard": {"name": "ninjs", "version": "1.6", "schema": SCHEMA}}
    return standard | known(
        uri=of.id,
        type="text",
        mimetype="text/html",
        representationtype="complete" if of.full else "incomplete",
        version=str(of.version),
        firstcreated=moment(of.first_seen_at),
        versioncreated=moment(of.revised_at),
        contentcreated=moment(of.published_at) if of.published_at else None,
        embargoed=moment(of.embargo_until) if of.embargo_until else None,
        pubstatus=PUB_STATUS.get(of.standing, "usable"),
        copyrightholder=of.holder,
        copyrightnotice=of.copyright,
        usageterms=of.terms,
        ednote=of.note,
        language=of.language,
        headline=of.title,
        headline_subtitle=of.subtitle,
        byline=", ".join(of.bylines),
        description_notice=of.notice,
        description_text=of.summary,
        body_html=of.markup if not of.gone else None,
        subject=[_concept(s) for s in (*of.subjects_of("section"), *of.subjects_of("tag"))],
        place=[_concept(s) for s in of.subjects_of("region")],
        genre=[{"name": "sponsored", "code": "sponsored"}] if of.sponsored else None,
        digitalsourcetype={"uri": MACHINE_MADE} if of.robot else None,
        infosource=[{"name": of.provider, "rel": "provider"}],
        renditions={"web": {"href": of.url, "mimetype": "text/html"}} if of.url else None,
        associations={f"picture_{n}": _picture(of, i) for n, i in enumerate(of.pictures, 1)} or None,
    )


def _concept(subject: Subject) -> Data:
    """A code in a scheme, which version 1 has in the place of one URI."""
    scheme, _, code = subject.uri.rpartition("/")
    return {"name": subject.name, "scheme": scheme, "code": subject.code or code}


def _picture(of: Facts, image: Image) -> Data:
    shown = known(href=image.url, mimetype=image_type(image.url), width=image.width, height=image.height)
    return known(
        uri=of.picture_id(image),
        type="picture",
        pubstatus="usable",
        byline=image.credit,
        copyrightnotice=image.licence,
        description_caption=image.alt,
        renditions={"main": shown},
    )
