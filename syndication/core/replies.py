"""Tells what a reader's answer is: written by a machine, a wish to get no more mail, or words for the newsroom.

It knows no reader: who wrote, the address it came to has to tell, never the From line.
"""

from __future__ import annotations

import re
from email.utils import parseaddr

from syndication.core import incoming
from syndication.core.incoming import Part

LONGEST_WISH = 160  # characters: a wish to leave is short; in a longer letter the words may mean anything

# --- machines --------------------------------------------------------------------------------

_ROBOT_FIELDS = (
    *("x-autoreply", "x-autoreply-from", "x-autorespond", "x-autoresponder", "x-autorespondername", "x-auto-reply"),
    *("x-mail-autoreply", "x-ms-exchange-inbox-rules-loop", "list-id", "list-unsubscribe", "x-loop", "x-cron-env"),
)
_ROBOT_PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_ROBOT_NAMES = re.compile(
    r"(?:mailer[-_]?daemon|postmaster|no[-_.]?reply|do[-_.]?not[-_.]?reply|auto[-_]?(?:reply|responder)|bounce[sd]?)\b",
    re.IGNORECASE,
)
_ROBOT_SUBJECT = re.compile(  # how vacation programs begin; a reader's answer begins with Re: and our own words
    r"[\s\[(【<]*(?:auto(?:matic|mated)?[ -]?(?:reply|response|responder)|autoreply|auto:|out of (?:the )?office"
    r"|away from (?:my|the) (?:mail|office|desk)|on vacation|vacation|i am (?:currently )?(?:away|out)"
    r"|부재 ?중|자동 ?(?:응답|회신|답장|답변|발송)|휴가 ?(?:중|안내|로)|출장 ?(?:중|안내|으로)"
    r"|수신 ?확인|읽음 ?:|read:)",
    re.IGNORECASE,
)


def automatic(mail: Part, sender: str | None = None) -> bool:
    """Whether a machine answered (RFC 3834): such mail is answered, read and passed on by nobody.

    `sender` is the envelope's; "" is the null sender that machines are to use."""
    submitted = mail.value("auto-submitted").lower()
    return (
        sender == ""
        or mail.value("return-path").replace(" ", "") == "<>"
        or (submitted != "" and not submitted.startswith("no"))
        or mail.value("precedence").lower() in _ROBOT_PRECEDENCE
        or any(mail.value(name) for name in _ROBOT_FIELDS)
        or mail.kind in ("multipart/report", "message/disposition-notification")
        or _ROBOT_NAMES.match(parseaddr(mail.value("from"))[1]) is not None
        or _ROBOT_SUBJECT.match(mail.words("subject")) is not None
    )


# --- the reader's own words ------------------------------------------------------------------

_QUOTED = re.compile(r"\s*[>|｜]")
_HERE_BEGINS_OURS = re.compile(
    r"\s*(?:-{2,}|_{5,}|={5,})\s*(?:(?:original|forwarded)\s+message|원본\s*(?:메시지|메일)|전달된\s*(?:메시지|메일))"
    r"|\s*_{10,}\s*$"
    r"|\s*(?:on|le|am)\b.{0,200}\b(?:wrote|écrit|schrieb)\s*:?\s*$"
    r"|.{0,200}(?:님이|님의|에서|께서)\s*.{0,40}(?:작성|썼습니다|쓴 글|쓰셨|보낸 메시지)\s*.{0,20}:?\s*$"
    r"|\s*\d{4}\s*[년.\-/].{0,200}[<＜].{0,200}@.{0,200}[>＞].{0,40}:?\s*$"
    r"|\s*(?:from|보낸\s*사람|보낸\s*이|발신|발신자)\s*:.{0,300}$",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"-- ?$|\s*(?:sent from my|get outlook for|나의 \S+에서 보냄|iphone에서 보냄|.{0,20}에서 보냄\s*$)", re.I
)
_MOST_LINES = 400


def own_words(mail: Part) -> str:
    """What the writer says, without the mail that is answered and without a signature."""
    texts = [part for part in incoming.spoken(mail) if part.kind.startswith("text/") and not part.attached]
    plain = next((part for part in texts if part.kind == "text/plain" and part.body.strip()), None)
    page = next((part for part in texts if part.kind == "text/html"), None)
    if plain is not None:
        return _unquoted(plain.text())
    return "" if page is None else _unquoted(incoming.text_of_html(page.text()))


