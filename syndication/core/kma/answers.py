"""Reads an answer of the Korea Meteorological Administration's open API into its items, or into why there are none.

It does not know what was asked; `kma` checks that and turns items into weather.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from lxml import etree

SEOUL = ZoneInfo("Asia/Seoul")


class Act(StrEnum):
    """What to do about an answer without values."""

    LATER = "ask again later"
    ONE_SLOT_BACK = "ask for the issue before"
    NEVER = "do not ask this again"
    OPERATOR = "the operator must change something"
    NEXT_DAY = "stop until the next day"


class Refused(Exception):
    """An answer that gives no values. `code` is the service's own, None where it named none."""

    def __init__(self, message: str, act: Act, code: str | None = None) -> None:
        super().__init__(f"{code} {message}" if code else message)
        self.said = message
        self.act = act
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One value. `base` is the issue as printed (202601200500); `at` the instant forecast, None for an observation."""

    category: str
    value: str
    base: str
    nx: int
    ny: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of an answer; `total` is how many items all pages hold, None when the service does not say."""

    items: tuple[Item, ...]
    total: int | None


# 공공데이터포털 OpenAPI 활용가이드, error codes: the gateway's word for each and what helps.
_CODES: Mapping[str, tuple[str, Act]] = {
    "01": ("APPLICATION_ERROR", Act.LATER),
    "02": ("DB_ERROR", Act.LATER),
    "03": ("NO_DATA", Act.ONE_SLOT_BACK),
    "04": ("HTTP_ERROR", Act.LATER),
    "05": ("SERVICETIME_OUT", Act.LATER),
    "10": ("INVALID_REQUEST_PARAMETER", Act.NEVER),
    "11": ("NO_MANDATORY_REQUEST_PARAMETERS", Act.NEVER),
    "12": ("NO_OPENAPI_SERVICE", Act.OPERATOR),
    "20": ("SERVICE_ACCESS_DENIED", Act.OPERATOR),
    "21": ("TEMPORARILY_DISABLE_THE_SERVICEKEY", Act.OPERATOR),
    "22": ("LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS", Act.NEXT_DAY),
    "30": ("SERVICE_KEY_IS_NOT_REGISTERED", Act.OPERATOR),
    "31": ("DEADLINE_HAS_EXPIRED", Act.OPERATOR),
    "32": ("UNREGISTERED_IP", Act.OPERATOR),
    "33": ("UNSIGNED_CALL", Act.OPERATOR),
    "99": ("UNKNOWN", Act.LATER),
}
_OK = "00"
_TOO_MUCH_ASKED = re.compile(r"최대\s*조회|최근\s*\d+\s*일")  # told under 99 as well as under 10
_LONGEST_MESSAGE = 120


def read_page(body: bytes, *, status: int = 200) -> Page:
    """The items of one answer of the short-term forecast. Raises Refused."""
    return _page(read_body(body, status=status))


def read_body(body: bytes, *, status: int = 200) -> Mapping[str, object]:
    """What a service of data.go.kr says, below response/body, whatever its HTTP status says: errors come with 200 and
    values never without code 00.

    The answer may be JSON or XML, whichever was asked for, or plain text. Raises Refused.
    """
    text = decoded(body).strip()
    if text.startswith("{"):
        tree = _json(text)
    elif text.startswith("<"):
        tree = _xml(text)
    else:
        raise plain_refusal(text, status)
    _check_code(tree, status)
    found = _at(tree, "response", "body")
    if not isinstance(found, Mapping):
        raise Refused("the answer has no body", Act.LATER, _OK)
    return found


def records(body: Mapping[str, object]) -> tuple[Mapping[str, str], ...]:
    """The items of a body as texts by name, wherever the service puts them; totalCount may be 0 beside them.

    `items` is a list, or holds `item`; that is no list when there is one, and `items` is "" when there are none."""
    items = body.get("items")
    found = items.get("item") if isinstance(items, Mapping) else items
    raw = found if isinstance(found, list) else [found]
    return tuple({str(k): _text(v) for k, v in one.items()} for one in raw if isinstance(one, Mapping))


# --- from bytes to one shape -----------------------------------------------------------------


def decoded(body: bytes) -> str:
    """UTF-8, else the Korean code page that older services write (CP949, which holds all of EUC-KR)."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp949", "replace")


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("the answer is not readable JSON", Act.LATER) from None


def _xml(text: str) -> object:
    """The same shape as JSON gives; the root element is the one key."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Refused("the answer is not readable XML", Act.LATER) from None
    if not isinstance(root.tag, str):
        raise Refused("the answer is not readable XML", Act.LATER)
    return {_name(root): _tree(root)}


