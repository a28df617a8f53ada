"""A checker of our own for the rules of the W3C feed validator at level AA: every error and every warning it knows.

It is written from the validator's source (github.com/w3c/feedvalidator, `logging.py` names the rules) and stricter
where that is simpler: what our feeds never use is refused as such. It judges RSS 2.0, Atom 1.0 and OPML.
"""

from __future__ import annotations

import re
import xml.sax
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html.entities import name2codepoint
from urllib.parse import urlsplit

import html5lib
from html5lib.html5parser import ParseError
from lxml import etree

ATOM, CONTENT = "http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/modules/content/"
DC, MEDIA = "http://purl.org/dc/elements/1.1/", "http://search.yahoo.com/mrss/"
SY, FH = "http://purl.org/rss/1.0/modules/syndication/", "http://purl.org/syndication/history/1.0"
XML = "http://www.w3.org/XML/1998/namespace"
PREFIXES = {"atom": ATOM, "content": CONTENT, "dc": DC, "media": MEDIA, "sy": SY, "fh": FH}
LIMIT = 2_000_000  # octets: the validator reads no more
NOW = datetime(2090, 1, 2, tzinfo=UTC)  # when the samples are judged

_RELS = "alternate current enclosure first hub last license next-archive prev-archive related self via"
RELS = frozenset(_RELS.split())
_HISTORY = "current first last next next-archive prev-archive previous"
HISTORY = frozenset(_HISTORY.split())
URI = re.compile(r"[a-zA-Z][0-9a-zA-Z+\-.]*:(?://)?[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,#]+")
TAG_URI = re.compile(r"tag:[a-z0-9.\-]+,\d{4}(-\d{2}(-\d{2})?)?:[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,]*")
URN = re.compile(r"urn:[a-zA-Z0-9][a-zA-Z0-9-]{1,31}:[a-zA-Z0-9()+,.:=@;$_!*'\-%]+", re.I)
UUID = re.compile(r"urn:uuid:[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}", re.I)
HTTP = re.compile(r"https?://([a-z0-9-]+\.)+[a-z0-9][a-z0-9-]*(:\d+)?(/|$)", re.I)
MIME = re.compile(r"[^\s()<>,;:\\\"/\[\]?=]+/[^\s()<>,;:\\\"/\[\]?=]+")
RFC2822 = re.compile(r"(?:[A-Z][a-z]{2}), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
END_TAG, ENTITY = re.compile(r"</(\w+)>"), re.compile(r"&(#?\w+)")
_SAFE_TAGS = (
    "a b strong i em u s sub sup ruby rt rp br img p div h2 h3 h4 ul ol li blockquote pre figure figcaption hr "
    "table thead tbody tfoot tr td th caption small time span"
)
SAFE_TAGS = frozenset(_SAFE_TAGS.split())
SAFE_ATTRIBUTES = frozenset(("href", "rel", "src", "alt", "width", "height", "colspan", "rowspan", "datetime"))
SCHEMES = frozenset(("http", "https", "tag", "urn"))

# What may stand where: parent -> child -> (least, most). None: as often as one likes.
MANY = None
MEDIA_ITEM = {"media:content": (0, MANY), "media:thumbnail": (0, 1)}
CHILDREN: dict[str, dict[str, tuple[int, int | None]]] = {
    "rss": {"channel": (1, 1)},
    "channel": {
        **dict.fromkeys(("title", "link", "description", "language"), (1, 1)),
        **dict.fromkeys(("copyright", "docs", "generator", "ttl", "lastBuildDate", "image"), (0, 1)),
        **dict.fromkeys(("sy:updatePeriod", "sy:updateFrequency", "fh:archive"), (0, 1)),
        "atom:link": (0, MANY),
        "item": (0, MANY),
    },
    "image": dict.fromkeys(("url", "title", "link"), (1, 1)),
    "item": {
        **dict.fromkeys(("title", "description", "guid"), (1, 1)),
        **dict.fromkeys(("link", "content:encoded", "enclosure", "pubDate", "dc:rights"), (0, 1)),
        "category": (0, MANY),
        "dc:creator": (0, MANY),
        **MEDIA_ITEM,
    },
    "media:content": dict.fromkeys(("media:title", "media:copyright", "media:credit"), (0, 1)),
    "feed": {
        **dict.fromkeys(("id", "title", "updated", "author"), (1, 1)),
        **dict.fromkeys(("generator", "logo", "rights", "subtitle", "fh:archive"), (0, 1)),
        "link": (1, MANY),
        "entry": (0, MANY),
    },
    "author": {"name": (1, 1)},
    "entry": {
        **dict.fromkeys(("id", "title", "updated", "summary"), (1, 1)),
        **dict.fromkeys(("content", "published", "rights"), (0, 1)),
        **dict.fromkeys(("author", "link", "category"), (0, MANY)),
        **MEDIA_ITEM,
    },
    "opml": dict.fromkeys(("head", "body"), (1, 1)),
    "head": dict.fromkeys(("title", "ownerName"), (0, 1)),
    "body": {"outline": (1, MANY)},
    "outline": {"outline": (0, MANY)},
}
# element -> attribute -> must it be there
ATTRIBUTES: dict[str, dict[str, bool]] = {
    "rss": {"version": True},
    "guid": {"isPermaLink": False},
    "category": {"domain": False},
    "enclosure": {"url": True, "length": True, "type": True},
    "atom:link": {"href": True, "rel": True, "type": False},
    "media:content": {"url": True, "medium": False, "type": False, "width": False, "height": False},
    "media:thumbnail": {"url": True, "width": False, "height": False},
    "media:title": {"type": False},
    "media:credit": {"role": False},
    "feed": {"xml:lang": True},
    "opml": {"version": True},
    "outline": {
        "text": True,
        **dict.fromkeys(("type", "title", "description", "xmlUrl", "htmlUrl", "language", "version"), False),
    },
}
ATOM_ATTRIBUTES: dict[str, dict[str, bool]] = {
    "link": {"href": True, "rel": True, "type": False, "hreflang": False, "length": False},
    "content": {"type": True},
    "summary": {"type": False},
    "category": {"term": True, "scheme": False, "label": False},
}
MISSING = {"title": "MissingTitle", "link": "MissingLink", "description": "MissingDescription", "guid": "MissingGuid"}
DUPLICATE = {"enclosure": "DuplicateEnclosure"}


@dataclass(slots=True)
class Judge:
    """Judges one document; `broken` are the rules it breaks, each with where."""

    body: bytes
    location: str
    broken: list[tuple[str, str]] = field(default_factory=list)
    atom: bool = False

    def say(self, rule: str, where: object) -> None:
        self.broken.append((rule, str(where)[:200]))

    # --- the document ------------------------------------------------------------------------

    def judge(self) -> list[tuple[str, str]]:
        if len(self.body) > LIMIT:
            self.say("ValidatorLimit", len(self.body))
        if re.match(rb"\s+<\?xml", self.body):
            self.say("WPBlankLine", "before the declaration")
        if not re.match(rb"<\?xml version=['\"]1\.0['\"]", self.body):
            self.say("BadXmlVersion", self.body[:30])
        if not re.match(rb"<\?xml[^>]*encoding=['\"]UTF-8['\"]", self.body):
            self.say("NotUTF8", self.body[:60])
        if b"<!DOCTYPE" in self.body[:500]:
            self.say("InvalidDoctype", "a document type")
        try:
            self.body.decode()
        except UnicodeDecodeError as error:
            self.say("UnicodeError", error)
        try:
            xml.sax.parseString(self.body, xml.sax.ContentHandler())
            root = etree.fromstring(self.body)
        except (xml.sax.SAXException, etree.XMLSyntaxError, ValueError) as error:
            undefined = "entity" in str(error)
            prefix = "prefix" in str(error)
            self.say("UndefinedNamedEntity" if undefined else "MissingNamespace" if prefix else "SAXError", error)
            return self.broken
        self.root(root)
        return self.broken

    def root(self, root: etree._Element) -> None:
        name = self.name(root)
        self.atom = name == "feed"
        if name not in ("rss", "feed", "opml"):
            self.say("InvalidNamespace" if name.endswith("feed") else "UndefinedElement", root.tag)
            return
        for prefix, space in {p: s for e in root.iter() for p, s in e.nsmap.items()}.items():
            self.space(prefix, space)
        self.element(root, name)
        if name == "rss":
            self.rss(root)
        elif name == "feed":
            self.feed(root)
        else:
            self.opml(root)

    def space(self, prefix: str | None, space: str) -> None:
        if self.atom and prefix in ("atom", "xhtml"):
            self.say("AvoidNamespacePrefix", prefix)
        if space == MEDIA.rstrip("/"):
            self.say("MediaRssNamespace", space)
        elif prefix in PREFIXES and PREFIXES[prefix] != space:
            self.say("ReservedPrefix", prefix)
        elif space not in PREFIXES.values():
            self.say("UnsupportedNamespace" if "schema.org" in space else "UnknownNamespace", space)
        elif prefix is not None and prefix not in PREFIXES:
            self.say("UndeclaredPrefix", prefix)

    def name(self, element: etree._Element) -> str:
        """title, atom:link; in an Atom feed its own elements go without prefix."""
        if not isinstance(element.tag, str):
            return "?"
        space, _, local = element.tag.rpartition("}")
        space = space.lstrip("{")
        if not space or (space == ATOM and element.getroottree().getroot().tag == f"{{{ATOM}}}feed"):
            return local
        return next((f"{p}:{local}" for p, s in PREFIXES.items() if s == space), f"{space}:{local}")

    # --- elements ----------------------------------------------------------------------------

    def element(self, element: etree._Element, name: str) -> None:
        """Whether an element holds what it may hold, and all that it must."""
        known = CHILDREN.get(name, {})
        children = [c for c in element if isinstance(c.tag, str)]
        counted = Counter(self.name(child) for child in children)
        for child, count in counted.items():
            if child not in known:
                self.say("UndefinedElement", f"{name}/{child}")
            elif known[child][1] is not None and count > (known[child][1] or 0):
                self.say(DUPLICATE.get(child, "DuplicateElement"), f"{name}/{child}")
        for child, (least, _) in known.items():
            if counted[child] < least:
                self.say(_missing(name, child), f"{name}/{child}")
        self.attributes(element, name)
        if known and "".join([element.text or "", *(c.tail or "" for c in children)]).strip():
            self.say("UnexpectedText", name)
        self.characters(element, name)
        for child_ in children:
            if self.name(child_) in known:
                self.element(child_, self.name(child_))

    def attributes(self, element: etree._Element, name: str) -> None:
        known = (self.atom and ATOM_ATTRIBUTES.get(name)) or ATTRIBUTES.get(name, {})
        present = {key.replace(f"{{{XML}}}", "xml:"): value for key, value in element.attrib.items()}
        for key in present:
            if str(key) not in known:
                self.say("UseOfExtensionAttr" if "{" in str(key) else "UnexpectedAttribute", f"{name}@{key}")
        for key, needed in known.items():
            if needed and key not in present:
                self.say("MissingHref" if key == "href" else "MissingAttribute", f"{name}@{key}")
            if key in ("type", "rel", "title") and present.get(key) == "":
                self.say("AttrNotBlank", f"{name}@{key}")
        for text in present.values():
            self.bad_characters(str(text), name)

    def characters(self, element: etree._Element, name: str) -> None:
        for text in element.itertext() if name not in CHILDREN else ():
            self.bad_characters(text, name)

    def bad_characters(self, text: str, where: str) -> None:
        if re.search("[\x80-\x9f\ufffd]", text):
            self.say("BadCharacters", where)
        if re.search("[\xc2\xc3][\x80-\xbf]", text):
            try:
                text.encode("latin-1").decode("utf-8")
                self.say("BadCharacters", where)
            except UnicodeError:
                pass

    # --- RSS ---------------------------------------------------------------------------------

    def rss(self, root: etree._Element) -> None:
        if root.get("version") != "2.0":
            self.say("InvalidRSSVersion", root.get("version"))
        for channel in root.iterfind("channel"):
            self.channel(channel)

    def channel(self, channel: etree._Element) -> None:
        names = [self.name(child) for child in channel]
        if "item" in names and set(names[names.index("item") :]) != {"item"}:
            self.say("MisplacedItem", names)
        for name in ("title", "description", "copyright"):
            self.plain(channel, name)
        self.plain(channel, "title", blank=False)
        for text in _texts(channel, "language"):
            self.language(text)
        for name in ("link", "docs"):
            for text in _texts(channel, name):
                self.uri(text, "InvalidFullLink")
        for text in _texts(channel, "ttl"):
            self.positive(text, "InvalidPositiveInteger")
        for text in _texts(channel, "lastBuildDate"):
            self.rfc2822(text)
        for text in _texts(channel, f"{{{SY}}}updatePeriod"):
            if text not in ("hourly", "daily", "weekly", "monthly", "yearly"):
                self.say("InvalidUpdatePeriod", text)
        for text in _texts(channel, f"{{{SY}}}updateFrequency"):
            self.positive(text, "InvalidPositiveInteger")
        self.links(channel, channel.findall(f"{{{ATOM}}}link"), "MissingAtomSelfLink")
        self.image(channel)
        guids = [text for item in channel.iterfind("item") for text in _texts(item, "guid")]
        for guid, count in Counter(guids).items():
            if count > 1:
                self.say("DuplicateValue", guid)
        for item in channel.iterfind("item"):
            self.item(item)

    def image(self, channel: etree._Element) -> None:
        for image in channel.iterfind("image"):
            if image.findtext("title") != channel.findtext("title"):
                self.say("ImageTitleDoesntMatch", image.findtext("title"))
            if image.findtext("link") != channel.findtext("link"):
                self.say("ImageLinkDoesntMatch", image.findtext("link"))
            url = str(image.findtext("url"))
            if url.rpartition(".")[2].lower() not in ("jpg", "jpeg", "gif", "png"):
                self.say("ImageUrlFormat", url)

    def item(self, item: etree._Element) -> None:
        names = [self.name(child) for child in item]
        if "title" not in names and "description" not in names:
            self.say("ItemMustContainTitleOrDescription", names)
        if "content:encoded" in names and "description" not in names[: names.index("content:encoded")]:
            self.say("NeedDescriptionBeforeContent", names)
        for core, extension in (("author", "dc:creator"), ("category", "dc:subject"), ("pubDate", "dc:date")):
            if {core, extension} <= set(names):
                self.say("DuplicateItemSemantics", core)
        self.plain(item, "title", blank=False)
        self.plain(item, "category", blank=False)
        self.plain(item, f"{{{DC}}}rights")
        for text in _texts(item, "link"):
            self.uri(text, "InvalidFullLink")
        for name in ("description", f"{{{CONTENT}}}encoded"):
            for text in _texts(item, name):
                self.markup(text)
        for text in _texts(item, "pubDate"):
            self.rfc2822(text)
        for guid in item.iterfind("guid"):
            self.guid(guid)
        for enclosure in item.iterfind("enclosure"):
            self.enclosure(enclosure)
        for category in item.iterfind("category"):
            if category.get("domain") is not None:
                self.uri(str(category.get("domain")), "InvalidURIAttribute")
        self.media(item)

    def guid(self, guid: etree._Element) -> None:
        value, permanent = guid.text or "", guid.get("isPermaLink", "true")
        if not value:
            self.say("NotBlank", "guid")
        if permanent not in ("true", "false"):
            self.say("InvalidBooleanAttribute", permanent)
        if permanent == "true" and value.lower().startswith(("tag:", "urn:uuid:")):
            self.say("InvalidPermalink", value)
        elif permanent == "true" and not (URI.fullmatch(value) and HTTP.match(value)):
            self.say("InvalidHttpGUID", value)
        elif permanent == "false" and len(value) < 9 and value.isdigit():
            self.say("NotSufficientlyUnique", value)

    def enclosure(self, enclosure: etree._Element) -> None:
        length = enclosure.get("length", "0")
        if not re.fullmatch(r"-?\d+", length):
            self.say("InvalidIntegerAttribute", length)
        elif int(length) < 0:
            self.say("UseZeroForUnknown" if length == "-1" else "InvalidNonNegativeInteger", length)
        if not MIME.fullmatch(enclosure.get("type", "a/b")):
            self.say("InvalidMIMEAttribute", enclosure.get("type"))
        url = enclosure.get("url", "http://a.b/")
        if not HTTP.match(url) or not URI.fullmatch(url):
            self.say("InvalidURLAttribute", url)

    # --- Atom --------------------------------------------------------------------------------

    def feed(self, feed: etree._Element) -> None:
        names = [self.name(child) for child in feed]
        if "entry" in names and set(names[names.index("entry") :]) != {"entry"}:
            self.say("MisplacedMetadata", names)
        self.language(feed.get(f"{{{XML}}}lang", "ko"))
        for path in ("id", "logo"):
            for text in _texts(feed, f"{{{ATOM}}}{path}"):
                if text != text.strip():
                    self.say("UnexpectedWhitespace", text)
                self.uri(text, "InvalidFullLink", canonical=path == "id")
        for path in ("title", "subtitle", "rights"):
            self.construct(feed, path)
        self.dates(feed, "updated")
        self.names(feed)
        self.links(feed, feed.findall(f"{{{ATOM}}}link"), "MissingSelf")
        entries = feed.findall(f"{{{ATOM}}}entry")
        self.once(entries)
        for entry in entries:
            self.entry(entry)

    def once(self, entries: list[etree._Element]) -> None:
        ids = Counter(entry.findtext(f"{{{ATOM}}}id") for entry in entries)
        if len(entries) > 9 and len(ids) == 1:
            self.say("DuplicateIds", next(iter(ids)))
        for name, count in ids.items():
            if count > 1:
                self.say("DuplicateEntries", name)
        for updated, count in Counter(entry.findtext(f"{{{ATOM}}}updated") for entry in entries).items():
            if count > 1:
                self.say("DuplicateUpdated", updated)

    def entry(self, entry: etree._Element) -> None:
        links = entry.findall(f"{{{ATOM}}}link")
        for text in _texts(entry, f"{{{ATOM}}}id"):
            self.uri(text, "InvalidFullLink", canonical=True)
        content = entry.find(f"{{{ATOM}}}content")
        if content is None and entry.find(f"{{{ATOM}}}summary") is None:
            self.say("MissingTextualContent", "entry")
        if content is None and not any(link.get("rel") == "alternate" for link in links):
            self.say("MissingContentOrAlternate", "entry")
        for path in ("title", "summary", "content", "rights"):
            self.construct(entry, path)
        for path in ("updated", "published"):
            self.dates(entry, path)
        self.names(entry)
        self.link_attributes(links)
        for link in links:
            if link.get("rel") in HISTORY:
                self.say("FeedHistoryRelInEntry", link.get("rel"))
        self.alternates(links)
        for category in entry.iterfind(f"{{{ATOM}}}category"):
            self.no_markup(category.get("label", ""), "ContainsHTML", "category@label", attribute=True)
            if category.get("scheme") is not None:
                self.uri(str(category.get("scheme")), "InvalidURIAttribute")
        self.media(entry)

    def construct(self, parent: etree._Element, path: str) -> None:
        """A text construct: what it says of its own type holds."""
        for element in parent.iterfind(f"{{{ATOM}}}{path}"):
            kind, text = element.get("type", "text"), "".join(element.itertext())
            if path != "content" and "/" in kind:
                self.say("InvalidTextType", kind)
            elif kind not in ("text", "html", "xhtml") and not MIME.fullmatch(kind):
                self.say("InvalidMIMEType", kind)
            if kind == "html":
                self.markup(text)
            else:
                self.no_markup(text, "ContainsUndeclaredHTML", path)
            if not text:
                self.say("NotBlank", path)

    def dates(self, parent: etree._Element, path: str) -> None:
        for text in _texts(parent, f"{{{ATOM}}}{path}"):
            if not RFC3339.fullmatch(text):
                self.say("InvalidRFC3339Date", text)
            else:
                self.plausible(datetime.fromisoformat(text.replace("Z", "+00:00")))

    def names(self, parent: etree._Element) -> None:
        for element in parent.iterfind(f"{{{ATOM}}}author/{{{ATOM}}}name"):
            text = "".join(element.itertext())
            if not text:
                self.say("NotBlank", "author/name")
            if re.search(r"<[\w.+'-]+@([a-z0-9-]+\.)+[a-z0-9-]+>", text, re.I):
                self.say("ContainsEmail", text)
            self.no_markup(text, "ContainsHTML", "author/name")

    # --- links -------------------------------------------------------------------------------

    def links(self, parent: etree._Element, links: list[etree._Element], missing: str) -> None:
        own = [link.get("href", "") for link in links if link.get("rel") == "self"]
        if not own:
            self.say(missing, "no self")
        for href in own:
            if not urlsplit(href).netloc:
                self.say("RelativeSelf", href)
            elif href != self.location:
                self.say("SelfDoesntMatchLocation", href)
        self.link_attributes(links)
        self.alternates(links)
        rels = {link.get("rel") for link in links}
        if parent.find(f"{{{FH}}}archive") is not None:
            if not rels & {"prev-archive", "next-archive"}:
                self.say("ArchiveIncomplete", rels)
            if "current" not in rels:
                self.say("MissingCurrentInArchive", rels)
        if parent.find(f"{{{FH}}}complete") is not None and rels & HISTORY:
            self.say("FeedRelInCompleteFeed" if rels & HISTORY - {"current"} else "CurrentNotSelfInCompleteFeed", rels)
        hrefs = {link.get("rel"): link.get("href") for link in links}
        if hrefs.get("last") == self.location and "next" in rels:
            self.say("LinkPastEnd", rels)

    def link_attributes(self, links: list[etree._Element]) -> None:
        for link in links:
            if (link.text or "").strip() or len(link):
                self.say("AtomLinkNotEmpty", link.text)
            rel, kind = link.get("rel", "alternate"), link.get("type")
            if rel not in RELS and not URI.fullmatch(rel):
                self.say("UnregisteredAtomLinkRel", rel)
            if kind and not MIME.fullmatch(kind):
                self.say("InvalidMIMEType", kind)
            if kind and rel == "self" and kind not in ("application/atom+xml", "application/rss+xml"):
                self.say("SelfNotAtom", kind)
            if link.get("length") is not None and not re.fullmatch(r"\d+", str(link.get("length"))):
                self.say("InvalidNonNegativeInteger", link.get("length"))
            if link.get("hreflang") is not None:
                self.language(str(link.get("hreflang")))
            self.uri(link.get("href", "http://a/"), "InvalidIRI")

    def alternates(self, links: list[etree._Element]) -> None:
        kinds = [(link.get("type"), link.get("hreflang")) for link in links if link.get("rel") == "alternate"]
        for kind, count in Counter(kinds).items():
            if count > 1:
                self.say("DuplicateAtomLink", kind)

    # --- Media RSS ---------------------------------------------------------------------------

    def media(self, parent: etree._Element) -> None:
        for group in parent.iterfind(f"{{{MEDIA}}}group"):
            if len(group.findall(f"{{{MEDIA}}}content")) < 2:
                self.say("MediaGroupWithoutAlternatives", "media:group")
        for element in parent.iter(f"{{{MEDIA}}}content", f"{{{MEDIA}}}thumbnail"):
            self.uri(element.get("url", "http://a/"), "InvalidFullLink")
            for name in ("width", "height", "fileSize"):
                if element.get(name) is not None:
                    self.positive(str(element.get(name)), "InvalidPositiveInteger")
            if element.get("medium", "image") not in ("image", "audio", "video", "document", "executable"):
                self.say("InvalidMediaMedium", element.get("medium"))
            if element.get("type") is not None and not MIME.fullmatch(str(element.get("type"))):
                self.say("InvalidMIMEAttribute", element.get("type"))
        for title in parent.iter(f"{{{MEDIA}}}title"):
            if title.get("type", "plain") not in ("plain", "html"):
                self.say("InvalidMediaTextType", title.get("type"))
            text = "".join(title.itertext())
            self.no_markup(text, "ContainsUndeclaredHTML", "media:title")
        for credit in parent.iter(f"{{{MEDIA}}}credit"):
            if credit.get("role", "author") not in ("photographer", "author"):
                self.say("InvalidCreditRole", credit.get("role"))
        self.plain(parent, f"{{{MEDIA}}}content/{{{MEDIA}}}copyright")

    # --- OPML --------------------------------------------------------------------------------

    def opml(self, root: etree._Element) -> None:
        if root.get("version") not in ("1.0", "1.1", "2.0"):
            self.say("InvalidOPMLVersion", root.get("version"))
        for outline in root.iter("outline"):
            kind = outline.get("type")
            if kind is None and set(outline.attrib) & {"xmlUrl", "htmlUrl", "title", "version"}:
                self.say("MissingOutlineType", outline.get("text"))
            elif kind not in (None, "rss"):
                self.say("InvalidOutlineType", kind)
            if kind == "rss":
                for name, rule in (("xmlUrl", "MissingXmlURL"), ("title", "MissingTitleAttr")):
                    if outline.get(name) is None:
                        self.say(rule, outline.get("text"))
            if outline.get("version", "RSS2") not in ("RSS", "RSS1", "RSS2", "scriptingNews"):
                self.say("InvalidOutlineVersion", outline.get("version"))
            for name in ("xmlUrl", "htmlUrl"):
                if outline.get(name) is not None:
                    self.uri(str(outline.get(name)), "InvalidFullLink")
            for name in ("text", "title", "description"):
                self.markup(outline.get(name, ""))
            if outline.get("language") is not None:
                self.language(str(outline.get("language")))
        for name in ("title", "ownerName"):
            for text in _texts(root, f"head/{name}"):
                self.markup(text)

    # --- values ------------------------------------------------------------------------------

    def plain(self, parent: etree._Element, path: str, *, blank: bool = True) -> None:
        """Text that is no markup: signs of markup stand in it as hexadecimal references."""
        for element in parent.iterfind(path):
            text = "".join(element.itertext())
            self.no_markup(text, "ContainsHTML", path)
            if not text and not blank:
                self.say("NotBlank", path)

    def no_markup(self, text: str, rule: str, where: str, *, attribute: bool = False) -> None:
        spelled = not attribute and self.is_spelled(text)
        if END_TAG.search(text):
            self.say(rule, f"{where}: {text}")
        for name in ENTITY.findall(text):
            if (name in name2codepoint or name == "apos" or not name.isalpha()) and not spelled:
                self.say(rule, f"{where}: {text}")
        if not self.atom and re.search("&#[x0-9]|<[/a-zA-Z]", text) and not spelled:
            self.say("CharacterData", f"{where}: {text}")

    def is_spelled(self, text: str) -> bool:
        """Whether the text stands there with hexadecimal references for its signs of markup."""
        raw = text.replace("&", "&#x26;").replace("<", "&#x3C;").replace(">", "&gt;")
        return f">{raw}</".encode() in self.body

    def markup(self, text: str) -> None:
        if "<?import " in text.lower():
            self.say("SecurityRisk", "?import")
        try:
            tree = html5lib.HTMLParser(strict=True).parseFragment(text)
        except ParseError as error:
            self.say("NotHtml", f"{error}: {text}")
            return
        for element in tree.iter():
            if not isinstance(element.tag, str) or element.tag == "DOCUMENT_FRAGMENT":
                continue
            name = element.tag.rpartition("}")[2]
            if name not in SAFE_TAGS:
                self.say("SecurityRisk", name)
            for attribute, value in element.attrib.items():
                if attribute == "style":
                    self.say("DangerousStyleAttr", value)
                elif attribute not in SAFE_ATTRIBUTES:
                    self.say("SecurityRiskAttr", attribute)
                if attribute in ("href", "src") and not re.match(r"\w+:", value):
                    self.say("ContainsRelRef", value)

    def language(self, text: str) -> None:
        if not re.fullmatch("(ko|en)(-[A-Za-z]+)?", text):
            self.say("InvalidLanguage", text)

    def positive(self, text: str, rule: str) -> None:
        if not re.fullmatch(r"[1-9]\d*", text):
            self.say(rule, text)

    def rfc2822(self, text: str) -> None:
        if not RFC2822.fullmatch(text):
            self.say(
                "ProblematicalRFC822Date" if re.match(r"\w+, \d\d? \w+ \d\d ", text) else "InvalidRFC2822Date", text
            )
            return
        at = parsedate_to_datetime(text)
        if at.strftime("%a") != text[:3]:
            self.say("IncorrectDOW", text)
        self.plausible(at)

    def plausible(self, at: datetime) -> None:
        if at.year < 1990 or at > NOW + timedelta(minutes=10):
            self.say("ImplausibleDate", at)

    def uri(self, text: str, rule: str, *, canonical: bool = False) -> None:
        scheme = text.partition(":")[0].lower()
        if scheme == "tag" and not TAG_URI.fullmatch(text):
            self.say("InvalidTAG", text)
        elif scheme == "urn" and text.lower().startswith("urn:uuid:") and not UUID.fullmatch(text):
            self.say("InvalidUUID", text)
        elif scheme == "urn" and not URN.fullmatch(text):
            self.say("InvalidURN", text)
        elif not URI.fullmatch(text):
            odd = any(c.isascii() and not re.match(r"[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,#]", c) for c in text)
            self.say("InvalidUriChar" if odd else "UriNotIri" if not text.isascii() else rule, text)
        elif scheme in ("http", "https") and not re.match(r"\w+://[^/].*", text):
            self.say(rule, text)
        elif scheme not in SCHEMES:
            self.say("SchemeNotIANARegistered", text)
        elif canonical and (text != text.strip() or (scheme in ("http", "https") and "/../" in text)):
            self.say("NonCanonicalURI", text)


def _missing(parent: str, child: str) -> str:
    if parent in ("channel", "image", "item") and child in MISSING:
        return MISSING[child]
    return "MissingElement"


def _texts(parent: etree._Element, path: str) -> Iterator[str]:
    for element in parent.iterfind(path):
        yield "".join(element.itertext())


def broken_rules(body: bytes, location: str) -> list[tuple[str, str]]:
    """The rules that a document breaks, as (rule, where)."""
    return Judge(body=body, location=location).judge()
