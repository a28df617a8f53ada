"""Judges the two parts of a finished mail: size, links, images, the text beside the HTML, the way out.

It fetches nothing: whether a link leads somewhere is for whoever may ask (see `judge_fetched`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from syndication.core.addresses import judge, judge_url
from syndication.core.domain.names import inner, is_address
from syndication.core.preflight.header import Verdict
from syndication.core.preflight.mail import Opened
from syndication.core.remarks import Said, Severity, say

_OTHER_WAYS = ("mailto:", "tel:", "sms:")
_ALIKE = 0.5  # share of one part's words that the other has as well
# What a story may say in plain text, and escaped in HTML, stands here for what the renderer left behind.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_UNFILLED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]|\{slot:|<mj-|\\u\{")
_WORDS = re.compile(r"\w{2,}")
_SHOWN = 80  # characters of a link that is named
_DEAD = ("script", "iframe", "form", "object", "embed", "video", "audio")


def judge_size(mail: Opened, *, budget: int, hard: int) -> Iterator[Verdict]:
    """Bytes of HTML before transfer encoding: Gmail hides what comes after about 102 KB, the way out first of all."""
    count = len((mail.html or "").encode())
    if count > hard:
        says = say(
            "HTML이 {count:,}바이트입니다. {hard:,}바이트를 넘으면 Gmail이 뒤를 숨깁니다.", count=count, hard=hard
        )
        yield Severity.WRONG, "size-html", says, "Gmail"
    elif count > budget:
        says = say("HTML이 {count:,}바이트로, 예산 {budget:,}바이트를 넘습니다.", count=count, budget=budget)
        yield Severity.WARNING, "size-html", says, "Gmail"
    else:
        says = say("HTML {count:,}바이트, 예산 {budget:,}바이트 안입니다.", count=count, budget=budget)
        yield Severity.FINE, "size-html", says, "Gmail"


def judge_parts(mail: Opened) -> Iterator[Verdict]:
    rule = "RFC 2046 §5.1.4"
    if mail.kinds != ("text/plain", "text/html"):
        says = say(
            "본문은 글과 HTML 두 부분이고 글이 먼저여야 합니다. 지금은 {kinds}.", kinds=", ".join(mail.kinds) or "–"
        )
        yield Severity.WRONG, "text-parts", says, rule
    for name, part, left in (("HTML", mail.html, _UNFILLED), ("text", mail.text, _CONTROLS)):
        unfilled = part is not None and left.search(part)
        if unfilled or "\ufffd" in (part or ""):
            says = say("{part} 부분에 채워지지 않은 자리나 깨진 글자가 있습니다.", part=name)
            yield Severity.WRONG if unfilled else Severity.WARNING, "text-unfilled", says, "RFC 3629"


# --- the page --------------------------------------------------------------------------------


class Page:
    """The HTML part as a tree."""

    def __init__(self, html: str) -> None:
        self._tree = LexborHTMLParser(html)

    def nodes(self, selector: str) -> Sequence[LexborNode]:
        return self._tree.css(selector)

    @property
    def links(self) -> tuple[str, ...]:
        """What a and area lead to, blanks at the ends taken off; "" where it is missing."""
        found = ((node.attributes.get("href") or "").strip() for node in self.nodes("a, area"))
        return tuple(dict.fromkeys(found))

    @property
    def language(self) -> str:
        root = self._tree.root
        return (root.attributes.get("lang") or "").strip() if root is not None else ""

    def words(self) -> str:
        """What readers see, as one text. Ends the tree's use for anything else."""
        self._tree.strip_tags(["style", "script", "head", "title"])
        return self._tree.text(separator=" ")


# --- links -----------------------------------------------------------------------------------


