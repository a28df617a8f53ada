"""Every rule of the W3C feed validator at level AA, errors and warnings, by its name: no feed of ours breaks one.

The rules are checked over the same nasty feeds, archive pages and lists; each check is shown to find what breaks it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.core.catalogue import CONTENT_TYPES, DELETED, OPML, url_of
from syndication.render.feed_deleted import deleted_feed
from syndication.render.feed_items import Category, Enclosure, FeedHead, FeedItem
from syndication.render.feed_lists import opml
from syndication.render.feeds import render_atom, render_rss
from tests.factories import OUTLET, article
from tests.render import feed_nasty
from tests.render.feed_rules import broken_rules
from tests.render.feed_samples import HEAD, PICTURE, feed_item, restated
from tests.render.make import KOREAN

BASE = "https://garam.example/feeds/daily/articles"
FEED = replace(
    HEAD,
    logo="https://garam.example/logo.png",
    deleted_url=url_of(OUTLET, DELETED),
    prev_url=f"{BASE}/2025-12.rss",
)
ITEM = feed_item(
    1,
    categories=(Category(term="사회", scheme="https://garam.example/terms/section"),),
    rights="© 가람일보",
    images=(PICTURE,),
    enclosure=Enclosure(url="https://img.garam.example/1.jpg", type="image/jpeg", length=1234),
)
PAGE = replace(FEED, current_url=f"{BASE}.rss", next_url=f"{BASE}/2026-02.rss", self_url=f"{BASE}/2026-01.rss")
OUTLINES = opml("가람일보 피드", [("다이제스트", [FEED])], owner="가람일보")
Document = tuple[str, bytes, str]  # dialect, bytes, address


def documents(head: FeedHead, items: list[FeedItem]) -> list[Document]:
    atom = replace(head, self_url=head.self_url.replace(".rss", ".atom"))
    return [
        ("rss", render_rss(head, items).body, head.self_url),
        ("atom", render_atom(atom, items).body, atom.self_url),
    ]


@pytest.fixture(scope="module")
def corpus() -> list[Document]:
    """Nasty feeds and pages, lists of them, and tombstones."""
    found: list[Document] = [
        *documents(FEED, [ITEM]),
        *documents(PAGE, [ITEM]),
        *documents(replace(FEED, prev_url=None), []),
    ]
    first = replace(PAGE, prev_url=None)

    @settings(database=None, derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
    @given(
        head=st.sampled_from([FEED, PAGE, first]),
        title=feed_nasty.NASTY,
        words=feed_nasty.NASTY,
        items=feed_nasty.feeds(),
    )
    def collect(head: FeedHead, title: str, words: str, items: list[FeedItem]) -> None:
        nasty = replace(head, title=title, description=words, author=words, rights=title)
        found.extend(documents(nasty, items))
        found.append(("opml", opml(title, [(words, [nasty])], owner=words), url_of(OUTLET, OPML)))

    collect()
    return found


@pytest.fixture(scope="module")
def broken(corpus: list[Document]) -> dict[str, str]:
    """Every rule that any of the documents breaks, with where."""
    return {rule: f"{kind}: {where}" for kind, body, url in corpus for rule, where in broken_rules(body, url)}


# Each rule that can concern our feeds, with what would break it: (document, what is there, what stands there instead).
BREAKERS: dict[str, tuple[str, str, str]] = {
    # the document
    "SAXError": ("rss", "</channel>", "</chanel>"),
    "WPBlankLine": ("rss", "<?xml", "\n<?xml"),
    "UnicodeError": ("rss", "가람 아침", "\udcff"),
    "MissingNamespace": ("rss", "<ttl>15</ttl>", "<x:ttl>15</x:ttl>"),
    "UndefinedNamedEntity": ("rss", "가람 아침", "&copy;"),
    "BadXmlVersion": ("rss", "version='1.0'", "version='1.1'"),
    "InvalidDoctype": ("rss", "<rss", "<!DOCTYPE rss><rss"),
    "NotUTF8": ("rss", "encoding='UTF-8'", "encoding='EUC-KR'"),
    "ValidatorLimit": ("rss", "1번째 본문이다.", "가" * 700_000),
    "BadCharacters": ("rss", "1번째 본문이다.", "\x85"),
    "InvalidNamespace": ("atom", 'xmlns="http://www.w3.org/2005/Atom"', 'xmlns="http://purl.org/atom/ns"'),
    "ReservedPrefix": ("rss", 'xmlns:dc="http://purl.org/dc/elements/1.1/"', 'xmlns:dc="http://a.example/"'),
    "MediaRssNamespace": ("rss", "http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss"),
    "UnknownNamespace": ("rss", "<rss ", '<rss xmlns:x="http://a.example/" '),
    "UnsupportedNamespace": ("rss", "<rss ", '<rss xmlns:x="https://schema.org/" '),
    "UndeclaredPrefix": ("rss", "<rss ", '<rss xmlns:x="http://search.yahoo.com/mrss/" '),
    "AvoidNamespacePrefix": ("atom", "<feed ", '<feed xmlns:atom="http://www.w3.org/2005/Atom" '),
    "UndefinedElement": ("rss", "<ttl>", "<tl/><ttl>"),
    "UnexpectedAttribute": ("rss", "<ttl>", '<ttl unit="m">'),
    "UseOfExtensionAttr": ("rss", "<ttl>", '<ttl dc:unit="m">'),
    "MissingAttribute": ("rss", ' length="1234"', ""),
    "DuplicateElement": ("rss", "<ttl>15</ttl>", "<ttl>15</ttl><ttl>15</ttl>"),
    "MissingElement": ("atom", "<updated>2026-01-19T20:10:30+00:00</updated>", ""),
    "UnexpectedText": ("rss", "<channel>", "<channel>가"),
    # RSS
    "InvalidRSSVersion": ("rss", 'version="2.0"', 'version="2.1"'),
    "MissingTitle": ("rss", "<title>가람 아침 기사</title><link>", "<link>"),
    "MissingLink": ("rss", "<link>https://garam.example/daily</link><description>", "<description>"),
    "MissingDescription": ("rss", "<description>가람일보의 기사를 하나씩</description>", ""),
    "MissingGuid": ("rss", '<guid isPermaLink="false">tag:garam.example,2026-01-20:article/1</guid>', ""),
    "ItemMustContainTitleOrDescription": (
        "rss",
        "<title>표본 기사 1</title><link>https://garam.example/news/1</link><description>1번째 요약이다.</description>",
        "",
    ),
    "NeedDescriptionBeforeContent": ("rss", "<description>1번째 요약이다.</description><content", "<content"),
    "MisplacedItem": ("rss", "</item>", "</item><ttl>15</ttl>"),
    "InvalidPositiveInteger": ("rss", "<ttl>15</ttl>", "<ttl>0</ttl>"),
    "InvalidUpdatePeriod": ("rss", "hourly", "Hourly"),
    "InvalidLanguage": ("rss", "<language>ko</language>", "<language>kr</language>"),
    "InvalidRFC2822Date": ("rss", "Mon, 19 Jan 2026 19:10:30 GMT", "2026-01-19"),
    "ProblematicalRFC822Date": ("rss", "Mon, 19 Jan 2026 19:10:30 GMT", "Mon, 19 Jan 26 19:10:30 GMT"),
    "IncorrectDOW": ("rss", "Mon, 19 Jan 2026 19:10:30 GMT", "Tue, 19 Jan 2026 19:10:30 GMT"),
    "ImplausibleDate": ("rss", "Mon, 19 Jan 2026 19:10:30 GMT", "Fri, 19 Jan 1979 19:10:30 GMT"),
    "InvalidFullLink": ("rss", "<link>https://garam.example/news/1</link>", "<link>/news/1</link>"),
    "InvalidUriChar": ("rss", "https://garam.example/news/1", "https://garam.example/news 1"),
    "UriNotIri": ("rss", "https://garam.example/news/1", "https://garam.example/기사"),
    "SchemeNotIANARegistered": ("rss", "https://garam.example/news/1", "javascript:x()"),
    "InvalidURIAttribute": ("rss", 'domain="https://garam.example/terms/section"', 'domain="section"'),
    "InvalidURLAttribute": ("rss", 'enclosure url="https://img.garam.example/1.jpg"', 'enclosure url="/1.jpg"'),
    "InvalidIntegerAttribute": ("rss", 'length="1234"', 'length="1 KB"'),
    "InvalidNonNegativeInteger": ("rss", 'length="1234"', 'length="-2"'),
    "UseZeroForUnknown": ("rss", 'length="1234"', 'length="-1"'),
    "InvalidMIMEAttribute": ("rss", 'type="image/jpeg"/><pub', 'type="jpeg"/><pub'),
    "DuplicateEnclosure": ("rss", "<enclosure ", '<enclosure url="http://a.b/" length="0" type="a/b"/><enclosure '),
    "InvalidBooleanAttribute": ("rss", 'isPermaLink="false"', 'isPermaLink="no"'),
    "InvalidPermalink": ("rss", 'isPermaLink="false"', 'isPermaLink="true"'),
    "InvalidHttpGUID": (
        "rss",
        'isPermaLink="false">tag:garam.example,2026-01-20:article/1',
        'isPermaLink="true">article-1',
    ),
    "NotSufficientlyUnique": ("rss", "tag:garam.example,2026-01-20:article/1", "1234"),
    "DuplicateValue": ("rss", "</item>", "</item>ITEM"),
    "NotBlank": ("rss", "<title>표본 기사 1</title>", "<title/>"),
    "ContainsHTML": ("rss", "<title>표본 기사 1</title>", "<title>&lt;b>1&lt;/b></title>"),
    "CharacterData": ("rss", "<title>표본 기사 1</title>", "<title>&lt;MBC></title>"),
    "DuplicateItemSemantics": ("rss", "<pubDate>", "<dc:date>2026-01-19</dc:date><pubDate>"),
    "ImageTitleDoesntMatch": (
        "rss",
        "<title>가람 아침 기사</title><link>https://garam.example/daily</link></image>",
        "<title>가람</title><link>https://garam.example/daily</link></image>",
    ),
    "ImageLinkDoesntMatch": (
        "rss",
        "<link>https://garam.example/daily</link></image>",
        "<link>https://garam.example/</link></image>",
    ),
    "ImageUrlFormat": ("rss", "logo.png", "logo.svg"),
    "MissingAtomSelfLink": ("rss", 'rel="self"', 'rel="via"'),
    # markup
    "NotHtml": ("rss", "&lt;p&gt;1번째 본문이다.&lt;/p&gt;", "&lt;p&gt;&lt;/b&gt;"),
    "SecurityRisk": ("rss", "&lt;p&gt;1번째 본문이다.&lt;/p&gt;", "&lt;script&gt;x&lt;/script&gt;"),
    "SecurityRiskAttr": ("rss", "&lt;p&gt;1번째 본문이다.&lt;/p&gt;", '&lt;p onclick="x"&gt;가&lt;/p&gt;'),
    "DangerousStyleAttr": ("rss", "&lt;p&gt;1번째 본문이다.&lt;/p&gt;", '&lt;p style="x"&gt;가&lt;/p&gt;'),
    "ContainsRelRef": ("rss", "&lt;p&gt;1번째 본문이다.&lt;/p&gt;", '&lt;a href="/x"&gt;가&lt;/a&gt;'),
    # Atom
    "InvalidRFC3339Date": ("atom", "2026-01-19T20:10:30+00:00", "2026-01-19 20:10:30"),
    "InvalidTAG": ("atom", "tag:garam.example,2026-01-20:article/1", "tag:garam.example:article/1"),
    "InvalidURN": ("atom", "tag:garam.example,2026-01-20:article/1", "urn:1"),
    "InvalidUUID": ("atom", "tag:garam.example,2026-01-20:article/1", "urn:uuid:1"),
    "NonCanonicalURI": ("atom", "tag:garam.example,2026-01-20:article/1", "https://garam.example/a/../1"),
    "UnexpectedWhitespace": ("atom", "<id>tag:garam.example,2026:", "<id> tag:garam.example,2026:"),
    "DuplicateEntries": ("atom", "</entry>", "</entry>ITEM"),
    "DuplicateUpdated": ("atom", "</entry>", "</entry>ITEM"),
    "DuplicateIds": ("atom", "</entry>", "</entry>" + "ITEM" * 10),
    "MisplacedMetadata": ("atom", "</entry>", "</entry><rights>가</rights>"),
    "MissingSelf": ("atom", 'rel="self"', 'rel="via"'),
    "RelativeSelf": (
        "atom",
        'href="https://garam.example/feeds/daily/articles.atom"',
        'href="/feeds/daily/articles.atom"',
    ),
    "SelfDoesntMatchLocation": ("atom", "daily/articles.atom", "weekly/articles.atom"),
    "SelfNotAtom": ("atom", 'rel="self" type="application/atom+xml"', 'rel="self" type="text/xml"'),
    "MissingHref": ("atom", 'href="https://garam.example/news/1"', ""),
    "InvalidIRI": ("atom", 'href="https://garam.example/news/1"', 'href="1"'),
    "AtomLinkNotEmpty": (
        "atom",
        'rel="hub" href="https://hub.example/"/>',
        'rel="hub" href="https://hub.example/">가</link>',
    ),
    "UnregisteredAtomLinkRel": ("atom", 'rel="hub"', 'rel="hubbub"'),
    "DuplicateAtomLink": (
        "atom",
        'rel="enclosure" type="image/jpeg"',
        'rel="alternate" type="text/html" hreflang="ko"',
    ),
    "FeedHistoryRelInEntry": ("atom", 'rel="enclosure"', 'rel="next"'),
    "InvalidMIMEType": ("atom", 'rel="enclosure" type="image/jpeg"', 'rel="enclosure" type="jpeg"'),
    "InvalidTextType": ("atom", '<summary type="html">', '<summary type="text/html">'),
    "AttrNotBlank": ("atom", '<summary type="html">', '<summary type="">'),
    "ContainsUndeclaredHTML": ("atom", "<title>표본 기사 1</title>", "<title>&lt;b>1&lt;/b></title>"),
    "ContainsEmail": ("atom", "<name>표본 기자</name>", "<name>기자 &lt;desk@garam.example></name>"),
    "MissingTextualContent": (
        "atom",
        '<content type="html">&lt;p&gt;1번째 본문이다.&lt;/p&gt;</content>',
        "",
    ),
    "MissingContentOrAlternate": ("atom", '<content type="html">&lt;p&gt;1번째 본문이다.&lt;/p&gt;</content>', ""),
    # Media RSS
    "MediaGroupWithoutAlternatives": ("rss", "<media:thumbnail", "<media:group/><media:thumbnail"),
    "InvalidMediaMedium": ("rss", 'medium="image"', 'medium="picture"'),
    "InvalidMediaTextType": ("rss", '<media:title type="plain">', '<media:title type="text">'),
    "InvalidCreditRole": ("rss", 'role="photographer"', 'role="photo"'),
    # archives: RFC 5005
    "ArchiveIncomplete": ("page", 'rel="prev-archive"', 'rel="via"'),
    "MissingCurrentInArchive": ("page", 'rel="current"', 'rel="via"'),
    "FeedRelInCompleteFeed": ("page", "<fh:archive/>", "<fh:complete/>"),
    "CurrentNotSelfInCompleteFeed": ("page", "<fh:archive/>", "<fh:complete/>"),
    "LinkPastEnd": (
        "atom",
        "<generator>",
        f'<link rel="next" href="{BASE}-2.atom"/><link rel="last" href="{BASE}.atom"/><generator>',
    ),
    # OPML
    "InvalidOPMLVersion": ("opml", 'version="2.0"', 'version="3.0"'),
    "MissingXmlURL": ("opml", "xmlUrl=", "url="),
    "InvalidOutlineVersion": ("opml", 'version="RSS2"', 'version="2"'),
    "InvalidOutlineType": ("opml", 'type="rss"', 'type="feed"'),
    "MissingOutlineType": ("opml", 'type="rss"', ""),
    "MissingTitleAttr": ("opml", 'title="', 'name="'),
}
ALTERNATE = 'rel="alternate" type="text/html" hreflang="ko" href="https://garam.example/n'
ALSO = {  # what has to be changed besides
    "MissingTextualContent": [('<summary type="html">1번째 요약이다.</summary>', "")],
    "ArchiveIncomplete": [('"next-archive"', '"via"')],
    "MissingContentOrAlternate": [(ALTERNATE, 'rel="via" href="https://garam.example/n')],
    "CurrentNotSelfInCompleteFeed": [('"prev-archive"', '"via"'), ('"next-archive"', '"via"')],
}

# Rules about elements, attributes and namespaces that no feed of ours has: that none has them is what holds the rule.
FOREIGN: dict[str, str] = {
    "<blink/>": "NoBlink",
    "<x_y/>": "NotInANamespace",
    "<ttl xml:base='https://garam.example/'/>": "SameDocumentReference",
    "<skipHours><hour>25</hour></skipHours>": "NotEnoughHoursInTheDay InvalidHour",
    "<skipDays><day>Someday</day></skipDays>": "EightDaysAWeek InvalidDay",
    "<textInput/>": "AvoidTextInput InvalidFormComponentName",
    "<managingEditor>desk</managingEditor>": (
        "InvalidContact InvalidAddrSpec UnknownHost EmailFormat MissingRealName DuplicateSemantics"
    ),
    "<cloud/>": "InvalidInteger IntegerOverflow",
    "<pubDate>2400</pubDate>": "UseZeroForMidnight",
    "<webMaster>desk</webMaster>": "MissingItunesEmail",
    "<width>999</width>": "InvalidWidth InvalidHeight",
    "<body xmlns='http://www.w3.org/1999/xhtml'/>": (
        "DuplicateDescriptionSemantics MisplacedXHTMLContent MissingXhtmlDiv NotInline HtmlFragment"
    ),
    "<x xmlns='http://purl.org/rss/1.0/modules/slash/'>1</x>": "SlashDate InvalidCommaSeparatedIntegers",
    "<x xmlns='http://wellformedweb.org/CommentAPI/'/>": "CommentRSS",
    "<x xmlns='http://www.usemod.com/cgi-bin/mb.pl?ModWiki'/>": "ObsoleteWikiNamespace",
    "<x xmlns='http://purl.org/atom/ns#'/>": (
        "ObsoleteNamespace ObsoleteVersion InvalidContentMode NotEscaped NotBase64 MissingTypeAttr MissingSummary "
        "MissingSourceElement"
    ),
    "<x xmlns='http://purl.org/syndication/thread/1.0'/>": "NoThrWhen",
    "<x xmlns='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>": "InvalidRDF UndeterminableVocabulary",
    "<x xmlns='http://purl.org/dc/terms/'/>": "InvalidW3CDTFDate InvalidISO8601Date InvalidISO8601DateTime",
    "<x xmlns='http://www.itunes.com/dtds/podcast-1.0.dtd'/>": (
        "InvalidItunesCategory InvalidItunesEpisodeType InvalidItunesChannelType ObsoleteItunesCategory InvalidYesNo "
        "InvalidYesNoClean InvalidDuration TooLong InvalidKeywords MissingItunesElement UnsupportedItunesFormat"
    ),
    "<x xmlns='http://feedsync.org/2007/feedsync'/>": (
        "InvalidSseType InvalidNSS SinceAfterUntil MissingByAndWhenAttrs InvalidAlphanum"
    ),
    "<media:adult>false</media:adult>": "DeprecatedMediaAdult InvalidTrueFalse",
    "<media:rating>x</media:rating>": "InvalidMediaRating",
    "<media:hash>x</media:hash>": "InvalidMediaHash",
    "<media:restriction>x</media:restriction>": (
        "InvalidMediaRestriction InvalidMediaRestrictionRel InvalidMediaRestrictionType InvalidCountryCode"
    ),
    "<media:text start='x'/>": "InvalidNPTTime",
    "<media:content expression='part'/>": "InvalidMediaExpression InvalidFloat",
    "<x xmlns='http://www.bloglines.com/about/specs/fac-1.0'/>": "InvalidAccessRestrictionRel",
    "<x xmlns='http://a9.com/-/spec/opensearch/1.1/'/>": (
        "InvalidLocalRole InvalidEncoding InvalidSyndicationRight InvalidLocalParameter NotURLEncoded "
        "ShouldIncludeExample InvalidAdultContent MissingRecommendedAttribute"
    ),
    "<x xmlns='http://www.w3.org/2007/app'/>": (
        "ConflictingCatAttr ConflictingCatChildren InvalidMediaRange UndefinedParam"
    ),
    "<x xmlns='http://www.w3.org/2003/01/geo/wgs84_pos#'/>": "InvalidLatitude InvalidLongitude",
    "<x xmlns='http://www.georss.org/georss'/>": "InvalidCoord InvalidCoordList CoordComma",
    "<x xmlns='xri://$xrd*($v*2.0)'/>": "InvalidPercentage QuestionableUsage DeprecatedDTD",
    "<x xmlns='http://base.google.com/ns/1.0'/>": (
        "InvalidCurrencyUnit InvalidFloatUnit InvalidFullLocation InvalidGender InvalidIntUnit InvalidLabel "
        "InvalidLocation InvalidMaritalStatus InvalidPaymentMethod InvalidPriceType InvalidRatingType "
        "InvalidReviewerType InvalidSalaryType InvalidServiceType InvalidYear TooMany"
    ),
    "<meta name='x'/>": "InvalidMetaName InvalidMetaContent",
    "<expansionState>x</expansionState>": "InvalidExpansionState MissingUrlAttr",
    "<x xmlns='http://earth.google.com/kml/2.1'/>": (
        "Deprecated DeprecatedRootHref InvalidAltitudeMode InvalidAngle InvalidColor InvalidColorMode "
        "InvalidItemIconState InvalidListItemType InvalidKmlCoordList InvalidKmlLatitude InvalidKmlLongitude "
        "InvalidKmlMediaType InvalidKmlUnits InvalidRefreshMode InvalidSchemaFieldType InvalidStyleState "
        "InvalidViewRefreshMode InvalidZeroOne MissingId"
    ),
}
# Rules about how a feed is fetched: they are the server's; the types that it is told are these.
FETCHED = (
    *("HttpError", "IOError", "HttpProtocolError", "HttpsProtocolError", "HttpsProtocolWarning"),
    *("HttpErrorWithPossibleFeed", "UnknownEncoding", "ObscureEncoding", "EncodingMismatch"),
    *("UnexpectedContentType", "NonSpecificMediaType", "FatalSecurityRisk"),
)
# Rules that others are made from: what breaks one of those breaks them.
FAMILIES = {
    "InvalidValue": "InvalidLanguage",
    "InvalidLink": "InvalidFullLink",
    "InvalidURI": "InvalidFullLink",
    "MisplacedMetadata": "MisplacedMetadata",
    "RSS20Profile": "MisplacedItem",
}
FOREIGN_RULES = {rule: snippet for snippet, rules in FOREIGN.items() for rule in rules.split()}


def sample(kind: str) -> Document:
    """A feed, a page of an archive, or OPML, that breaks no rule."""
    if kind == "opml":
        return kind, OUTLINES, url_of(OUTLET, OPML)
    found = documents(PAGE if kind == "page" else FEED, [ITEM])
    return next(one for one in found if one[0] == (kind if kind != "page" else "atom"))


def with_changes(text: str, changes: list[tuple[str, str]]) -> bytes:
    item = next((text[text.index(a) : text.index(b) + len(b)] for a, b in ENDS if a in text), "")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new.replace("ITEM", item), 1)
    return text.encode("utf-8", "surrogateescape")


ENDS = (("<item>", "</item>"), ("<entry>", "</entry>"))


@pytest.mark.parametrize("rule", sorted(BREAKERS))
def test_the_check_of_a_rule_finds_what_breaks_it(rule: str) -> None:
    kind, old, new = BREAKERS[rule]
    _, body, url = sample(kind)
    assert broken_rules(body, url) == []
    changed = with_changes(body.decode(), [(old, new), *ALSO.get(rule, [])])
    assert rule in {found for found, _ in broken_rules(changed, url)}


@pytest.mark.parametrize("rule", sorted(BREAKERS))
def test_no_feed_breaks(rule: str, broken: dict[str, str]) -> None:
    assert rule not in broken, broken[rule]


@pytest.mark.parametrize("rule", sorted(FOREIGN_RULES))
def test_no_feed_has_anything_that_could_break(rule: str, broken: dict[str, str]) -> None:
    outside = {"UndefinedElement", "UnexpectedAttribute", "UnknownNamespace"}
    assert not outside & broken.keys()
    _, body, url = sample("rss")
    text = body.decode().replace("<item>", f"{FOREIGN_RULES[rule]}<item>", 1)
    assert outside & {found for found, _ in broken_rules(text.encode(), url)}


@pytest.mark.parametrize("rule", FETCHED)
def test_the_types_that_a_server_is_told_agree_with_the_documents(rule: str, corpus: list[Document]) -> None:
    kinds = {kind: CONTENT_TYPES[kind] for kind in ("rss", "atom")}
    assert kinds == {
        "rss": "application/rss+xml; charset=utf-8",
        "atom": "application/atom+xml; charset=utf-8",
    }
    assert all(body.startswith(b"<?xml version='1.0' encoding='UTF-8'?>") for _, body, _ in corpus)
    assert not any(b"<!DOCTYPE" in body or b"<!ENTITY" in body for _, body, _ in corpus)


@pytest.mark.parametrize("rule", sorted(FAMILIES))
def test_no_feed_breaks_the_family(rule: str, broken: dict[str, str]) -> None:
    assert FAMILIES[rule] not in broken
    assert FAMILIES[rule] in BREAKERS


def test_no_document_breaks_anything_at_all(broken: dict[str, str]) -> None:
    assert broken == {}


def test_tombstones_break_nothing_but_that_few_validators_know_their_namespace() -> None:
    body = deleted_feed([restated(article(1), notice="<사실> & 다릅니다.")], outlet=OUTLET, language="ko", say=KOREAN)
    found = {rule for rule, _ in broken_rules(body, url_of(OUTLET, DELETED))}
    assert found == {"UnknownNamespace", "UndefinedElement"}
