"""Laws of a sender's records: DKIM keys, mail servers, names of addresses, MTA-STS, TLS-RPT, BIMI, and all together."""

from __future__ import annotations

import base64
from dataclasses import replace
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.domain.dkim import PublicKey, judge_dkim, rsa_bits
from syndication.core.domain.hosts import judge_mx, judge_ptr, reverse_name
from syndication.core.domain.names import Question, reserved, tag_list, within
from syndication.core.domain.policies import judge_sign, judge_transport, matches, policy_url, read_policy
from syndication.core.domain.records import Relay, Sender, examine
from syndication.core.remarks import Record, Remark, Severity, say, worst_first
from tests.core.asking import BROKEN, Table, answered, one, said, wrong

D = "example.com"
RELAY = "192.0.2.10"


@cache
def published(bits: int) -> str:
    """A public key as a record holds it."""
    der = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(der.public_bytes(serialization.Encoding.DER, spki)).decode()


@cache
def edwards() -> str:
    raw = ed25519.Ed25519PrivateKey.generate().public_key()
    return base64.b64encode(raw.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)).decode()


def key(selector: str = "mail", text: str | None = None, kind: str = "rsa") -> PublicKey:
    p = published(2048) if kind == "rsa" else edwards()
    return PublicKey(domain=D, selector=selector, text=text or f"v=DKIM1; k={kind}; p={p}")


OURS = key()
STRANGER = PublicKey(domain=D, selector="mail")  # somebody else signs


def dkim(text: str, of: PublicKey = OURS) -> list[Remark]:
    return answered(judge_dkim((of,), D), {f"TXT {of.name}": (text,)})


# --- DKIM -----------------------------------------------------------------------------------------


def test_our_key_as_published_is_fine_however_it_is_written() -> None:
    assert OURS.text is not None
    p = OURS.tags["p"]
    for text in (OURS.text, f"p={p}", f"k=rsa; p={p[:200]} {p[200:]};", f"v=DKIM1;t=s;s=email;h=sha256;p={p}"):
        assert said(dkim(text)) == [("fine", "dkim-key")]


def test_a_missing_key_is_wrong_and_the_record_to_publish_is_ours() -> None:
    remark = one(answered(judge_dkim((OURS,), D), {}), "dkim-missing")
    assert remark.publish == Record(name=f"mail._domainkey.{D}", type="TXT", text=OURS.text or "")


@pytest.mark.parametrize(
    ("text", "check", "severity"),
    [
        ("v=DKIM1; k=rsa; p=", "dkim-key", "wrong"),
        ("v=DKIM1; k=rsa", "dkim-key", "wrong"),
        ("v=DKIM1; k=rsa; p=AAAA", "dkim-key", "wrong"),
        ("v=DKIM1; k=ed25519; p={p}", "dkim-key", "wrong"),
        ("v=DKIM2; k=rsa; p={p}", "dkim-key", "wrong"),
        ("k=rsa; v=DKIM1; p={p}", "dkim-key", "wrong"),
        ("v=DKIM1; k=rsa; h=sha1; p={p}", "dkim-key", "wrong"),
        ("v=DKIM1; k=rsa; s=tlsrpt; p={p}", "dkim-key", "wrong"),
        ("v=DKIM1; k=rsa; t=y; p={p}", "dkim-test", "warning"),
        ("v=DKIM1; k=rsa; t=s:y; p={p}", "dkim-test", "warning"),
        ("v=DKIM1 k=rsa p={p}", "dkim-key", "wrong"),
        ("{p}", "dkim-syntax", "wrong"),
        ("v=DKIM1; p={p}; p={p}", "dkim-syntax", "wrong"),
        ("", "dkim-syntax", "wrong"),
    ],
)
def test_a_record_that_does_not_verify_us_is_told(text: str, check: str, severity: str) -> None:
    remark = one(dkim(text.replace("{p}", OURS.tags["p"])), check)
    assert remark.severity == severity
    assert remark.publish is not None
    assert remark.publish.text == OURS.text


