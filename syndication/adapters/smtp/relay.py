"""Which relay mail is handed to, and how: one value that refuses what cannot be safe.

It opens no connection.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from syndication.ports import Permanent

ANSWER_TIME = timedelta(seconds=30)
MESSAGE_TIME = timedelta(seconds=50)
IDLE_TIME = timedelta(seconds=60)
BACK_OFF = timedelta(seconds=1)
LONGEST_BACK_OFF = timedelta(minutes=1)
MOST_CONNECTIONS = 100

_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")


class Tls(StrEnum):
    NONE = "none"  # loopback only
    STARTTLS = "starttls"
    IMPLICIT = "implicit"  # from the first byte


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mail is handed over. Raises Permanent for a combination that cannot work or would send in the clear."""

    host: str
    port: int = 25
    tls: Tls = Tls.NONE
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    hello: str = "localhost"  # the name we give in EHLO
    timeout: timedelta = ANSWER_TIME  # for one answer
    total: timedelta = MESSAGE_TIME  # for one message, connecting included; the lease has to outlast it
    connections: int = 1  # at once, in each call; fewer after refusals
    messages_per_connection: int = 100
    idle: timedelta = IDLE_TIME  # a connection unused for longer is not used again
    back_off: timedelta = BACK_OFF  # after a connection was refused; doubled by each further refusal, up to a minute
    ca_file: str | None = None  # certificates to trust instead of the system's

    def __post_init__(self) -> None:
        if self.tls is Tls.NONE and not is_loopback(self.host):
            raise Permanent(f"relay {self.host}: without encryption only a relay on this machine may be used")
        if not 0 < self.port < 65536:
            raise Permanent(f"relay {self.host}: {self.port} is no port")
        if (self.user is None) != (self.password is None):
            raise Permanent(f"relay {self.host}: user and password go together")
        if not 0 < self.connections <= MOST_CONNECTIONS or self.messages_per_connection < 1:
            raise Permanent(
                f"relay {self.host}: 1 to {MOST_CONNECTIONS} connections, and at least one message over each"
            )
        if not _HOST.fullmatch(self.hello):
            raise Permanent(f"relay {self.host}: {self.hello!r} is no host name to say EHLO with (plain ASCII)")


def is_loopback(host: str) -> bool:
    """Whether a host, by name or number, is this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