def _tree(element: etree._Element) -> object:
    """Text of a leaf, else a mapping; what stands there several times becomes a list. lxml bounds the depth to 256."""
    found: dict[str, list[object]] = {}
    for child in element:
        if isinstance(child.tag, str):
            found.setdefault(_name(child), []).append(_tree(child))
    if not found:
        return (element.text or "").strip()
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _at(tree: object, *path: str) -> object:
    """What stands at a path of names, None where the answer has another shape."""
    for name in path:
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree


def _text(value: object) -> str:
    """A leaf as text: values come as strings, sometimes as numbers."""
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


# --- refusals --------------------------------------------------------------------------------


def _check_code(tree: object, status: int) -> None:
    """Raises what the service or its gateway said, unless it said 00."""
    header = _at(tree, "response", "header")
    gateway = _at(tree, "OpenAPI_ServiceResponse", "cmmMsgHeader")
    code = _text(_at(header, "resultCode")) or _text(_at(gateway, "returnReasonCode"))
    said = [
        _text(word)
        for word in (_at(header, "resultMsg"), _at(gateway, "returnAuthMsg"), _at(gateway, "errMsg"))
        if _text(word)
    ]
    message = " / ".join(said)
    if code.zfill(2) == _OK and header is not None:
        return
    if code or message:
        raise _refusal(code, message, status)
    raise plain_refusal("the answer has another shape than documented", status)


def _refusal(code: str, message: str, status: int) -> Refused:
    code = code.zfill(2) if code else _code_named(message)
    if code not in _CODES:
        return plain_refusal(message, status)
    name, act = _CODES[code]
    if code == "99" and _TOO_MUCH_ASKED.search(message):
        act = Act.NEVER
    return Refused((message or name)[:_LONGEST_MESSAGE], act, code)


def plain_refusal(text: str, status: int) -> Refused:
    """For an answer without a code: a word of the gateway in it, else its HTTP status."""
    code = _code_named(text)
    if code:
        return Refused(_CODES[code][0], _CODES[code][1], code)
    act = Act.OPERATOR if status in (401, 403, 404) else Act.LATER
    told = "the answer is a page of HTML" if text.lstrip().lower().startswith(("<!doctype", "<html")) else text
    words = " ".join(told.split())[:_LONGEST_MESSAGE] or "the answer is empty"
    return Refused(f"{words} (HTTP {status})", act)


def _code_named(text: str) -> str:
    """The code whose name a message holds, or nothing."""
    upper = text.upper().replace("NODATA", "NO_DATA")
    return next((code for code, (name, _) in _CODES.items() if len(name) > len("UNKNOWN") and name in upper), "")


# --- items -----------------------------------------------------------------------------------


def _page(body: Mapping[str, object]) -> Page:
    found = _at(body, "items", "item")  # `items` is "" when there are none; `item` is no list when there is one
    raw: Sequence[object] = found if isinstance(found, list) else [found]
    total = _text(body.get("totalCount"))
    return Page(
        items=tuple(item for item in map(_item, raw) if item is not None),
        total=int(total) if total.isascii() and total.isdigit() and len(total) < 9 else None,
    )


def _item(raw: object) -> Item | None:
    """One value, None when it is not of the documented form."""
    category, day, hour = (_text(_at(raw, name)) for name in ("category", "baseDate", "baseTime"))
    nx, ny = _whole(_at(raw, "nx")), _whole(_at(raw, "ny"))
    if not category or not day or nx is None or ny is None:
        return None
    value = _at(raw, "fcstValue")
    return Item(
        category=category.upper(),
        value=_text(_at(raw, "obsrValue") if value is None else value),
        base=day + hour.zfill(4),
        nx=nx,
        ny=ny,
        at=instant(_text(_at(raw, "fcstDate")), _text(_at(raw, "fcstTime"))),
    )


def _whole(value: object) -> int | None:
    text = _text(value)
    return int(text) if re.fullmatch(r"\d{1,4}", text, re.ASCII) else None


def instant(day: str, hour: str) -> datetime | None:
    """20260120 and 0500 in Seoul; 2400 is midnight of the next day."""
    if not re.fullmatch(r"\d{8}", day, re.ASCII) or not re.fullmatch(r"\d{1,4}", hour, re.ASCII):
        return None
    hours, minutes = divmod(int(hour), 100)
    if hours > 24 or minutes > 59:
        return None
    try:
        return datetime.strptime(day, "%Y%m%d").replace(tzinfo=SEOUL) + timedelta(hours=hours, minutes=minutes)
    except (ValueError, OverflowError):
        return None
