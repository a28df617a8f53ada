"""Judges addresses: which hosts and URLs we may connect to for a setting or somebody's link, and whose mailbox one is.

It resolves no names and opens no connections: callers judge every address a name resolved to, then connect to it.
"""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from syndication.core.links import normal_address

# IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and updates), multicast and reserved space.
_NOT_PUBLIC = tuple(
    (ipaddress.ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a provider"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud's own service"),  # Azure's wire server, the one such address in public space
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "for documentation"),
        ("192.31.196.0/24", "reserved for protocols"),
        ("192.52.193.0/24", "reserved for protocols"),
        ("192.88.99.0/24", "a tunnel relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved for protocols"),
        ("198.18.0.0/15", "for benchmarking"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "this host"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "a private translation prefix"),
        ("100::/64", "for discarding"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "a 6to4 tunnel"),  # given up by RFC 7526; what is inside may be anything
        ("2620:4f:8000::/48", "reserved for protocols"),
        ("3fff::/20", "for documentation"),
        ("5f00::/16", "reserved for routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # the only IPv6 space assigned to public hosts
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")

# Ports of other protocols, which a request could be made to speak: the list of browsers (WHATWG Fetch, section 2.9).
_OTHERS_PORTS = frozenset(
    (
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95),
        *(101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179),
        *(389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990),
        *(993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669),
        *(6679, 6697, 10080),
    )
)

# What the C resolver would read as a number: 127.1, 0x7f000001, 017700000001, 2130706433.
_NUMBER_HOST = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?", re.IGNORECASE)
_UNFIT = re.compile(r"[\x00-\x20\x7f-\x9f\\\u2028\u2029\ud800-\udfff]")


def judge(ip: str, *, loopback: bool) -> str | None:
    """Why this address must not be connected to, or None when it may be.

    Public unicast addresses may be; with `loopback` also 127.0.0.0/8 and ::1, and nothing else that is not public.
    IPv6 addresses that carry an IPv4 one (mapped, NAT64) are judged by the one they carry."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return f"{ip!r} is not an IP address"
    carried = _carried(address)
    what = _special(carried)
    if what is None or (loopback and what == "loopback" and _plain_loopback(address)):
        return None
    return f"{ip} is not a public address ({what})"


def _carried(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one where packets end up there, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 0xFFFF):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _special(address: IPv4Address | IPv6Address) -> str | None:
    bare = IPv6Address(int(address)) if isinstance(address, IPv6Address) else address  # a zone changes nothing
    for network, what in _NOT_PUBLIC:
        if bare.version == network.version and bare in network:
            return what
    if isinstance(bare, IPv6Address) and bare not in _GLOBAL_UNICAST:
        return "reserved"
    return None


def _plain_loopback(address: IPv4Address | IPv6Address) -> bool:
    """Loopback itself or mapped to it; a tunnel or translator leading to some loopback is no loopback of ours."""
    return isinstance(address, IPv4Address) or address.ipv4_mapped is not None or address == IPv6Address("::1")


def is_loopback(host: str) -> bool:
    """Whether a host, by name or number, is this machine."""
    bare = host.strip("[]").lower().rstrip(".")
    return bare == "localhost" or (judge(bare, loopback=True) is None and judge(bare, loopback=False) is not None)


def judge_url(url: str) -> str | None:
    """Why this URL must not be fetched or posted to, judged by its shape alone; None when its host may be resolved.

    http and https only, no user name or password, a host that resolvers and browsers read alike, a valid port."""
    if _UNFIT.search(url):
        return "the URL holds a blank, a control character or a backslash"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return f"the URL cannot be read: {error}"
    if parts.scheme.lower() not in ("http", "https"):
        return f"only http and https addresses are allowed, not {parts.scheme or 'none'!r}"
    if parts.username is not None or parts.password is not None:
        return "the URL carries a user name or password"
    if not host:
        return "the URL names no host"
    if port == 0:
        return "port 0 is no port"
    if port in _OTHERS_PORTS:
        return f"port {port} belongs to another protocol"
    return _judge_host(host)


def _judge_host(host: str) -> str | None:
    if ":" in host:
        return None if _is_ip(host) else f"{host!r} is not an IPv6 address"
    if _NUMBER_HOST.fullmatch(host) and not _is_ip(host):
        return f"{host!r} is a number, neither a name nor a dotted address"
    if "%" in host or any(not label or len(label) > 63 for label in host.removesuffix(".").split(".")):
        return f"{host!r} is not a host name"
    return None


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


# --- mail providers --------------------------------------------------------------------------

# One provider's domains share a limit, a queue and a reputation: they are counted as one.
_PROVIDERS = {
    **dict.fromkeys(("naver.com",), "naver"),
    **dict.fromkeys(("gmail.com", "googlemail.com"), "google"),
    **dict.fromkeys(("hanmail.net", "daum.net", "kakao.com"), "kakao"),
    **dict.fromkeys(("nate.com",), "nate"),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), "apple"),
}
_MANY_COUNTRIES = (  # the same name under the endings of many countries: hotmail.co.kr, yahoo.co.jp, live.fr
    (re.compile(r"(?:outlook|hotmail|live|msn|windowslive)\.(?:com|(?:com?\.)?[a-z]{2})"), "microsoft"),
    (re.compile(r"(?:yahoo|ymail|rocketmail)\.(?:com|(?:com?\.)?[a-z]{2})"), "yahoo"),
)


def provider(address: str) -> str:
    """The mail provider of an address, e.g. naver; for others the domain itself as A-label. Raises links.BadAddress."""
    domain = normal_address(address).rpartition("@")[2]
    known = _PROVIDERS.get(domain)
    if known is not None:
        return known
    return next((name for shape, name in _MANY_COUNTRIES if shape.fullmatch(domain)), domain)
