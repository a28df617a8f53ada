"""Laws of every Names, and of the real one against a name server on loopback that misbehaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from syndication.adapters.dns import DnsNames
from syndication.adapters.memory.names import MemoryNames
from syndication.ports import Names, Transient
from tests.contract.nameserver import NameServer, serving, unanswering_port

PATIENCE = timedelta(seconds=2)

# What a zone file says, and what comes back.
ZONE = {
    ("TXT", "example.com."): ('"v=spf1 -all"', '"two " "strings" ""', '"sl\\\\ash"'),
    ("MX", "example.com."): ("20 second.example.com.", "10 First.Example.COM."),
    ("MX", "null.example.com."): ("0 .",),
    ("A", "example.com."): ("192.0.2.1", "192.0.2.2"),
    ("AAAA", "example.com."): ("2001:db8::1",),
    ("PTR", "1.2.0.192.in-addr.arpa."): ("mail.example.com.",),
    ("PTR", f"{'1.' + '0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa."): ("six.example.com.",),
    ("CNAME", "alias.example.com."): ("example.com.",),
    ("TXT", "xn--3e0b707e.example.com."): ('"names are A-labels"',),
}
TABLE = {
    ("TXT", "example.com"): ("v=spf1 -all", "two strings", "sl\\ash"),
    ("MX", "example.com"): ("first.example.com", "second.example.com"),
    ("MX", "null.example.com"): ("",),
    ("A", "example.com"): ("192.0.2.1", "192.0.2.2"),
    ("AAAA", "example.com"): ("2001:db8::1",),
    ("PTR", "192.0.2.1"): ("mail.example.com",),
    ("PTR", "2001:db8::1"): ("six.example.com",),
    ("TXT", "alias.example.com"): ("v=spf1 -all", "two strings", "sl\\ash"),
    ("TXT", "xn--3e0b707e.example.com"): ("names are A-labels",),
}


@pytest.fixture(params=["real", "memory"])
def names(request: pytest.FixtureRequest) -> Iterator[Names]:
    if request.param == "memory":
        yield MemoryNames(TABLE, broken=frozenset({"broken.example.com"}))
        return
    with serving(NameServer(ZONE, {"broken.example.com.": "servfail"})) as server:
        yield DnsNames(servers=("127.0.0.1",), port=server.port, timeout=PATIENCE)


@pytest.fixture
def server() -> Iterator[NameServer]:
    huge = tuple(f'"{n:04d}{"x" * 200}"' for n in range(250))
    zone = {
        ("TXT", "example.com."): ('"v=spf1 -all"',),
        ("TXT", "huge.example.com."): huge,
        ("TXT", "long.example.com."): (" ".join(['"' + "y" * 255 + '"'] * 200),),
        ("TXT", "odd.example.com."): ('"\\000\\255\\237\\130\\200"',),
        ("TXT", "late.example.com."): ('"over tcp"',),
        ("MX", "many.example.com."): tuple(f"{n} mx{n}.example.com." for n in range(300)),
        ("PTR", "9.2.0.192.in-addr.arpa."): ("\\000odd\\032name.example.com.",),
        ("CNAME", "loop.example.com."): ("loop.example.com.",),
    }
    faults = {
        "servfail.example.com.": "servfail",
        "refused.example.com.": "refused",
        "silent.example.com.": "silent",
        "garbage.example.com.": "garbage",
        "late.example.com.": "truncated",
        "huge.example.com.": "truncated",
        "long.example.com.": "truncated",
        "many.example.com.": "truncated",
    }
    with serving(NameServer(zone, faults)) as made:
        yield made


def asking(server: NameServer, seconds: float = 2) -> DnsNames:
    return DnsNames(servers=("127.0.0.1",), port=server.port, timeout=timedelta(seconds=seconds))


# --- every Names ----------------------------------------------------------------------------------


def test_the_strings_of_a_text_are_joined_and_records_are_not(names: Names) -> None:
    assert sorted(names.txt("example.com")) == ["sl\\ash", "two strings", "v=spf1 -all"]


def test_mail_servers_come_preferred_first_in_small_letters(names: Names) -> None:
    assert list(names.mx("example.com")) == ["first.example.com", "second.example.com"]


def test_the_null_mx_is_an_empty_name(names: Names) -> None:
    assert list(names.mx("null.example.com")) == [""]


def test_addresses_come_by_family(names: Names) -> None:
    assert sorted(names.a("example.com")) == ["192.0.2.1", "192.0.2.2"]
    assert list(names.aaaa("example.com")) == ["2001:db8::1"]


def test_an_address_has_names(names: Names) -> None:
    assert list(names.ptr("192.0.2.1")) == ["mail.example.com"]
    assert list(names.ptr("2001:db8::1")) == ["six.example.com"]
    assert list(names.ptr("192.0.2.99")) == []


def test_an_alias_leads_to_the_records(names: Names) -> None:
    assert "v=spf1 -all" in names.txt("alias.example.com")


def test_letters_and_a_dot_at_the_end_make_no_difference(names: Names) -> None:
    assert list(names.aaaa("EXAMPLE.com.")) == ["2001:db8::1"]


def test_a_missing_name_and_a_missing_record_are_nothing(names: Names) -> None:
    assert list(names.txt("gone.example.com")) == []
    assert list(names.aaaa("null.example.com")) == []


@pytest.mark.parametrize("name", ["", "a..b", f"{'x' * 64}.example.com", ".".join(["label"] * 60), "..", "\ud800.kr"])
def test_what_can_be_no_name_has_no_records(names: Names, name: str) -> None:
    assert list(names.txt(name)) == []


def test_servers_that_fail_are_transient(names: Names) -> None:
    with pytest.raises(Transient, match=r"broken\.example\.com"):
        names.txt("broken.example.com")


# --- the real one ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["servfail", "refused", "garbage"])
def test_an_answer_that_is_none_is_transient_within_the_patience(server: NameServer, fault: str) -> None:
    began = time.monotonic()
    with pytest.raises(Transient, match=f"TXT {fault}"):
        asking(server, 1).txt(f"{fault}.example.com")
    assert time.monotonic() - began < 3


def test_silence_is_transient_when_the_patience_ends(server: NameServer) -> None:
    began = time.monotonic()
    with pytest.raises(Transient, match="did not answer"):
        asking(server, 0.5).txt("silent.example.com")
    assert 0.4 < time.monotonic() - began < 2


def test_a_server_that_is_not_there_is_transient() -> None:
    with pytest.raises(Transient):
        DnsNames(servers=("127.0.0.1",), port=unanswering_port(), timeout=timedelta(seconds=0.5)).txt("example.com")


def test_an_answer_cut_off_is_asked_for_again_over_tcp(server: NameServer) -> None:
    assert list(asking(server).txt("late.example.com")) == ["over tcp"]
    assert server.over == [("udp", "late.example.com."), ("tcp", "late.example.com.")]


def test_a_huge_answer_is_looked_at_in_part(server: NameServer) -> None:
    found = asking(server).txt("huge.example.com")
    assert 1 <= len(found) <= 64
    assert max(map(len, asking(server).txt("long.example.com"))) <= 16_384
    assert len(asking(server).mx("many.example.com")) <= 64


def test_octets_that_are_no_text_are_shown_as_such(server: NameServer) -> None:
    (found,) = asking(server).txt("odd.example.com")
    found.encode("utf-8")
    assert "\ufffd" in found


def test_an_odd_name_of_an_address_is_escaped(server: NameServer) -> None:
    assert list(asking(server).ptr("192.0.2.9")) == ["\\000odd\\032name.example.com"]


def test_an_alias_of_itself_ends(server: NameServer) -> None:
    try:
        assert list(asking(server).txt("loop.example.com")) == []
    except Transient:
        pass


def test_the_domains_of_this_machine_are_not_tried(server: NameServer) -> None:
    asking(server).txt("gone")
    assert {name for _, name in server.over} == {"gone."}
