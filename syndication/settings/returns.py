"""Where mail comes back to: the table [mail.returns], a mailbox that is looked into, or a port that is listened on.

It opens neither, and resolves no secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syndication.core.addresses import is_loopback
from syndication.settings import kinds
from syndication.settings.fields import Tls
from syndication.settings.kinds import Read
from syndication.settings.problems import Wrong

EXAMPLE = '{ imap = "imap.garam.example", user_from = "RETURNS_USER", password_from = "RETURNS_PASSWORD" }'
_PORT = kinds.whole(1, 65535)


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Ways by which mail comes back, one or both."""

    imap: str | None = None  # host of the mailbox
    port: int = 993
    tls: Tls = Tls.IMPLICIT
    user_from: str | None = None
    password_from: str | None = None
    folder: str = "INBOX"
    listen: int | None = None  # port of ours
    host: str = "127.0.0.1"
    protocol: str = "smtp"
    replies: bool = False
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


_READ: Mapping[str, Read] = {
    "imap": kinds.host,
    "port": _PORT,
    "tls": kinds.choice(Tls),
    "user_from": kinds.environment_name,
    "password_from": kinds.environment_name,
    "folder": kinds.text,
    "listen": _PORT,
    "host": kinds.host,
    "protocol": kinds.choice(("smtp", "lmtp")),
    "replies": kinds.flag,
}


def returns(value: Any) -> Returns:
    """The table as read. Raises Wrong."""
    if not isinstance(value, Mapping):
        raise Wrong(f"this is {kinds.shown(value)}, where a table is expected", EXAMPLE)
    unknown = next((key for key in value if key not in _READ), None)
    if unknown is not None:
        raise Wrong(f'there is no "{unknown}" here; there are {", ".join(_READ)}', EXAMPLE)
    read = Returns(**{key: _READ[key](given) for key, given in value.items()})
    _judge(read)
    return read


def _judge(read: Returns) -> None:
    if read.imap is None and read.listen is None:
        raise Wrong("neither imap nor listen is here: mail would come back to nobody", EXAMPLE)
    if read.imap is not None and (read.user_from is None or read.password_from is None):
        raise Wrong("a mailbox needs user_from and password_from", EXAMPLE)
    if read.imap is not None and read.tls is Tls.NONE and not is_loopback(read.imap):
        raise Wrong("the password would travel to the mailbox unprotected", 'tls = "implicit"', whole=True)
