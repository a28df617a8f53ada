"""Which addresses we connect to: public ones, and loopback only where it was named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.addresses import judge, judge_url

PUBLIC = ["8.8.8.8", "1.1.1.1", "210.89.164.90", "2001:4860:4860::8888", "2606:4700::1111", "::ffff:8.8.8.8"]
NOT_PUBLIC = [
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.0", "0.1.2.3"),
    *("224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.1", "203.0.113.9"),
    *("198.18.0.1", "192.0.0.8", "192.88.99.1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1"),
    *("ff02::1", "2001:db8::1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:0a00:0001::", "2002:7f00:1::", "100::1"),
    *("::ffff:10.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1", "2001::1", "4000::1", "3fff::1", "5f00::1"),
]
LOOPBACK = ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"]


@pytest.mark.parametrize("ip", PUBLIC)
def test_public_addresses_may_be_connected_to(ip: str) -> None:
    assert judge(ip, loopback=False) is None


@pytest.mark.parametrize("ip", NOT_PUBLIC)
@pytest.mark.parametrize("loopback", [False, True])
def test_addresses_that_are_not_public_are_refused_even_where_loopback_was_named(ip: str, loopback: bool) -> None:
    reason = judge(ip, loopback=loopback)
    assert reason is not None
    assert ip in reason


@pytest.mark.parametrize("ip", LOOPBACK)
def test_loopback_is_refused_unless_it_was_named(ip: str) -> None:
    assert judge(ip, loopback=False) is not None
    assert judge(ip, loopback=True) is None


def test_a_6to4_tunnel_is_refused_whatever_it_carries() -> None:
    assert judge("2002:0808:0808::1", loopback=False) is not None


@pytest.mark.parametrize("ip", ["64:ff9b::7f00:1", "2002:7f00:1::1", "::7f00:1"])
def test_a_tunnel_to_loopback_is_never_our_loopback(ip: str) -> None:
    assert judge(ip, loopback=True) is not None


@pytest.mark.parametrize("word", ["", "localhost", "127.1", "2130706433", "8.8.8.8/32", "8.8.8.8 ", "８.8.8.8"])
def test_what_is_no_address_is_refused(word: str) -> None:
    assert judge(word, loopback=True) is not None


@given(st.ip_addresses())
def test_what_the_standard_library_calls_private_is_never_judged_public(address: object) -> None:
    public = judge(str(address), loopback=False) is None
    assert not (public and (address.is_private or address.is_multicast or address.is_loopback))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "url",
    ["https://news.example.com/a?b=c", "http://8.8.8.8:8080/", "https://[2001:db8::1]/x", "https://가람.example/길"],
)
def test_plain_web_addresses_pass(url: str) -> None:
    assert judge_url(url) is None


@pytest.mark.parametrize(
    "url",
    [
        *("", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com", "//example.com/", "example.com"),
        *(
            "http:///x",
            "http://",
            "https://user@example.com/",
            "https://user:secret@example.com/",
            "http://@example.com",
        ),
        *("http://2130706433/", "http://0x7f.1/", "http://017700000001/", "http://127.1/", "http://0x7f000001/"),
        *(
            "http://example.com\\@evil.example/",
            "http://exa mple.com/",
            "http://example.com/\r\nHost: x",
            "http://e\x00/",
        ),
        *(
            "http://example.com:0/",
            "http://example.com:99999/",
            "http://example.com:x/",
            "http://[::1/",
            "http://[zz]/",
        ),
        *("http://a..b/", "http://.example.com/", "http://%6c%6fcalhost/", f"http://{'a' * 64}.example/"),
    ],
)
def test_urls_that_readers_disagree_on_are_refused_with_a_sentence(url: str) -> None:
    reason = judge_url(url)
    assert reason is not None
    assert len(reason) > 10


@given(st.text(max_size=60))
def test_any_text_is_judged_without_an_exception(text: str) -> None:
    judge_url(text)
    judge_url("http://" + text)
    judge(text, loopback=True)
