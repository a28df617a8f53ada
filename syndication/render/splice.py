"""A reader's body from blocks that were transfer-encoded once: fixed words are shared, only the slots are encoded.

It says exactly what `email.join` says, octet for octet, in either encoding; it writes no header and signs nothing.

Nothing is padded. Quoted-printable ends every piece at a soft line break of its own. Base64 turns three octets into
four letters, so a fixed piece is kept in three forms, one for each number of octets the piece before may leave over;
the few octets between two fixed pieces are encoded with the slots.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from syndication.core.model import Block, Recipe
from syndication.render import email, mime
from syndication.render.blocks import HARD, TooLarge, largest
from syndication.render.filling import SLOT, SLOTS
from syndication.render.mjml import escape

RECIPES = 512  # whose order of pieces is kept, some kilobytes each; readers who chose alike mostly follow each other

_ROW, _COLUMNS = 57, 76  # octets that make a base64 line, and its columns (RFC 2045 section 6.8)
_BREAKS = re.compile("\r\n?")
_FROM = re.compile(rb"^From ", re.MULTILINE)
_LAST = re.compile(rb"(?:=[0-9A-F]{2}|[^=])\Z")
_OVERLONG = re.compile(rb"^(.{74,})(=[0-9A-F]{2})$", re.MULTILINE)  # b2a_qp lets a blank before a line's end stick out
_AS_IT_IS = re.compile(rb"[!-<>-~]+")  # what quoted-printable leaves alone wherever it stands
_PLAIN_ADDRESS = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::[0-9]+)?/[A-Za-z0-9/._~-]*")  # nothing to escape in it


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Words that all readers share, encoded once."""

    octets: bytes
    printable: bytes = b""
    base64: tuple[tuple[bytes, bytes, bytes], ...] = ()  # by the octets still wanted: head, whole lines, tail


_Piece = _Fixed | bytes | str  # bytes: words that were not encoded yet; str: the name of a slot
_Plan = tuple[_Fixed | str, ...]  # a block
_Values = Mapping[str, bytes]  # of the slots, by name


@dataclass(frozen=True, slots=True)
class _Woven:
    """A part as far as the readers of a Recipe share it: its pieces, and what is to be encoded between them."""

    codes: list[bytes]
    seams: tuple[tuple[int, tuple[bytes | str, ...]], ...]  # place among the codes, and the words that belong there


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The blocks of one part in their travelling form."""

    encoding: str
    plans: Mapping[str, _Plan]
    strips: bool  # text begins and ends as `email.join` leaves it
    kept: Callable[[Recipe, tuple[int, ...]], _Woven | None]

    def of(self, recipe: Recipe, values: _Values) -> mime.Part:
        """This part of one reader's mail."""
        woven = self.kept(recipe, tuple([len(value) % 3 for value in values.values()]))
        if woven is None:
            woven = _weave(self.encoding, _stripped(_filled(_run(self.plans, recipe), values)), ())
        encode, end = _ENCODERS[self.encoding]
        pieces = woven.codes.copy()
        for at, words in woven.seams:
            pieces[at] = encode(b"".join([values[w] if isinstance(w, str) else w for w in words]))
        while pieces and not pieces[-1]:
            pieces.pop()
        if pieces:
            pieces[-1] = pieces[-1].removesuffix(end)
        return mime.Part(encoding=self.encoding, pieces=pieces)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """The blocks of an Issue in one language, ready to be spliced for any Recipe and reader."""

    html: _Part
    text: _Part


def prepare(
    blocks: Mapping[str, Block], *, html_encoding: str | None = None, text_encoding: str | None = None
) -> Prepared:
    """What every reader of these blocks shares, once per Issue, language and worker. Raises BadSlot and TooLarge.

    Each part takes the encoding that is shorter over all blocks. Line breaks of any kind become CRLF."""
    size = largest(tuple(blocks.values()))
    if size > HARD:
        raise TooLarge(f"the largest digest of these blocks has {size:,} bytes of HTML, more than {HARD:,}")
    return Prepared(
        html=_part({key: block.html for key, block in blocks.items()}, html_encoding, strips=False),
        text=_part({key: block.text for key, block in blocks.items()}, text_encoding, strips=True),
    )


