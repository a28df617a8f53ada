"""Laws of SPF (RFC 7208): what a receiver makes of a record, and what is said of it."""

from __future__ import annotations

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.domain.names import Asking, Question
from syndication.core.domain.spf import BadSpf, expand, is_spf, parse
from syndication.core.domain.spf_advice import judge_spf
from syndication.core.domain.spf_check import Result, check_host, survey
from syndication.core.remarks import Remark, Said
from tests.core.asking import BROKEN, Table, answered, one, said, wrong

D = "example.com"
RELAY = "192.0.2.10"


def spf(text: str, **others: str | tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The table of a domain with this record; others as `TXT_name=...`."""
    more = {name.replace("_", " ", 1): (v,) if isinstance(v, str) else v for name, v in others.items()}
    return {f"TXT {D}": (text,)} | more


def result(table: Table, ip: str = RELAY) -> Result:
    asking: Asking[tuple[Result, Said | None]] = check_host(ipaddress.ip_address(ip), D, f"bounces@{D}")
    return answered(asking, table)[0]


def judged(table: Table, *addresses: str, **more: object) -> list[Remark]:
    return answered(judge_spf(D, addresses=addresses, **more), table)  # type: ignore[arg-type]


# --- what a receiver makes of an address -------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 ip4:192.0.2.10 -all", "pass"),
        ("v=spf1 ip4:192.0.2.0/24 -all", "pass"),
        ("V=SPF1 IP4:192.0.2.10 -ALL", "pass"),
        ("v=spf1   ip4:192.0.2.10   ~all", "pass"),
        ("v=spf1 ip4:192.0.2.0/29 ~all", "softfail"),
        ("v=spf1 -all", "fail"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1", "neutral"),
        ("v=spf1 ip6:2001:db8::/32 -all", "fail"),
        ("v=spf1 -ip4:192.0.2.10 +all", "fail"),
        ("v=spf1 unknown=thing ip4:192.0.2.10 -all", "pass"),
        ("v=spf1 ip4:192.0.2.10 -all exp=why.example.com", "pass"),
        ("v=spf1 ip4:192.0.2 -all", "permerror"),
        ("v=spf1 ip4:192.0.2.0/255.255.255.0 -all", "permerror"),
        ("v=spf1 ip4:2001:db8::1 -all", "permerror"),
        ("v=spf1 ipv4:192.0.2.10 -all", "permerror"),
        ("v=spf1 ip4: 192.0.2.10 -all", "permerror"),
        ("v=spf1 include -all", "permerror"),
        ("v=spf1 all:example.com", "permerror"),
        ("v=spf1 a/33 -all", "permerror"),
        ("v=spf1 a:localhost -all", "permerror"),
        ("v=spf1 a/024 -all", "permerror"),
        ("v=spf1 a//129 -all", "permerror"),
        ("v=spf1 a: -all", "permerror"),
        ("v=spf1 a:example.com:8080 -all", "permerror"),
        ("v=spf1 a:abc.123 -all", "permerror"),
        ("v=spf1 a:foo.bar- -all", "permerror"),
        ("v=spf1 ip4:192.0.2.0/024 -all", "permerror"),
        ("v=spf1 ip4:192.0.2.10/33 -all", "permerror"),
        ("v=spf1 ip4:192.0.2.10//32 -all", "permerror"),
        ("v=spf1 ip6:/0 -all", "permerror"),
        ("v=spf1 exists:%{d0}.example.com -all", "permerror"),
        ("v=spf1 exists:%{c}.example.com -all", "permerror"),
        ("v=spf1 exists:%{x}.example.com -all", "permerror"),
        ("v=spf1 exists:%x.example.com -all", "permerror"),
        ("v=spf1 exists -all", "permerror"),
        ("v=spf1 ptr: -all", "permerror"),
        ("v=spf1 ptr/0 -all", "permerror"),
        ("v=spf1 redirect=", "permerror"),
        ("v=spf1 all. ip4:192.0.2.10", "permerror"),
        ("v=spf1 -all/8", "permerror"),
        ("v=spf1 moo.cow/far_out=man ip4:192.0.2.10 -all", "permerror"),
        ("v=spf1 moo.cow-far_out=man ip4:192.0.2.10 -all", "pass"),
        ("v=spf1 default=pass -all", "fail"),
        ("v=spf1 redirect=a.example.com redirect=b.example.com", "permerror"),
        ("v=spf1 include:%{x.example.com -all", "permerror"),
        ("v=spf1 ip4:192.0.2.10​ -all", "permerror"),
        ("v=spf10 ip4:192.0.2.10 -all", "none"),
        ("spf1 ip4:192.0.2.10 -all", "none"),
    ],
)
def test_a_record_gives_each_address_its_result(record: str, expected: str) -> None:
    assert result(spf(record)) == expected


@pytest.mark.parametrize(
    ("term", "others", "ip", "expected"),
    [
        ("a", {f"A_{D}": RELAY}, RELAY, "pass"),
        ("a/24", {f"A_{D}": "192.0.2.200"}, RELAY, "pass"),
        ("a:mail.example.com", {"A_mail.example.com": RELAY}, RELAY, "pass"),
        ("a", {f"AAAA_{D}": "2001:db8::1"}, "2001:db8::1", "pass"),
        ("a//64", {f"AAAA_{D}": "2001:db8::2"}, "2001:db8::1", "pass"),
        ("a", {f"A_{D}": RELAY}, "2001:db8::1", "fail"),
        ("mx", {f"MX_{D}": ("mx1.example.com", "mx2.example.com"), "A_mx2.example.com": RELAY}, RELAY, "pass"),
        ("mx", {}, RELAY, "fail"),
        ("mx/24", {f"MX_{D}": "mx1.example.com", "A_mx1.example.com": "192.0.2.77"}, RELAY, "pass"),
        ("mx", {f"MX_{D}": tuple(f"mx{n}.example.com" for n in range(11))}, RELAY, "permerror"),
        ("ptr", {f"PTR_{RELAY}": f"out.{D}", f"A_out.{D}": RELAY}, RELAY, "pass"),
        ("ptr", {f"PTR_{RELAY}": f"out.{D}"}, RELAY, "fail"),
        ("ptr", {f"PTR_{RELAY}": "out.example.net", "A_out.example.net": RELAY}, RELAY, "fail"),
        ("exists:%{ir}.list.example.com", {"A_10.2.0.192.list.example.com": "127.0.0.2"}, RELAY, "pass"),
        ("include:other.example", {"TXT_other.example": "v=spf1 ip4:192.0.2.10 -all"}, RELAY, "pass"),
        ("include:other.example", {"TXT_other.example": "v=spf1 -all"}, RELAY, "fail"),
        ("include:other.example", {"TXT_other.example": "v=spf1 a ~all", "A_other.example": RELAY}, RELAY, "pass"),
        ("include:other.example", {}, RELAY, "permerror"),
        ("include:other.example", {"TXT_other.example": "v=spf1 nonsense"}, RELAY, "permerror"),
        ("include:other.example", {"TXT_other.example": BROKEN}, RELAY, "temperror"),
        ("include:example.com", {}, RELAY, "permerror"),
        ("a:broken.example", {"A_broken.example": BROKEN}, RELAY, "temperror"),
    ],
)
def test_a_term_matches_what_the_dns_says(
    term: str, others: dict[str, str | tuple[str, ...]], ip: str, expected: str
) -> None:
    assert result(spf(f"v=spf1 {term} -all", **others), ip) == expected


def test_a_redirect_stands_for_the_whole_record_and_only_without_all() -> None:
    elsewhere = {"TXT other.example": ("v=spf1 ip4:192.0.2.10 -all",)}
    assert result(spf("v=spf1 redirect=other.example") | elsewhere) == "pass"
    assert result(spf("v=spf1 redirect=other.example ~all") | elsewhere) == "softfail"
    assert result(spf("v=spf1 redirect=nowhere.example")) == "permerror"


def chain(count: int) -> Table:
    """A record that costs `count` lookups before it comes to the relay."""
    inner = {f"TXT i{n}.example": (f"v=spf1 include:i{n + 1}.example -all",) for n in range(1, count)}
    return spf("v=spf1 include:i1.example -all") | inner | {f"TXT i{count}.example": ("v=spf1 ip4:192.0.2.10 -all",)}


@pytest.mark.parametrize(("count", "expected"), [(1, "pass"), (10, "pass"), (11, "permerror"), (40, "permerror")])
def test_the_eleventh_lookup_ends_it(count: int, expected: str) -> None:
    assert result(chain(count)) == expected


def test_what_is_matched_before_the_limit_passes_all_the_same() -> None:
    many = " ".join(f"a:h{n}.example" for n in range(20))
    assert result(spf(f"v=spf1 ip4:192.0.2.10 {many} -all")) == "pass"


@pytest.mark.parametrize(("count", "expected"), [(2, "pass"), (3, "permerror")])
def test_a_third_answer_without_a_record_ends_it(count: int, expected: str) -> None:
    missing = " ".join(f"a:gone{n}.example" for n in range(count))
    assert result(spf(f"v=spf1 {missing} ip4:192.0.2.10 -all")) == expected


def test_two_records_are_none_that_can_be_used() -> None:
    assert result({f"TXT {D}": ("v=spf1 ip4:192.0.2.10 -all", "v=spf1 -all")}) == "permerror"
    assert result({f"TXT {D}": ("v=spf1 ip4:192.0.2.10 -all", "something-verification=1")}) == "pass"


# --- macros, RFC 7208 section 7.4 ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("a%%b%_c%-d.example", "a%b c%20d.example"),
    ],
)
def test_macros_expand_as_the_standard_shows(spec: str, name: str) -> None:
    ip = ipaddress.ip_address("192.0.2.3")
    assert expand(spec, ip=ip, domain="email.example.com", sender="strong-bad@email.example.com") == name


def test_an_ip6_address_expands_to_its_nibbles() -> None:
    ip = ipaddress.ip_address("2001:db8::cb01")
    name = expand("%{ir}.%{v}._spf.%{d2}", ip=ip, domain="email.example.com", sender="a@email.example.com")
    nibbles = "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
    assert name == f"{nibbles}.ip6._spf.example.com"


def test_a_name_too_long_loses_labels_from_the_left() -> None:
    name = expand("%{l}." * 10 + "%{d}", ip=None, domain=D, sender=f"{'x' * 60}@{D}")
    assert name is not None
    assert len(name) <= 253
    assert name.endswith(D)


def test_without_an_address_a_name_that_needs_one_is_not_guessed() -> None:
    assert expand("%{i}.example.com", ip=None, domain=D, sender=f"a@{D}") is None


# --- what is said of a record -------------------------------------------------------------------


def test_a_right_record_is_fine_and_nothing_else_is_said() -> None:
    assert said(judged(spf(f"v=spf1 ip4:{RELAY} -all"), RELAY)) == [("fine", "spf-address")]


def test_a_missing_record_is_wrong_and_the_one_to_publish_holds_the_addresses() -> None:
    remark = one(judged({}, RELAY, "2001:db8::7"), "spf-missing")
    assert remark.publish is not None
    assert (remark.publish.name, remark.publish.type) == (D, "TXT")
    assert remark.publish.text == "v=spf1 ip4:192.0.2.10 ip6:2001:db8::7 ~all"


def test_a_record_to_publish_passes_once_it_is_published() -> None:
    for table in (
        {},
        spf("v=spf1 -all"),
        spf("v=spf1 include:other.example ~all") | {"TXT other.example": ("v=spf1",)},
    ):
        publish = judged(table, RELAY)[-1].publish
        assert publish is not None
        assert wrong(judged({**table, f"TXT {D}": (publish.text,)}, RELAY)) == []


def test_a_missing_record_names_the_relay_while_no_address_is_known() -> None:
    remark = one(judged({}, relay="smtp.example.net"), "spf-missing")
    assert remark.publish is not None
    assert remark.publish.text == "v=spf1 a:smtp.example.net ~all"
    assert remark.advice is not None


def test_several_records_are_merged_into_one() -> None:
    table = {f"TXT {D}": ("v=spf1 include:a.example ~all", "v=spf1 include:b.example include:a.example -all")}
    remark = one(judged(table, RELAY), "spf-several")
    assert remark.publish is not None
    assert remark.publish.text == "v=spf1 include:a.example include:b.example -all"
    assert wrong([remark]) == ["spf-several"]


def test_more_than_ten_lookups_are_wrong_and_the_dear_terms_are_named() -> None:
    table = {**chain(11), f"TXT {D}": ("v=spf1 a include:i1.example -all",), f"A {D}": ("192.0.2.99",)}
    remark = one(judged(table, RELAY), "spf-lookups")
    assert wrong([remark]) == ["spf-lookups"]
    assert "12" in str(remark.says)
    assert "include:i1.example (11)" in str(remark.advice)


def test_more_than_ten_lookups_after_a_match_are_a_warning() -> None:
    many = " ".join(f"exists:h{n}.example" for n in range(11))
    remarks = judged(spf(f"v=spf1 ip4:{RELAY} {many} -all"), RELAY)
    assert wrong(remarks) == []
    assert ("warning", "spf-lookups") in said(remarks)


@pytest.mark.parametrize("count", [10, 11])
def test_lookups_are_counted_while_no_address_is_known(count: int) -> None:
    many = " ".join(f"a:h{n}.example" for n in range(count))
    hosts = {f"A h{n}.example": ("192.0.2.200",) for n in range(count)}
    checks = [check for _, check in said(judged(spf(f"v=spf1 {many} -all") | hosts))]
    assert ("spf-lookups" in checks) is (count > 10)


def test_a_loop_of_includes_ends_and_is_told() -> None:
    table = spf("v=spf1 include:b.example -all") | {"TXT b.example": ("v=spf1 include:b.example -all",)}
    remarks = judged(table)
    assert {"spf-lookups", "spf-broken"} <= set(wrong(remarks))


def test_a_broad_tree_of_includes_is_not_followed_for_ever() -> None:
    wide = "v=spf1 " + " ".join(f"include:w{n}.example" for n in range(30))
    table = spf(wide) | {f"TXT w{n}.example": (wide,) for n in range(30)}
    asked = list[Question]()
    answered(judge_spf(D), table, asked)
    assert len(asked) < 200


@pytest.mark.parametrize(
    ("record", "check", "severity", "text"),
    [
        (f"v=spf1 ip4:{RELAY} +all", "spf-all", "wrong", f"v=spf1 ip4:{RELAY} ~all"),
        (f"v=spf1 ip4:{RELAY} all", "spf-all", "wrong", f"v=spf1 ip4:{RELAY} ~all"),
        (f"v=spf1 ip4:{RELAY}", "spf-all", "warning", f"v=spf1 ip4:{RELAY} ~all"),
        (f"v=spf1 ip4:{RELAY} ?all", "spf-all", "warning", f"v=spf1 ip4:{RELAY} ~all"),
        (f"v=spf1 ip4:{RELAY} -all a", "spf-ignored", "warning", None),
        (f"v=spf1 ip4:{RELAY} -all redirect=x.example", "spf-ignored", "warning", None),
        (f"v=spf1 ip4:{RELAY} ptr -all", "spf-ptr", "warning", None),
        (f"v=spf1 ip4:{RELAY} {'ip4:198.51.100.1 ' * 25}-all", "spf-length", "warning", None),
        (f"v=spf1 ip4:{RELAY} include:gone.example -all", "spf-broken", "warning", None),
    ],
)
def test_what_is_odd_in_a_record_is_told(record: str, check: str, severity: str, text: str | None) -> None:
    remark = one(judged(spf(record), RELAY), check)
    assert remark.severity == severity
    assert (remark.publish.text if remark.publish else None) == text


def test_an_address_that_fails_is_wrong_when_it_was_named_and_a_warning_when_it_was_guessed() -> None:
    table = spf("v=spf1 ip4:198.51.100.7 -all")
    assert wrong(judged(table, RELAY)) == ["spf-address"]
    remark = one(judged(table, RELAY, sure=False), "spf-address")
    assert remark.severity == "warning"
    assert remark.publish is not None
    assert remark.publish.text == f"v=spf1 ip4:{RELAY} ip4:198.51.100.7 -all"


def test_every_address_is_looked_at() -> None:
    remarks = judged(spf(f"v=spf1 ip4:{RELAY} -all"), RELAY, "198.51.100.7", "2001:db8::7")
    assert [remark.severity for remark in remarks if remark.check == "spf-address"] == ["fine", "wrong", "wrong"]


def test_a_dns_that_does_not_answer_is_a_warning_and_never_a_missing_record() -> None:
    assert said(judged({f"TXT {D}": BROKEN}, RELAY)) == [("warning", "spf-unknown")]
    table = spf("v=spf1 include:other.example -all") | {"TXT other.example": BROKEN}
    assert wrong(judged(table, RELAY)) == []


# --- hostile texts ------------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["a", "mx", "all", "include:", "redirect=", "ip4:", "ip6:", "exists:", "ptr", "%{i}", "%{dr-}", "%", "example.com"]
)


@given(st.text())
def test_any_text_after_the_version_is_read_or_refused(text: str) -> None:
    record = f"v=spf1 {text}"
    assert is_spf(record)
    with suppress(BadSpf):
        parse(record)


@given(st.lists(st.one_of(WORDS, st.text(alphabet="ainmx:/.=%{}-?~ \u200b\ud800", max_size=12)), max_size=8))
def test_a_check_of_any_record_ends(words: list[str]) -> None:
    table = {f"TXT {D}": (f"v=spf1 {' '.join(words)}",), "TXT example.com.": ("v=spf1 a",)}
    assert result(table) in set(Result)
    for remark in judged(table, RELAY, "2001:db8::7"):
        assert str(remark.says)
    answered(survey(D, f"a@{D}", None), table)