def test_another_key_than_ours_is_wrong() -> None:
    assert wrong(dkim(f"v=DKIM1; k=rsa; p={published(3072)}")) == ["dkim-key"]


@pytest.mark.parametrize(("bits", "severity"), [(1024, "warning"), (2048, "fine"), (3072, "fine")])
def test_the_size_of_somebody_elses_key_is_told(bits: int, severity: str) -> None:
    assert rsa_bits(published(bits)) == bits
    assert [remark.severity for remark in dkim(f"p={published(bits)}", STRANGER)] == [severity]


def test_a_key_of_somebody_else_can_be_missing_and_is_not_invented() -> None:
    remark = one(answered(judge_dkim((STRANGER,), D), {}), "dkim-missing")
    assert remark.publish is None


def test_two_records_under_one_selector_are_wrong() -> None:
    table = {f"TXT {OURS.name}": (OURS.text or "", OURS.text or "")}
    assert wrong(answered(judge_dkim((OURS,), D), table)) == ["dkim-several"]


def test_every_selector_is_looked_at() -> None:
    keys = (key("old"), key("new"))
    remarks = answered(judge_dkim(keys, D), {f"TXT {keys[1].name}": (keys[1].text or "",)})
    assert said(remarks) == [("wrong", "dkim-missing"), ("fine", "dkim-key")]


def test_a_key_that_does_not_sign_now_is_a_warning_at_most() -> None:
    later = PublicKey(domain=D, selector="later", text=OURS.text, resting=True)
    assert said(answered(judge_dkim((later,), D), {})) == [("warning", "dkim-missing")]


def test_ed25519_alone_is_wrong_and_beside_rsa_it_is_fine() -> None:
    second = key("ed", kind="ed25519")
    table = {f"TXT {one.name}": (one.text or "",) for one in (OURS, second)}
    assert wrong(answered(judge_dkim((second,), D), table)) == ["dkim-kind"]
    assert said(answered(judge_dkim((OURS, second), D), table)) == [("fine", "dkim-key")] * 2


def test_without_a_key_the_relay_has_to_sign() -> None:
    assert said(answered(judge_dkim((), D), {})) == [("warning", "dkim-unsigned")]


# --- MX -------------------------------------------------------------------------------------------


def mx(table: Table, *, bounces: bool = True) -> list[Remark]:
    return answered(judge_mx(D, bounces=bounces, home=D), table)


@pytest.mark.parametrize(
    ("table", "severity", "check"),
    [
        ({f"MX {D}": ("mx.example.net",), "A mx.example.net": ("8.8.8.8",)}, "fine", "mx-hosts"),
        ({f"MX {D}": ("mx.example.net",), "AAAA mx.example.net": ("2001:4860::8",)}, "fine", "mx-hosts"),
        ({f"MX {D}": ("",)}, "wrong", "mx-null"),
        ({}, "wrong", "mx-missing"),
        ({f"A {D}": ("8.8.8.8",)}, "warning", "mx-missing"),
        ({f"MX {D}": ("mx.example.net",)}, "wrong", "mx-host"),
        ({f"MX {D}": ("192.0.2.1",)}, "wrong", "mx-host"),
        ({f"MX {D}": ("", "mx.example.net"), "A mx.example.net": ("8.8.8.8",)}, "wrong", "mx-host"),
        ({f"MX {D}": ("mx.example.net",), "A mx.example.net": ("10.0.0.1",)}, "warning", "mx-host"),
        ({f"MX {D}": BROKEN}, "warning", "mx-unknown"),
        ({f"MX {D}": ("mx.example.net",), "A mx.example.net": BROKEN}, "warning", "mx-unknown"),
    ],
)
def test_answers_and_bounces_need_a_server_that_can_be_reached(table: Table, severity: str, check: str) -> None:
    assert said(mx(table)) == [(severity, check)]


def test_a_domain_without_a_server_gets_a_record_to_publish() -> None:
    assert mx({})[0].publish == Record(name=D, type="MX", text=f"10 mail.{D}.")