def personal(prepared: Prepared, recipe: Recipe, slots: email.Slots) -> tuple[mime.Part, mime.Part]:
    """Text and HTML of a reader's digest, for `mime.join`. Raises email.MissingBlock and email.BadSlot."""
    values = [_address(n, getattr(slots, n)) if n.endswith("_url") else _words(getattr(slots, n)) for n in SLOTS]
    text = dict(zip(SLOTS, [plain for plain, _ in values], strict=True))
    html = dict(zip(SLOTS, [escaped for _, escaped in values], strict=True))
    return prepared.text.of(recipe, text), prepared.html.of(recipe, html)


@lru_cache(maxsize=256)  # mails that share them come one after the other
def _words(given: str) -> tuple[bytes, bytes]:
    """A slot's words for text and for HTML."""
    plain = email.value("", given)
    return plain.encode(), escape(plain).encode()


def _address(name: str, given: str) -> tuple[bytes, bytes]:
    if _PLAIN_ADDRESS.fullmatch(given):
        octets = given.encode()
        return octets, octets
    plain = email.value(name, given)
    return plain.encode(), escape(plain).encode()


# --- once per Issue --------------------------------------------------------------------------


def _part(blocks: Mapping[str, str], encoding: str | None, *, strips: bool) -> _Part:
    plans = {key: _plan(key, words) for key, words in blocks.items()}
    encoding = encoding or _shorter(plans)
    ready = {key: tuple([_encoded(encoding, piece) for piece in plan]) for key, plan in plans.items()}

    @lru_cache(maxsize=RECIPES)  # here, so that it goes when the Issue does
    def kept(recipe: Recipe, phases: tuple[int, ...]) -> _Woven | None:
        run = _run(ready, recipe)
        if strips and not _stripped_already(run):
            return None  # it hangs on the reader's own words where it begins and ends
        return _weave(encoding, run, phases)

    return _Part(encoding, ready, strips, kept)


def _plan(key: str, words: str) -> _Plan:
    pieces = SLOT.split(_BREAKS.sub("\n", words))
    unknown = [name for name in pieces[1::2] if name not in SLOTS]
    if unknown:
        raise email.BadSlot(f"block {key!r} has a slot {unknown[0]!r}; there are {', '.join(SLOTS)}")
    plan = (piece if n % 2 else _Fixed(mime.canonical(piece)) for n, piece in enumerate(pieces) if piece)
    return tuple(plan)


def _encoded(encoding: str, piece: _Fixed | str) -> _Fixed | str:
    if isinstance(piece, str):
        return piece
    if encoding == "base64":
        return _Fixed(piece.octets, base64=tuple([_in_base64(piece.octets, wanted) for wanted in range(3)]))
    return _Fixed(piece.octets, printable=_printable(piece.octets))


def _in_base64(octets: bytes, wanted: int) -> tuple[bytes, bytes, bytes]:
    """What is to be said with the piece before, the lines of whole triples, and what is left over (0 to 2 octets)."""
    end = wanted + max(0, len(octets) - wanted) // 3 * 3
    return octets[:wanted], _lines(octets[wanted:end]), octets[end:]


def _shorter(plans: Mapping[str, _Plan]) -> str:
    fixed = [piece.octets for plan in plans.values() for piece in plan if isinstance(piece, _Fixed)]
    printable = sum(len(_printable(octets)) for octets in fixed)
    base64 = sum(map(len, fixed)) * 78 // _ROW
    return "quoted-printable" if printable <= base64 else "base64"


# --- once per Recipe -------------------------------------------------------------------------


def _run(plans: Mapping[str, _Plan], recipe: Recipe) -> list[_Piece]:
    try:
        return [piece for key in recipe.blocks for piece in plans[key]]
    except KeyError as missing:
        key = missing.args[0]
        raise email.MissingBlock(f"the issue has no block {key!r}; it has {', '.join(plans)}") from None


def _filled(run: Sequence[_Piece], values: _Values) -> list[_Piece]:
    return [values[piece] if isinstance(piece, str) else piece for piece in run]


