"""Asks the DNS for what domains publish about their mail, through the system's name servers or those named.

It judges nothing of what it is told, and keeps nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import dns.exception
import dns.name
import dns.resolver
import dns.reversename

from syndication.ports import Transient

_PAYLOAD = 1232  # octets over UDP that no path breaks up; what is longer comes over TCP
_MOST = 64  # records of one answer that are looked at: what is more is no mail domain's
_LONGEST = 16_384  # characters of one text, likewise


class DnsNames:
    """Implements ports.Names. `timeout` is for one question, retries and other servers included.

    `servers` are IP addresses to ask at `port` instead of the system's name servers."""

    def __init__(
        self, *, servers: Sequence[str] = (), port: int = 53, timeout: timedelta = timedelta(seconds=5)
    ) -> None:
        self._servers = tuple(servers)
        self._port = port
        self._timeout = timeout.total_seconds()
        self._resolver: dns.resolver.Resolver | None = None

    def txt(self, name: str) -> Sequence[str]:
        return self._records(name, "TXT", lambda record: b"".join(record.strings).decode("utf-8", "replace")[:_LONGEST])

    def mx(self, name: str) -> Sequence[str]:
        found = self._records(name, "MX", lambda record: f"{record.preference:05d} {_bare(record.exchange)}")
        return tuple(text.partition(" ")[2] for text in sorted(found))

    def a(self, name: str) -> Sequence[str]:
        return self._records(name, "A", lambda record: str(record.address))

    def aaaa(self, name: str) -> Sequence[str]:
        return self._records(name, "AAAA", lambda record: str(record.address))

    def ptr(self, address: str) -> Sequence[str]:
        return self._records(ipaddress.ip_address(address).reverse_pointer, "PTR", lambda record: _bare(record.target))

    def _records(self, name: str, kind: str, read: Callable[[Any], str]) -> Sequence[str]:
        """What the servers say; nothing for a name that does not exist or could not."""
        try:
            asked = dns.name.from_text(name)
            answer = self._asking().resolve(asked, kind, raise_on_no_answer=False, search=False, lifetime=self._timeout)
        except (dns.resolver.NXDOMAIN, dns.resolver.YXDOMAIN):
            return ()
        except (dns.resolver.NoNameservers, dns.resolver.NoResolverConfiguration, OSError) as error:
            raise Transient(f"{kind} {name}: {_words(error)}") from None
        except dns.exception.Timeout:
            raise Transient(f"{kind} {name}: the name servers did not answer in {self._timeout:g} s") from None
        except (dns.exception.DNSException, UnicodeError):
            return ()  # no name that a server could hold
        return tuple(read(record) for record in list(answer.rrset or ())[:_MOST])

    def _asking(self) -> dns.resolver.Resolver:
        if self._resolver is None:
            resolver = dns.resolver.Resolver(configure=not self._servers)
            if self._servers:
                resolver.nameservers = list(self._servers)
                resolver.port = self._port
            resolver.use_edns(0, 0, _PAYLOAD)
            self._resolver = resolver
        return self._resolver


def _bare(name: dns.name.Name) -> str:
    """A name in small letters without the dot at its end; "" for the root."""
    return name.to_text(omit_final_dot=True).lower().removesuffix(".")


def _words(error: Exception) -> str:
    if isinstance(error, dns.resolver.NoNameservers):
        return "the name servers refused or failed"
    if isinstance(error, dns.resolver.NoResolverConfiguration):
        return "this machine knows no name server"
    return type(error).__name__