# --- PTR ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "severity", "check"),
    [
        ({f"PTR {RELAY}": ("mail.example.com",), "A mail.example.com": (RELAY,)}, "fine", "ptr-confirmed"),
        (
            {f"PTR {RELAY}": ("x.example.com", "mail.example.com"), "A mail.example.com": (RELAY,)},
            "fine",
            "ptr-confirmed",
        ),
        ({}, "wrong", "ptr-missing"),
        ({f"PTR {RELAY}": ("mail.example.com",)}, "wrong", "ptr-unconfirmed"),
        (
            {f"PTR {RELAY}": ("mail.example.com",), "A mail.example.com": ("192.0.2.11", "junk")},
            "wrong",
            "ptr-unconfirmed",
        ),
        (
            {f"PTR {RELAY}": ("192-0-2-10.example.net",), "A 192-0-2-10.example.net": (RELAY,)},
            "warning",
            "ptr-generic",
        ),
        ({f"PTR {RELAY}": ("pool7.example.net",), "A pool7.example.net": (RELAY,)}, "warning", "ptr-generic"),
        ({f"PTR {RELAY}": BROKEN}, "warning", "ptr-unknown"),
    ],
)
def test_an_address_needs_a_name_that_leads_back_to_it(table: Table, severity: str, check: str) -> None:
    remark = answered(judge_ptr(RELAY, sure=True, private=True, home=D, relay=None), table)
    assert (remark.severity, remark.check) == (severity, check)


def test_a_missing_name_of_a_guessed_address_is_a_warning() -> None:
    remark = answered(judge_ptr(RELAY, sure=False, private=True, home=D, relay=None), {})
    assert remark.severity is Severity.WARNING


def test_the_record_to_publish_stands_under_the_reversed_address() -> None:
    remark = answered(judge_ptr(RELAY, sure=True, private=True, home=D, relay="smtp.example.net"), {})
    assert remark.publish == Record(name="10.2.0.192.in-addr.arpa", type="PTR", text="smtp.example.net.")
    assert reverse_name("2001:db8::1").endswith("8.b.d.0.1.0.0.2.ip6.arpa")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.9", "::1", "fe80::1", "192.0.2.1"])
def test_a_private_address_has_no_name_to_look_at(address: str) -> None:
    asked = list[Question]()
    remark = answered(judge_ptr(address, sure=True, private=False, home=D, relay=None), {}, asked)
    assert remark.severity is Severity.SKIPPED
    assert asked == []


# --- MTA-STS and TLS-RPT --------------------------------------------------------------------------

POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.net\r\nmx: *.example.org\r\nmax_age: 604800\r\n"
REPORTS = {f"TXT _smtp._tls.{D}": ("v=TLSRPTv1; rua=mailto:tls@example.com",)}


def sts(policy: str = POLICY, *, hosts: tuple[str, ...] = ("mx.example.net",), **more: tuple[str, ...]) -> Table:
    url = policy_url(D)
    return {
        f"TXT _mta-sts.{D}": ("v=STSv1; id=20260101;",),
        f"page {url}": (url, "text/plain; charset=utf-8", policy),
        f"MX {D}": hosts,
        **REPORTS,
        **{name.replace("_", " ", 1): value for name, value in more.items()},
    }


def transport(table: Table) -> list[Remark]:
    return answered(judge_transport(D), table)


def test_neither_is_asked_for() -> None:
    assert said(transport({})) == [("fine", "mta_sts-missing"), ("fine", "tls_rpt-missing")]


def test_a_record_and_a_policy_that_agree_are_fine() -> None:
    assert said(transport(sts())) == [("fine", "mta_sts-policy"), ("fine", "tls_rpt-record")]
    assert said(transport(sts(hosts=("a.example.org",))))[0] == ("fine", "mta_sts-policy")
    assert said(transport(sts(POLICY.replace("\r\n", "\n"))))[0] == ("fine", "mta_sts-policy")


