"""A reader's body from blocks that were transfer-encoded once: fixed words are shared, only the slots are encoded.

It says exactly what `email.join` says, octet for octet, in either encoding; it writes no header and signs nothing.

Nothing is padded. Quoted-printable ends every piece at a soft line break of its own. Base64 turns three octets into
four letters, so a fixed piece is kept in three forms, one for each number of octets the piece before may leave over;
the few octets between two fixed pieces are encoded with the slots.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

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
_PLAIN_ADDRESS = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::[0-9]+)?/[A-Za-z0-9/._~-]*")  # nothing to encode in it


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Words that all readers share, encoded once."""

    octets: bytes
    printable: bytes = b""
    base64: tuple[tuple[bytes, bytes, bytes], ...] = ()  # by the octets still wanted: head, whole lines, tail


class _Value(NamedTuple):
    """What is put into a slot."""

    octets: bytes
    printable: bytes


_Keys = tuple[str, ...]  # of blocks: a Recipe
_Values = Mapping[str, _Value]  # by the names of slots
_Seam = tuple[int, bytes, str, bytes]  # place among the codes, and the slot with the octets encoded along with it


@dataclass(frozen=True, slots=True)
class _Plan:
    """A block: what is fixed in it, and the names of its slots."""

    pieces: tuple[_Fixed | str, ...]
    printable: tuple[bytes, ...]  # the pieces in quoted-printable, nothing for slots
    slots: tuple[tuple[int, str], ...]  # their places among the pieces, and their names

    @property
    def begins(self) -> bool:
        """Whether text may begin with it: with a word, whatever is put into the slots."""
        first = self.pieces[0] if self.pieces else ""
        return isinstance(first, _Fixed) and not first.octets.startswith(b"\r\n")

    @property
    def ends(self) -> bool:
        """Whether text may end with it: with a word and one line break."""
        last = self.pieces[-1] if self.pieces else ""
        if not isinstance(last, _Fixed) or len(last.octets) <= 2:
            return False
        return last.octets.endswith(b"\r\n") and not last.octets.endswith(b"\r\n\r\n")

    @property
    def closes(self) -> bool:
        """Whether a part may end with it: with what is fixed."""
        return bool(self.pieces) and isinstance(self.pieces[-1], _Fixed)