def _stripped_already(run: Sequence[_Piece]) -> bool:
    """Whether text begins with a word and ends with exactly one line break, whatever is put into the slots."""
    if not run or not isinstance(run[0], _Fixed) or not isinstance(run[-1], _Fixed):
        return False
    end = run[-1].octets
    ends = len(end) > 2 and end.endswith(b"\r\n") and not end.endswith(b"\r\n\r\n")
    return ends and not run[0].octets.startswith(b"\r\n")


def _stripped(run: list[_Piece]) -> list[_Piece]:
    """Without blank lines at its ends, with one line break at the last, as `email.join` leaves text."""
    whole = b"".join([piece.octets if isinstance(piece, _Fixed) else piece for piece in run])  # type: ignore[misc]
    return [whole.strip(b"\r\n") + b"\r\n"]


def _weave(encoding: str, run: Sequence[_Piece], phases: tuple[int, ...]) -> _Woven:
    """The pieces of a run, between them what is still to be encoded."""
    sizes = dict(zip(SLOTS, phases, strict=False))
    return _weave_base64(run, sizes) if encoding == "base64" else _weave_printable(run)


def _weave_printable(run: Sequence[_Piece]) -> _Woven:
    codes, seams = list[bytes](), []
    for piece in run:
        if isinstance(piece, str):
            seams.append((len(codes), (piece,)))
            codes.append(b"")
        else:
            codes.append(piece.printable if isinstance(piece, _Fixed) else _printable(piece))
    return _Woven(codes, tuple(seams))


def _weave_base64(run: Sequence[_Piece], sizes: Mapping[str, int]) -> _Woven:
    codes, seams = list[bytes](), list[tuple[int, tuple[bytes | str, ...]]]()
    words: list[bytes | str] = []  # since the last whole triple
    over = 0  # octets in them, in threes

    def sew() -> None:
        if any(isinstance(word, str) for word in words):
            seams.append((len(codes), tuple(words)))
            codes.append(b"")
        elif any(words):
            codes.append(_lines(b"".join(words)))  # type: ignore[arg-type]

    for piece in run:
        if isinstance(piece, _Fixed):
            head, middle, tail = piece.base64[-over % 3]
            if middle:
                words.append(head)
                sew()
                codes.append(middle)
                words, over = [tail], len(tail)
                continue
            piece = piece.octets
        words.append(piece)
        over += sizes[piece] if isinstance(piece, str) else len(piece)
    sew()
    return _Woven(codes, tuple(seams))


# --- encoding --------------------------------------------------------------------------------


def _lines(octets: bytes) -> bytes:
    """Base64 in lines of 76 columns, each with its CRLF."""
    code = binascii.b2a_base64(octets, newline=False)
    return b"".join([code[n : n + _COLUMNS] + b"\r\n" for n in range(0, len(code), _COLUMNS)])


def _printable(octets: bytes) -> bytes:
    """Quoted-printable that ends with a line: at a soft break where the octets end within one.

    No line begins with `From `, which some mail stores change."""
    if _AS_IT_IS.fullmatch(octets):
        return b"".join([octets[n : n + _COLUMNS - 1] + b"=\r\n" for n in range(0, len(octets), _COLUMNS - 1)])
    code = binascii.b2a_qp(octets.replace(b"\r\n", b"\n"), istext=True)
    if b"From " in code:
        code = _FROM.sub(b"=46rom=\n ", code)
    if b"=20" in code or b"=09" in code:
        code = _OVERLONG.sub(rb"\1=\n\2", code)
    lines = code.replace(b"\n", b"\r\n")
    if octets.endswith(b"\r\n") or not octets:
        return lines
    full = len(lines) - lines.rfind(b"\n") > 76  # no column is left for the soft break's sign
    return (_LAST.sub(rb"=\r\n\g<0>", lines) if full else lines) + b"=\r\n"


# How the words of a seam are encoded, and what ends the last line that the part does not need.
_ENCODERS: Mapping[str, tuple[Callable[[bytes], bytes], bytes]] = {
    "base64": (_lines, b"\r\n"),
    "quoted-printable": (_printable, b"=\r\n"),
}