def judge_links(page: Page, *, live: bool) -> Iterator[Verdict]:
    """Absolute https links to hosts that readers can reach. A rehearsal's lead to this machine: that is no fault."""
    groups = _sorted(page.links)
    for fault, words in _FAULTS:
        if groups.get(fault):
            yield Severity.WRONG, f"links-{fault}", _named(words, groups[fault]), "Gmail, Naver"
    if groups.get("inner"):
        words = "바깥에서 열 수 없는 주소로 가는 링크가 {count}개 있습니다: {first}"
        if live:
            yield Severity.WRONG, "links-inner", _named(words, groups["inner"]), ""
        else:
            words = "리허설이어서 링크 {count}개가 바깥에서 열 수 없는 주소로 갑니다: {first}"
            yield Severity.SKIPPED, "links-inner", _named(words, groups["inner"]), ""
    if groups.get("plain") and live:
        words = "https가 아닌 링크가 {count}개 있습니다: {first}"
        yield Severity.WARNING, "links-plain", _named(words, groups["plain"]), "Gmail"
    if not groups.keys() - {"good", "plain"}:
        yield Severity.FINE, "links-good", say("링크 {count}개가 모두 온전합니다.", count=len(page.links)), ""


_FAULTS = (
    ("empty", "아무 데로도 가지 않는 링크가 {count}개 있습니다: {first}"),
    ("relative", "온전한 주소가 아닌 링크가 {count}개 있습니다: {first}"),
    ("secret", "사용자 이름이나 비밀번호가 든 링크가 {count}개 있습니다: {first}"),
    ("broken", "읽을 수 없는 링크가 {count}개 있습니다: {first}"),
)


def _named(words: str, links: Sequence[str]) -> Said:
    return say(words, count=len(links), first=links[0][:_SHOWN] or "–")


def _sorted(links: Sequence[str]) -> Mapping[str, Sequence[str]]:
    groups = dict[str, list[str]]()
    for link in links:
        groups.setdefault(_kind(link), []).append(_bare(link))
    return groups


def _kind(link: str) -> str:
    if not link or link.startswith("#"):
        return "empty"
    if link.lower().startswith(_OTHER_WAYS):
        return "good"
    if not link.lower().startswith(("http://", "https://")):
        return "relative" if ":" not in link.partition("/")[0] else "broken"
    parts = urlsplit(link) if judge_url(link) is None else None
    if parts is None:
        return "secret" if "@" in link.partition("//")[2].partition("/")[0] else "broken"
    if not reachable(parts.hostname or ""):
        return "inner"
    return "good" if parts.scheme.lower() == "https" else "plain"


def reachable(host: str) -> bool:
    """Whether a host of a link may be one that readers reach: a public address or a name that can be registered."""
    return judge(host, loopback=False) is None if is_address(host) else not inner(host)


def _bare(link: str) -> str:
    """A link as it may be shown: what stands before @ in the host is left out."""
    scheme, sep, rest = link.partition("//")
    host, slash, path = rest.partition("/")
    return f"{scheme}{sep}{host.rpartition('@')[2]}{slash}{path}" if sep else link


def fetchable(page: Page) -> tuple[str, ...]:
    """The links that can be asked whether they lead somewhere."""
    return tuple(link for link in page.links if _kind(link) in ("good", "plain") and link.lower().startswith("http"))


def judge_fetched(answers: Mapping[str, str | None]) -> Iterator[Verdict]:
    """What came of asking links: nothing for one that answered, else why it did not."""
    failed = {link: why for link, why in answers.items() if why is not None}
    for link, why in failed.items():
        yield Severity.WARNING, "links-dead", say("{link}: 열리지 않습니다({why}).", link=link[:_SHOWN], why=why), ""
    if answers and not failed:
        yield Severity.FINE, "links-fetched", say("링크 {count}개를 열어 보았습니다.", count=len(answers)), ""


# --- images ----------------------------------------------------------------------------------


def judge_images(page: Page, *, live: bool) -> Iterator[Verdict]:
    images = [{name: value or "" for name, value in node.attributes.items()} for node in page.nodes("img")]
    found = False
    for fault, severity, words, test in _IMAGE_FAULTS:
        bad = [image for image in images if test(image)]
        if bad and (live or fault not in ("inner", "plain")):
            found = True
            says = say(words, count=len(bad), first=_bare(bad[0].get("src", ""))[:_SHOWN] or "–")
            yield severity, f"images-{fault}", says, "WCAG 2.2 §1.1.1" if fault == "alt" else "Gmail"
    if not found:
        says = say("그림 {count}개가 모두 온전합니다.", count=len(images)) if images else say("그림이 없습니다.")
        yield Severity.FINE, "images-good", says, ""


_Image = Mapping[str, str]


