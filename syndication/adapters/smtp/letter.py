"""A mail made ready for the wire: checked, its addresses in wire form, its lines stuffed.

It sends nothing. What it lets through can neither break a conversation nor smuggle in another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from io import IncrementalNewlineDecoder

from syndication.core.links import BadAddress, envelope_address
from syndication.core.model import Outcome, Verdict
from syndication.ports import Mail

LINE_MAX = 998  # octets without CRLF, RFC 5321 section 4.5.3.1.6
_PIECE = 32768  # octets that stay in a processor's nearest cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail that any relay can be given."""

    mail: Mail
    sender: str  # as in MAIL FROM:<...>
    recipient: str
    body: bytes  # as DATA carries it, without the final dot
    size: int  # octets as RFC 1870 section 3 counts them: without stuffed dots
    until: timedelta  # on the clock of `elapsed`: when it must have its Outcome
    again: bool = False  # it was on its way over a connection that died before a word was said about it


def letter(mail: Mail, until: timedelta) -> Letter | Outcome:
    """The mail made ready, or the Outcome that says why no relay can be given it."""
    try:
        sender = _wire_form("sender", mail.sender)
        recipient = _wire_form("recipient", mail.recipient)
    except BadAddress as error:
        return Outcome(verdict=Verdict.REFUSED, reason=str(error))
    flaw = _flaw(mail.message)
    if flaw is not None:
        return Outcome(verdict=Verdict.REFUSED, reason=flaw)
    ended = mail.message if mail.message.endswith(b"\r\n") else mail.message + b"\r\n"
    body, size = dot_stuffed(ended), len(ended)
    return Letter(mail=mail, sender=sender, recipient=recipient, body=body, size=size, until=until)


def _wire_form(whose: str, address: str) -> str:
    try:
        return envelope_address(address)
    except BadAddress as error:
        raise BadAddress(f"the {whose}'s address cannot be written to: {error}") from None


def _flaw(message: bytes) -> str | None:
    """Why octets cannot be the content of a mail, if so."""
    if not message.isascii() or b"\0" in message:
        return "the message holds octets that SMTP cannot carry (it must be 7-bit)"
    if _breaks(message) not in ("\r\n", None):  # any other would smuggle commands past some relays
        return "the message holds a line break that is not CRLF"
    return "the message holds a line of more than 998 octets" if _has_long_line(message) else None


def _breaks(message: bytes) -> str | tuple[str, ...] | None:
    """The kinds of line breaks in a message, by the fastest reader of them that there is, piece by piece."""
    reader = IncrementalNewlineDecoder(None, translate=False)
    for start in range(0, len(message), _PIECE):
        reader.decode(message[start : start + _PIECE].decode("ascii"))
    reader.decode("", final=True)
    return reader.newlines


def _has_long_line(message: bytes) -> bool:
    """Whether a line has more than LINE_MAX octets. It hops from one line's end to another, passing over most lines."""
    start, hop = 0, LINE_MAX + len(b"\r\n")
    while len(message) - start > LINE_MAX:
        end = message.rfind(b"\n", start, start + hop)
        if end < 0:
            return True
        start = end + 1
    return False


def dot_stuffed(message: bytes) -> bytes:
    """The message as DATA carries it, without the final dot (RFC 5321 section 4.5.2); mostly the message itself."""
    last = message.rfind(b".")  # base64 has none: there is little left to look through
    if message.rfind(b"\r\n.", 0, last + 1) >= 0:
        message = message.replace(b"\r\n.", b"\r\n..")
    return b"." + message if message.startswith(b".") else message