def _unquoted(text: str) -> str:
    said: list[str] = []
    lines = text.split("\n")[:_MOST_LINES]
    for number, line in enumerate(lines):
        if _SIGNATURE.match(line[:400]):
            break
        if _HERE_BEGINS_OURS.match(line[:800]):
            if not _is_quoted(lines, number + 1):
                break  # what follows is the old mail, line by line
        elif not _QUOTED.match(line):
            said.append(line.strip())
    return "\n".join(said).strip()


def _is_quoted(lines: list[str], start: int) -> bool:
    """Whether the next words are marked as quoted, so that own words may come after them."""
    following = next((line for line in lines[start : start + 5] if line.strip()), "")
    return _QUOTED.match(following) is not None


# --- the wish to leave -----------------------------------------------------------------------

_LEAVING = r"(?:수신\s*(?:거부|거절)|(?:수신|구독)\s*(?:을|를)?\s*(?:취소|해지|중단|중지|철회|해제)|탈퇴)"
_ASKED = (  # how such words are asked for, and not spoken about
    r"(?:합니|할[게래]|하겠|하고\s*싶|하려|해\s*[주달]|해요|해라|부탁|요청|신청|원해|원합|바라|바랍|처리|희망|좀|요\b|입니다|[.!,~]|$)"
)
_LETTERS = r"(?:메일|뉴스레터|소식지?|레터|다이제스트|더\s*이상|더는|이제|앞으로|다시는)"
_WISH = re.compile(
    rf"{_LEAVING}\s*(?:을|를|로)?\s*{_ASKED}"
    r"|그만\s*(?:좀\s*)?(?:보내|받)"
    rf"|{_LETTERS}.{{0,10}}(?:(?:보내|발송하)지\s*(?:좀\s*)?(?:마|말)|받고\s*싶지\s*않|받지\s*않|안\s*받|(?:끊|빼|삭제해)\s*주)"
    r"|\bunsubscribe\b|\bremove me\b|\bstop (?:sending|mailing|emailing)\b|\bopt[ -]?out\b|^\s*stop[.!]?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_A_WISH = re.compile(  # refused, taken back, or asked about
    r"(?:거부|거절|취소|해지|중단|중지|철회|해제|탈퇴)\s*(?:는|은|을|를)?\s*(?:하지|안\s*[하할]|않|말고|아니|아닙|취소|철회|해제)"
    r"|어떻게|방법|왜|언제|어디|[?？]|다시\s*(?:보내\s*주|받고\s*싶|구독|신청)"
    r"|(?:don'?t|do not|not|never|how|why)\b.{0,30}\b(?:unsubscribe|opt[ -]?out|remove|stop)",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"\s*(?:(?:re|fw|fwd|aw|답장|회신|전달)\s*(?:\[\d+\])?\s*[:：]\s*)*", re.IGNORECASE)
_SIGNS = re.compile(r"[\s.,!~♥^\-_'\"“”‘’…()\[\]]+")
_POLITE = re.compile(
    r"부탁|드립니다|드려요|합니다|해주세요|해주십시오|주세요|주십시오|요청|신청|please|바랍니다|요$", re.IGNORECASE
)
_WORDS_ALONE = re.compile(rf"{_LEAVING}|그만보내|unsubscribe|stop|optout", re.IGNORECASE)


def wants_to_leave(mail: Part) -> bool:
    """Whether the writer asks for no more mail: in a short letter of own words, or by a subject that says only this.

    In doubt it is no wish: the newsroom reads it then."""
    said = own_words(mail)
    if len(said) <= LONGEST_WISH and _WISH.search(said):
        return _NOT_A_WISH.search(said) is None
    return said == "" and _says_only_so(mail.words("subject"))


def _says_only_so(subject: str) -> bool:
    bare = _PREFIX.sub("", subject[:200], count=1)
    return _WORDS_ALONE.fullmatch(_POLITE.sub("", _SIGNS.sub("", bare))) is not None