def _sized(image: _Image) -> bool:
    return image.get("width", "").isdigit() and (image.get("height", "").isdigit() or image.get("height") == "auto")


def _source(image: _Image) -> str:
    return _kind(image.get("src", "").strip())


_IMAGE_FAULTS: tuple[tuple[str, Severity, str, Callable[[_Image], bool]], ...] = (
    (
        "data",
        Severity.WRONG,
        "메일 안에 넣은 그림이 {count}개 있습니다. Gmail은 보이지 않습니다: {first}",
        lambda image: image.get("src", "").strip().lower().startswith(("data:", "cid:")),
    ),
    (
        "source",
        Severity.WRONG,
        "온전한 주소가 없는 그림이 {count}개 있습니다: {first}",
        lambda image: (
            _source(image) in ("empty", "relative", "secret", "broken")
            and not image.get("src", "").strip().lower().startswith(("data:", "cid:"))
        ),
    ),
    (
        "inner",
        Severity.WRONG,
        "바깥에서 열 수 없는 주소의 그림이 {count}개 있습니다: {first}",
        lambda image: _source(image) == "inner",
    ),
    (
        "plain",
        Severity.WARNING,
        "https가 아닌 그림이 {count}개 있습니다: {first}",
        lambda image: _source(image) == "plain",
    ),
    (
        "alt",
        Severity.WRONG,
        "대체 글(alt)이 없는 그림이 {count}개 있습니다: {first}",
        lambda image: "alt" not in image,
    ),
    (
        "measure",
        Severity.WARNING,
        "너비나 높이가 없는 그림이 {count}개 있습니다: {first}",
        lambda image: not _sized(image),
    ),
)


# --- words -----------------------------------------------------------------------------------


def judge_page(page: Page) -> Iterator[Verdict]:
    """What mail programs cut out of a page, and the language that it is read aloud in."""
    dead = sorted({node.tag or "" for node in page.nodes(", ".join(_DEAD))})
    if dead:
        says = say("메일 프로그램이 빼 버리는 요소가 있습니다: {tags}", tags=", ".join(dead))
        yield Severity.WRONG, "text-elements", says, "Gmail"
    if page.language in ("", "und"):
        yield Severity.WARNING, "text-language", say("HTML에 lang이 없습니다."), "WCAG 2.2 §3.1.1"


def judge_text(html: str, text: str, titles: Sequence[str]) -> Iterator[Verdict]:
    """Whether the two parts say the same; `html` is what readers see of the page, `titles` its headlines."""
    if not text.strip():
        yield Severity.WRONG, "text-empty", say("글 부분이 비어 있습니다."), "RFC 2046 §5.1.4"
        return
    theirs, ours = _vocabulary(html), _vocabulary(text)
    both = len(theirs & ours)
    if both < _ALIKE * len(theirs) or both < _ALIKE * len(ours):
        says = say("글 부분과 HTML의 낱말이 많이 다릅니다. 스팸으로 의심받습니다.")
        yield Severity.WARNING, "text-differs", says, "rspamd R_PARTS_DIFFER"
    for name, part in (("HTML", html), ("text", text)):
        squeezed = _squeezed(part)
        left = [title for title in titles if _squeezed(title) not in squeezed]
        if left:
            says = say(
                "{part} 부분에 기사 {all}건 가운데 {count}건의 제목이 없습니다: {first}",
                part=name,
                all=len(titles),
                count=len(left),
                first=left[0][:_SHOWN],
            )
            yield Severity.WARNING, "text-stories", says, ""


def judge_way_out(page_links: Sequence[str], text: str, url: str | None) -> Iterator[Verdict]:
    """Whether whoever reads either part can leave by the link that the header names."""
    rule = "정보통신망법 제50조, Gmail, Naver"
    if url is None:
        return
    missing = [name for name, there in (("HTML", url in page_links), ("text", url in text)) if not there]
    for name in missing:
        yield Severity.WRONG, "unsubscribe-link", say("{part} 부분에 수신거부 링크가 없습니다.", part=name), rule
    if not missing:
        yield Severity.FINE, "unsubscribe-link", say("머리와 본문에 같은 수신거부 링크가 있습니다."), rule


def _vocabulary(text: str) -> set[str]:
    return set(_WORDS.findall(unicodedata.normalize("NFC", text).lower()))


def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())