@pytest.mark.parametrize(
    ("policy", "hosts", "severity", "check"),
    [
        (POLICY, ("other.example.net",), "wrong", "mta_sts-hosts"),
        (POLICY, ("a.b.example.org",), "wrong", "mta_sts-hosts"),
        (POLICY.replace("enforce", "testing"), ("other.example.net",), "warning", "mta_sts-hosts"),
        (POLICY.replace("enforce", "none"), ("other.example.net",), "fine", "mta_sts-policy"),
        (POLICY.replace("STSv1", "STSv2"), ("mx.example.net",), "warning", "mta_sts-policy"),
        (POLICY.replace("enforce", "maybe"), ("mx.example.net",), "warning", "mta_sts-policy"),
        (POLICY.replace("604800", "99999999"), ("mx.example.net",), "warning", "mta_sts-policy"),
        (POLICY.replace("604800", "60"), ("mx.example.net",), "warning", "mta_sts-policy"),
        (POLICY.replace("604800", "²"), ("mx.example.net",), "warning", "mta_sts-policy"),
        ("version: STSv1\nmode: enforce\nmax_age: 604800\n", ("mx.example.net",), "warning", "mta_sts-policy"),
        ("<!doctype html>", ("mx.example.net",), "warning", "mta_sts-policy"),
    ],
)
def test_a_policy_that_shuts_mail_out_or_cannot_be_read_is_told(
    policy: str, hosts: tuple[str, ...], severity: str, check: str
) -> None:
    assert (severity, check) in said(transport(sts(policy, hosts=hosts)))


def test_a_policy_file_that_is_gone_or_moved_or_no_text_is_told() -> None:
    url = policy_url(D)
    for page in (BROKEN, ("https://elsewhere.example/", "text/plain", POLICY), (url, "text/html", POLICY)):
        assert ("warning", "mta_sts-policy") in said(transport({**sts(), f"page {url}": page}))


@pytest.mark.parametrize(
    "record", ["v=STSv1", "v=STSv1; id=", "v=STSv1; id=a-b", f"v=STSv1; id={'1' * 33}", "v=STSv1;;"]
)
def test_a_record_without_a_good_id_is_told(record: str) -> None:
    assert ("warning", "mta_sts-record") in said(transport({**sts(), f"TXT _mta-sts.{D}": (record,)}))


@pytest.mark.parametrize("record", ["v=TLSRPTv1", "v=TLSRPTv1; rua=tls@example.com", "v=TLSRPTv1; rua=mailto:x"])
def test_a_report_record_without_a_place_to_report_to_is_told(record: str) -> None:
    remark = one(transport({f"TXT _smtp._tls.{D}": (record,)}), "tls_rpt-record")
    assert remark.severity is Severity.WARNING
    assert remark.publish is not None
    assert said(transport({f"TXT _smtp._tls.{D}": (remark.publish.text,)}))[-1] == ("fine", "tls_rpt-record")


def test_reports_are_missed_where_mta_sts_is_there() -> None:
    assert said(transport({**sts(), **dict.fromkeys(REPORTS, ())}))[-1] == ("warning", "tls_rpt-missing")


@pytest.mark.parametrize(
    ("host", "pattern", "named"),
    [
        ("mx.example.com", "mx.example.com", True),
        ("MX.example.com.", "mx.EXAMPLE.com", True),
        ("a.example.com", "*.example.com", True),
        ("a.b.example.com", "*.example.com", False),
        ("example.com", "*.example.com", False),
        ("a.example.com", "*", False),
    ],
)
def test_a_star_stands_for_one_label(host: str, pattern: str, named: bool) -> None:
    assert matches(host, pattern) is named


@given(st.text(), st.text())
def test_any_policy_file_and_record_is_judged(policy: str, record: str) -> None:
    read_policy(policy)
    table = {**sts(policy), f"TXT _mta-sts.{D}": ("v=STSv1; id=1", record)[:1], f"TXT _smtp._tls.{D}": (record,)}
    for remark in [*transport(table), *transport({f"TXT _mta-sts.{D}": (f"v=STSv1{record}",)})]:
        assert str(remark.says)