@dataclass(frozen=True, slots=True)
class _Woven:
    """A part as far as the readers of a Recipe share it: its pieces, and what is to be encoded between them."""

    codes: list[bytes]
    seams: tuple[_Seam, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The blocks of one part in their travelling form."""

    encoding: str
    plans: Mapping[str, _Plan]
    strips: bool  # text begins and ends as `email.join` leaves it
    kept: Callable[[_Keys, tuple[int, ...]], _Woven | None]

    def of(self, recipe: _Keys, values: _Values) -> mime.Part:
        """This part of one reader's mail."""
        in_base64 = self.encoding == "base64"
        phases = tuple([len(value.octets) % 3 for value in values.values()]) if in_base64 else ()
        woven = self.kept(recipe, phases) or self._filled(recipe, values)
        pieces = woven.codes.copy()
        for at, before, name, after in woven.seams:
            value = values[name]
            pieces[at] = _lines(before + value.octets + after) if in_base64 else value.printable
        if in_base64:
            pieces = [b"".join(pieces)]  # many are small
        return mime.Part(encoding=self.encoding, pieces=pieces)

    def _filled(self, recipe: _Keys, values: _Values) -> _Woven:
        """The pieces where no other reader can share their order."""
        run = [piece for key in recipe for piece in self.plans[key].pieces]
        whole = b"".join([values[piece].octets if isinstance(piece, str) else piece.octets for piece in run])
        whole = whole.strip(b"\r\n") + b"\r\n" if self.strips else whole
        in_base64 = self.encoding == "base64"
        return _Woven([_ended(_lines(whole)) if in_base64 else _ended(_printable(whole), b"=\r\n")], ())


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
    text, html = {}, {}
    for name in SLOTS:
        given = getattr(slots, name)
        text[name], html[name] = _address(name, given) if name.endswith("_url") else _words(given)
    return prepared.text.of(recipe.blocks, text), prepared.html.of(recipe.blocks, html)


@lru_cache(maxsize=256)  # mails that share them come one after the other
def _words(given: str) -> tuple[_Value, _Value]:
    """A slot's words for text and for HTML."""
    return _both(email.value("", given))


def _address(name: str, given: str) -> tuple[_Value, _Value]:
    if not _PLAIN_ADDRESS.fullmatch(given):
        return _both(email.value(name, given))
    octets = given.encode()
    value = _Value(octets, _in_soft_lines(octets))
    return value, value


def _both(plain: str) -> tuple[_Value, _Value]:
    text, html = plain.encode(), escape(plain).encode()
    return _Value(text, _printable(text)), _Value(html, _printable(html))


# --- once per Issue --------------------------------------------------------------------------


def _part(blocks: Mapping[str, str], encoding: str | None, *, strips: bool) -> _Part:
    bare = {key: _pieces(key, words) for key, words in blocks.items()}
    encoding = encoding or _shorter(bare.values())
    plans = {key: _plan([_encoded(encoding, piece) for piece in pieces]) for key, pieces in bare.items()}
    first = {key for key, plan in plans.items() if not strips or plan.begins}
    last = {key for key, plan in plans.items() if (plan.ends if strips else plan.closes)}

    @lru_cache(maxsize=RECIPES)  # here, so that it goes when the Issue does
    def kept(recipe: _Keys, phases: tuple[int, ...]) -> _Woven | None:
        try:
            run = [plans[key] for key in recipe]
        except KeyError as missing:
            key = missing.args[0]
            raise email.MissingBlock(f"the issue has no block {key!r}; it has {', '.join(plans)}") from None
        if not recipe or recipe[0] not in first or recipe[-1] not in last:
            return None  # it hangs on the reader's own words where it begins or ends
        return _in_base64(run, dict(zip(SLOTS, phases, strict=True))) if encoding == "base64" else _in_printable(run)

    return _Part(encoding, plans, strips, kept)


def _plan(pieces: Sequence[_Fixed | str]) -> _Plan:
    codes = [b"" if isinstance(piece, str) else piece.printable for piece in pieces]
    slots = [(n, piece) for n, piece in enumerate(pieces) if isinstance(piece, str)]
    return _Plan(tuple(pieces), tuple(codes), tuple(slots))


def _pieces(key: str, words: str) -> tuple[_Fixed | str, ...]:
    pieces = SLOT.split(_BREAKS.sub("\n", words))
    unknown = [name for name in pieces[1::2] if name not in SLOTS]
    if unknown:
        raise email.BadSlot(f"block {key!r} has a slot {unknown[0]!r}; there are {', '.join(SLOTS)}")
    return tuple([p if n % 2 else _Fixed(mime.canonical(p)) for n, p in enumerate(pieces) if p])


def _encoded(encoding: str, piece: _Fixed | str) -> _Fixed | str:
    if isinstance(piece, str):
        return piece
    if encoding == "base64":
        return _Fixed(piece.octets, base64=tuple([_in_triples(piece.octets, wanted) for wanted in range(3)]))
    return _Fixed(piece.octets, printable=_printable(piece.octets))


def _in_triples(octets: bytes, wanted: int) -> tuple[bytes, bytes, bytes]:
    """What is to be said with the piece before, the lines of whole triples, and what is left over (0 to 2 octets)."""
    end = wanted + max(0, len(octets) - wanted) // 3 * 3
    return octets[:wanted], _lines(octets[wanted:end]), octets[end:]


def _shorter(blocks: Iterable[tuple[_Fixed | str, ...]]) -> str:
    fixed = [piece.octets for pieces in blocks for piece in pieces if isinstance(piece, _Fixed)]
    printable = sum(len(_printable(octets)) for octets in fixed)
    base64 = sum(map(len, fixed)) * 78 // _ROW
    return "quoted-printable" if printable <= base64 else "base64"


# --- once per Recipe -------------------------------------------------------------------------


def _in_printable(run: Sequence[_Plan]) -> _Woven:
    codes, seams = list[bytes](), list[_Seam]()
    for plan in run:
        if plan.slots:
            seams += [(len(codes) + n, b"", name, b"") for n, name in plan.slots]
        codes += plan.printable
    codes[-1] = _ended(codes[-1], b"=\r\n")
    return _Woven(codes, tuple(seams))


def _in_base64(run: Sequence[_Plan], sizes: Mapping[str, int]) -> _Woven | None:
    """None where too few fixed octets stand between two slots or after the last."""
    codes, seams = list[bytes](), list[_Seam]()
    slot, before, loose, over = "", b"", b"", 0  # what is not encoded yet, and how long that is, in threes
    for plan in run:
        for piece in plan.pieces:
            if isinstance(piece, str):
                if slot:
                    return None
                slot, before, loose, over = piece, loose, b"", len(loose) + sizes[piece]
                continue
            head, middle, tail = piece.base64[-over % 3]
            if not middle:
                loose, over = loose + piece.octets, over + len(piece.octets)
                continue
            if slot:
                seams.append((len(codes), before, slot, loose + head))
                codes.append(b"")
            elif loose or head:
                codes.append(_joint(loose + head))
            codes.append(middle)
            slot, loose, over = "", tail, len(tail)
    if slot:
        return None
    codes[-1:] = [_ended(codes[-1] + _lines(loose))] if codes else [_ended(_lines(loose))]
    return _Woven(codes, tuple(seams))


def _ended(code: bytes, end: bytes = b"\r\n") -> bytes:
    """Without the line's end, which belongs to what comes after the part."""
    return code.removesuffix(end)


# --- encoding --------------------------------------------------------------------------------


def _lines(octets: bytes) -> bytes:
    """Base64 in lines of 76 columns, each with its CRLF."""
    code = binascii.b2a_base64(octets, newline=False)
    if len(code) <= _COLUMNS:
        return code and code + b"\r\n"
    return b"".join([code[n : n + _COLUMNS] + b"\r\n" for n in range(0, len(code), _COLUMNS)])


_joint = lru_cache(maxsize=512)(_lines)  # the octets between two fixed pieces: mostly one triple


def _in_soft_lines(octets: bytes) -> bytes:
    """Quoted-printable of octets that stand for themselves wherever they are: no blanks, no `=`."""
    if _COLUMNS <= len(octets) < 2 * _COLUMNS - 1:
        return octets[: _COLUMNS - 1] + b"=\r\n" + octets[_COLUMNS - 1 :] + b"=\r\n"
    return b"".join([octets[n : n + _COLUMNS - 1] + b"=\r\n" for n in range(0, len(octets), _COLUMNS - 1)])


def _printable(octets: bytes) -> bytes:
    """Quoted-printable that ends with a line: at a soft break where the octets end within one.

    No line begins with `From `, which some mail stores change."""
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