# --- BIMI -----------------------------------------------------------------------------------------

ENFORCED = {f"TXT _dmarc.{D}": ("v=DMARC1; p=quarantine",)}


@pytest.mark.parametrize(
    ("record", "policy", "severity"),
    [
        ("v=BIMI1; l=https://example.com/a.svg; a=", "v=DMARC1; p=quarantine", "fine"),
        ("v=BIMI1; l=https://example.com/a.svg", "v=DMARC1; p=none", "warning"),
        ("v=BIMI1; l=https://example.com/a.svg", "v=DMARC1; p=reject; sp=none", "warning"),
        ("v=BIMI1; l=https://example.com/a.svg", "v=DMARC1; p=reject; t=y", "warning"),
        ("v=BIMI1; l=http://example.com/a.svg", "v=DMARC1; p=reject", "warning"),
        ("v=BIMI1; l=https://example.com/a.png", "v=DMARC1; p=reject", "warning"),
        ("v=BIMI1; l=https://example.com/a.svg; a=http://x", "v=DMARC1; p=reject", "warning"),
    ],
)
def test_a_sign_is_shown_only_beside_an_enforced_policy(record: str, policy: str, severity: str) -> None:
    table = {f"TXT default._bimi.{D}": (record,), f"TXT _dmarc.{D}": (policy,)}
    assert [remark.severity for remark in answered(judge_sign("news.example.com"), table)] == [severity]


def test_no_sign_is_fine() -> None:
    assert said(answered(judge_sign(D), {})) == [("fine", "bimi-missing")]


# --- together -------------------------------------------------------------------------------------

WHOLE: Table = {
    f"TXT {D}": (f"v=spf1 ip4:{RELAY} -all",),
    f"TXT {OURS.name}": (OURS.text or "",),
    f"TXT _dmarc.{D}": ("v=DMARC1; p=none; rua=mailto:dmarc@example.com",),
    f"MX {D}": ("mx.example.com",),
    "A mx.example.com": ("8.8.8.8",),
    f"PTR {RELAY}": ("mail.example.com",),
    "A mail.example.com": (RELAY,),
}
SENDER = Sender(author=D, bounces=D, home=D, keys=(OURS,), relay=Relay(host="mail.example.com"), private=True)


def test_a_sender_whose_records_are_right_hears_nothing_else() -> None:
    assert {remark.severity for remark in answered(examine(SENDER), WHOLE)} == {Severity.FINE}


def test_a_sender_without_any_record_hears_of_each_by_name() -> None:
    sender = Sender(author=D, bounces=D, home=D, keys=(OURS,), relay=Relay(addresses=(RELAY,)), private=True)
    checks = wrong(answered(examine(sender), {}))
    assert checks == ["spf-missing", "dkim-missing", "dmarc-missing", "mx-missing", "ptr-missing"]


def test_publishing_what_is_told_makes_a_sender_right() -> None:
    sender = Sender(author=D, bounces=D, home=D, keys=(OURS,), relay=Relay(addresses=(RELAY,)), private=True)
    table = dict[str, tuple[str, ...]]({f"A mail.{D}": (RELAY,)})
    for _ in range(3):
        for record in [remark.publish for remark in answered(examine(sender), table) if remark.publish]:
            name = RELAY if record.type == "PTR" else record.name
            table[f"{record.type} {name}"] = (record.text.removeprefix("10 ").removesuffix("."),)
    assert wrong(answered(examine(sender), table)) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "10.0.0.4", "mailhub"])
def test_a_reserved_domain_and_an_inner_relay_are_not_asked_about_and_said_so(host: str) -> None:
    asked = list[Question]()
    sender = Sender(author="garam.example", bounces="garam.example", home="garam.example", relay=Relay(host=host))
    remarks = answered(examine(sender), {}, asked)
    assert asked == []
    assert said(remarks) == [("skipped", "dns-reserved"), ("skipped", "ptr-address")]
    words = " ".join(str(remark.says) for remark in remarks)
    assert all(name in words for name in ("garam.example", "SPF", "DKIM", "DMARC", "MTA-STS", "BIMI", host))


def test_behind_a_provider_its_record_is_included_and_its_addresses_are_its_own() -> None:
    sender = replace(SENDER, relay=Relay(provider="ses.example"))
    remarks = answered(examine(sender), WHOLE)
    advice = one(remarks, "spf-address")
    assert advice.publish is not None
    assert advice.publish.text == f"v=spf1 include:ses.example ip4:{RELAY} -all"
    assert one(remarks, "ptr-address").severity is Severity.SKIPPED
    assert wrong(remarks) == []
    table = {**WHOLE, f"TXT {D}": (advice.publish.text,), "TXT ses.example": ("v=spf1 -all",)}
    assert one(answered(examine(sender), table), "spf-address").severity is Severity.FINE
    missing = one(answered(examine(sender), {**WHOLE, f"TXT {D}": ()}), "spf-missing")
    assert missing.publish is not None
    assert missing.publish.text == "v=spf1 include:ses.example ~all"


def test_a_relay_known_by_name_alone_is_a_guess_and_never_wrong() -> None:
    table = {**WHOLE, f"TXT {D}": ("v=spf1 ip4:198.51.100.1 -all",), f"PTR {RELAY}": ()}
    assert wrong(answered(examine(SENDER), table)) == []


def test_a_dns_that_is_away_is_warnings_only() -> None:
    class Away(dict[str, tuple[str, ...]]):
        def get(self, name: str, default: object = None) -> tuple[str, ...]:  # type: ignore[override]
            return BROKEN

    assert wrong(answered(examine(SENDER), Away())) == []


@given(st.dictionaries(st.sampled_from(sorted(WHOLE)), st.lists(st.text(), max_size=3).map(tuple)))
def test_whatever_the_dns_says_is_judged(table: dict[str, tuple[str, ...]]) -> None:
    for remark in answered(examine(SENDER), {**WHOLE, **table}):
        assert str(remark.says)
        assert remark.area


# --- small things ---------------------------------------------------------------------------------


def test_a_record_as_a_line_of_a_zone_file_holds_strings_of_at_most_255_octets() -> None:
    text = f'v=DKIM1; n="x"\\; p={"A" * 600}'
    line = Record(name="mail._domainkey.example.com", type="TXT", text=text).zone
    assert line.startswith('mail._domainkey.example.com. IN TXT "v=DKIM1; n=\\"x\\"\\\\; p=')
    parts = line.split(" IN TXT ")[1].strip('"').split('" "')
    assert all(len(part.replace("\\\\", "\\").replace('\\"', '"')) <= 255 for part in parts)
    assert "".join(parts).replace('\\"', '"').replace("\\\\", "\\") == text
    assert Record(name=D, type="MX", text="10 mail.example.com.").zone == "example.com. IN MX 10 mail.example.com."


def test_remarks_stand_worst_first_and_else_in_their_order() -> None:
    made = [Remark(severity=s, check=f"x-{n}", subject="", says=say("글")) for n, s in enumerate([*Severity] * 2)]
    assert [r.check for r in worst_first(reversed(made))] == ["x-4", "x-0", "x-5", "x-1", "x-6", "x-2", "x-7", "x-3"]


@pytest.mark.parametrize(
    "name", ["garam.example", "example.com", "a.b.test", "localhost", "x.local", "home.arpa", "com"]
)
def test_a_reserved_name_is_known(name: str) -> None:
    assert reserved(name)


@pytest.mark.parametrize("name", ["example.co", "notexample.com"])
def test_other_names_are_not_reserved(name: str) -> None:
    assert not reserved(name)


def test_a_name_lies_within_itself_and_its_parents_only() -> None:
    assert within("A.example.com.", "example.COM")
    assert within("example.com", "example.com")
    assert not within("badexample.com", "example.com")
    assert not within("example.com", "")


@given(st.text())
def test_any_text_is_a_tag_list_or_none(text: str) -> None:
    found = tag_list(text)
    assert found is None or all(name == name.lower() for name, _ in found)
