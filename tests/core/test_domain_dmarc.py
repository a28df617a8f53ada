"""Laws of DMARC (RFC 9989): which record applies, whose organisation a domain is, and what is said of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.domain.dmarc import Walk, is_dmarc, read, targets, walk
from syndication.core.domain.dmarc_advice import judge_dmarc
from syndication.core.domain.names import Question
from syndication.core.remarks import Remark
from tests.core.asking import BROKEN, Table, answered, one, said, wrong

D = "example.com"
PLAIN = "v=DMARC1; p=none; rua=mailto:dmarc@example.com"


def dns(**records: str) -> dict[str, tuple[str, ...]]:
    """Records by the domain they are for, dots as underscores: example_com=..."""
    return {f"TXT _dmarc.{name.replace('_', '.')}": (text,) for name, text in records.items()}


def walked(domain: str, table: Table) -> Walk:
    return answered(walk(domain), table)


def judged(
    table: Table, author: str = D, *, bounces: str | None = None, signing: tuple[str, ...] = (D,), home: str = D
) -> list[Remark]:
    return answered(judge_dmarc(author, bounces=bounces or author, signing=signing, home=home), table)


# --- the walk -----------------------------------------------------------------------------------


def test_a_long_name_is_asked_for_at_eight_places_as_the_standard_shows() -> None:
    assert list(targets("a.b.c.d.e.f.g.h.i.j.mail.example.com")) == [
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    ]


@pytest.mark.parametrize(
    ("domain", "count"),
    [("com", 1), ("example.com", 2), ("a.b.c.d.e.f.com", 7), ("a.b.c.d.e.f.g.com", 8), ("a.b.c.d.e.f.g.h.com", 8)],
)
def test_a_name_is_asked_for_label_by_label_and_never_more_than_eight_times(domain: str, count: int) -> None:
    asked = list[Question]()
    answered(walk(domain), {}, asked)
    assert len(asked) == count
    assert asked[-1].name == "_dmarc.com"


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=3), min_size=1, max_size=40))
def test_every_walk_ends_at_the_last_label_within_eight_questions(parts: list[str]) -> None:
    names = list(targets(".".join(parts)))
    assert len(names) <= 8
    assert names[0] == ".".join(parts)
    assert names[-1] == parts[-1]
    assert len(set(names)) == len(names)


def test_the_second_target_of_eight_labels_is_the_parent_and_of_nine_the_last_seven() -> None:
    assert list(targets("a.b.c.d.e.f.g.h"))[1] == "b.c.d.e.f.g.h"
    assert list(targets("a.b.c.d.e.f.g.h.i"))[1] == "c.d.e.f.g.h.i"


@pytest.mark.parametrize(
    ("start", "table", "organisation", "applied"),
    [
        # section 4.10.2, the three examples
        ("a.mail.example.com", dns(mail_example_com=PLAIN, example_com=PLAIN), "example.com", "example.com"),
        (
            "a.mail.example.com",
            dns(mail_example_com=f"{PLAIN}; psd=n", example_com=PLAIN),
            "mail.example.com",
            "mail.example.com",
        ),
        ("a.mail.example.com", dns(com="v=DMARC1; p=reject; psd=y"), "example.com", "com"),
        # the domain's own record applies, whoever its organisation is
        ("a.example.com", dns(a_example_com=PLAIN, example_com=PLAIN), "example.com", "a.example.com"),
        # a public suffix of two labels
        ("news.garam.co.example", dns(co_example="v=DMARC1; p=none; psd=y"), "garam.co.example", "co.example"),
        (
            "news.garam.co.example",
            dns(garam_co_example=PLAIN, co_example="v=DMARC1; psd=y; p=none"),
            "garam.co.example",
            "garam.co.example",
        ),
        # psd=y where the walk starts names nothing below it
        ("co.example", dns(co_example="v=DMARC1; p=none; psd=y"), "co.example", "co.example"),
        # nothing anywhere: the domain itself, and no record
        ("a.example.com", {}, "a.example.com", None),
        # a domain below a suffix that has a record without saying so
        ("garam.example.com", dns(com=PLAIN), "com", "com"),
        # one label below a suffix is counted from the domain, not from where the walk came by
        ("a.b.c.d.e.f.g.h.i.example", dns(example="v=DMARC1; p=none; psd=y"), "i.example", "example"),
    ],
)
def test_the_walk_finds_the_organisation_and_the_record(
    start: str, table: Table, organisation: str, applied: str | None
) -> None:
    found = walked(start, table)
    assert found.organisation == organisation
    assert (found.applied[0] if found.applied else None) == applied


def test_a_record_that_says_what_it_is_ends_the_walk() -> None:
    asked = list[Question]()
    answered(walk("a.b.example.com"), dns(b_example_com=f"{PLAIN}; psd=n"), asked)
    assert [question.name for question in asked] == ["_dmarc.a.b.example.com", "_dmarc.b.example.com"]


def test_several_records_at_one_name_are_all_discarded_and_the_walk_goes_on() -> None:
    table = {"TXT _dmarc.a.example.com": (PLAIN, PLAIN), **dns(example_com=PLAIN)}
    found = walked("a.example.com", table)
    assert found.doubled == ("a.example.com",)
    assert found.applied is not None
    assert found.applied[0] == "example.com"


def test_a_record_beside_other_texts_is_still_the_one() -> None:
    table = {f"TXT _dmarc.{D}": ("something-verification=1", PLAIN)}
    assert walked(D, table).applied is not None


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("v=DMARC1", True),
        ("v=DMARC1;p=none", True),
        ("v = DMARC1 ; p=none", True),
        ("V=DMARC1; p=none", True),
        ("v=dmarc1; p=none", False),
        ("v=DMARC12; p=none", False),
        (" v=DMARC1; p=none", False),
        ("p=none; v=DMARC1", False),
        ('"v=DMARC1; p=none"', False),
        ("", False),
    ],
)
def test_only_a_text_that_begins_with_the_version_is_a_record(text: str, taken: bool) -> None:
    assert is_dmarc(text) is taken


@given(st.text())
def test_any_text_can_be_read_and_walked(text: str) -> None:
    policy = read(f"v=DMARC1; {text}")
    assert policy.psd in ("y", "n", "u")
    table = {f"TXT _dmarc.{D}": (f"v=DMARC1; {text}",), f"TXT {D}": (text,)}
    for remark in judged(table, bounces="bounce.example.com"):
        assert str(remark.says)


@given(st.text())
def test_any_domain_can_be_walked(domain: str) -> None:
    assert len(list(targets(domain))) <= 8
    walked(domain, {})


# --- what is said ---------------------------------------------------------------------------------


def test_a_right_record_is_fine() -> None:
    assert said(judged(dns(example_com=PLAIN))) == [("fine", "dmarc-policy"), ("fine", "dmarc-alignment")]


@pytest.mark.parametrize(
    ("author", "home", "name"),
    [
        (D, D, f"_dmarc.{D}"),
        ("news.example.com", D, f"_dmarc.{D}"),
        ("news.example.net", D, "_dmarc.news.example.net"),
    ],
)
def test_a_missing_record_is_wrong_and_belongs_to_the_publishers_own_domain(author: str, home: str, name: str) -> None:
    remark = one(judged({}, author, home=home), "dmarc-missing")
    assert wrong([remark]) == ["dmarc-missing"]
    assert remark.publish is not None
    assert remark.publish.name == name
    assert wrong(judged({f"TXT {name}": (remark.publish.text,)}, author, signing=(author,), home=home)) == []


def test_a_record_in_the_wrong_place_is_named() -> None:
    remark = one(judged({f"TXT {D}": (PLAIN,)}), "dmarc-misplaced")
    assert remark.publish is not None
    assert (remark.publish.name, remark.publish.text) == (f"_dmarc.{D}", PLAIN)


def test_a_record_that_does_not_begin_with_its_version_is_quoted() -> None:
    remark = one(judged({f"TXT _dmarc.{D}": ("p=none; v=DMARC1",)}), "dmarc-missing")
    assert "p=none; v=DMARC1" in str(remark.says)


def test_two_records_are_wrong_where_none_is_left_and_a_warning_where_another_applies() -> None:
    double = {f"TXT _dmarc.{D}": (PLAIN, PLAIN)}
    assert wrong(judged(double)) == ["dmarc-several"]
    below = {"TXT _dmarc.news.example.com": (PLAIN, PLAIN), **dns(example_com=PLAIN)}
    remarks = judged(below, "news.example.com", signing=("news.example.com",))
    assert wrong(remarks) == []
    assert ("warning", "dmarc-several") in said(remarks)


@pytest.mark.parametrize(
    ("record", "check", "severity", "text"),
    [
        ("v=DMARC1; p=nothing", "dmarc-policy", "wrong", "v=DMARC1; p=none"),
        (
            "v=DMARC1; p=nothing; rua=mailto:a@example.com",
            "dmarc-policy",
            "warning",
            "v=DMARC1; p=none; rua=mailto:a@example.com",
        ),
        ("v=DMARC1; p=none; sp=all", "dmarc-policy", "wrong", "v=DMARC1; p=none; sp=none"),
        ("v=DMARC1; p=none; np=x", "dmarc-policy", "wrong", "v=DMARC1; p=none; np=none"),
        (
            "v=DMARC1; rua=mailto:a@example.com",
            "dmarc-policy",
            "warning",
            "v=DMARC1; p=none; rua=mailto:a@example.com",
        ),
        ("v=DMARC1; p=none", "dmarc-reports", "warning", "v=DMARC1; p=none; rua=mailto:postmaster@example.com"),
        ("v=DMARC1; p=none; rua=example.com", "dmarc-reports", "warning", None),
        (f"{PLAIN}; pct=20", "dmarc-removed", "warning", PLAIN),
        (f"{PLAIN}; psd=y", "dmarc-psd", "warning", PLAIN),
    ],
)
def test_what_is_odd_in_a_record_is_told(record: str, check: str, severity: str, text: str | None) -> None:
    remark = one(judged(dns(example_com=record)), check)
    assert remark.severity == severity
    if text is not None:
        assert remark.publish is not None
        assert remark.publish.text == text


def test_a_repaired_record_is_right() -> None:
    for record in ("v=DMARC1; p=nothing", "v=DMARC1; P=NONE; pct=5; psd=y", "v=DMARC1", "v=DMARC1; sp=x; np=y"):
        text = record
        for _ in range(6):
            publish = next((r.publish for r in judged(dns(example_com=text)) if r.publish), None)
            if publish is None:
                break
            text = publish.text
        assert {severity for severity, _ in said(judged(dns(example_com=text)))} == {"fine"}, text


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ("v=DMARC1; p=reject; rua=mailto:a@example.com", "p=reject"),
        ("v=DMARC1; p=reject; t=y; rua=mailto:a@example.com", "quarantine"),
        ("v=DMARC1; p=quarantine; t=y; rua=mailto:a@example.com", "none"),
        ("v=DMARC1; p=QUARANTINE; rua=mailto:a@example.com", "p=quarantine"),
    ],
)
def test_the_policy_in_force_is_told(record: str, told: str) -> None:
    assert told in str(one(judged(dns(example_com=record)), "dmarc-policy").says)


def test_below_the_record_the_policy_for_subdomains_is_in_force() -> None:
    table = dns(example_com="v=DMARC1; p=reject; sp=none; rua=mailto:a@example.com")
    assert "sp=none" in str(one(judged(table, "news.example.com"), "dmarc-policy").says)


def test_reports_to_another_organisation_need_its_word() -> None:
    record = dns(example_com="v=DMARC1; p=none; rua=mailto:in@reports.example.net")
    remark = one(judged(record), "dmarc-reports")
    assert remark.publish is not None
    assert remark.publish.name == "example.com._report._dmarc.reports.example.net"
    allowed = {"TXT example.com._report._dmarc.reports.example.net": ("v=DMARC1",)}
    assert ("warning", "dmarc-reports") not in said(judged(record | allowed))


def test_a_dns_that_does_not_answer_is_a_warning_and_never_a_missing_record() -> None:
    assert said(judged({f"TXT _dmarc.{D}": BROKEN})) == [("warning", "dmarc-unknown")]
    assert wrong(judged(dns(example_com=PLAIN) | {"TXT _dmarc.com": BROKEN})) == []


# --- alignment ------------------------------------------------------------------------------------

OTHER = dns(example_net=PLAIN)


@pytest.mark.parametrize(
    ("bounces", "signing", "record", "severity"),
    [
        (D, (D,), PLAIN, "fine"),
        ("bounce.example.com", ("news.example.com",), PLAIN, "fine"),
        ("bounce.example.net", (D,), PLAIN, "fine"),
        ("bounce.example.com", ("example.net",), PLAIN, "warning"),
        ("bounce.example.net", ("example.net", D), PLAIN, "fine"),
        ("bounce.example.net", ("example.net",), PLAIN, "wrong"),
        (D, (), PLAIN, "fine"),
        ("bounce.example.net", (), PLAIN, "warning"),
        ("bounce.example.com", ("news.example.com",), f"{PLAIN}; adkim=s; aspf=s", "wrong"),
        ("bounce.example.com", (D,), f"{PLAIN}; adkim=s; aspf=s", "fine"),
        (D, ("news.example.com",), f"{PLAIN}; adkim=s", "warning"),
    ],
)
def test_the_from_has_to_agree_with_the_signature_or_the_envelope(
    bounces: str, signing: tuple[str, ...], record: str, severity: str
) -> None:
    remarks = judged(dns(example_com=record) | OTHER, bounces=bounces, signing=signing)
    assert one(remarks, "dmarc-alignment").severity == severity


def test_an_organisation_of_its_own_below_ours_does_not_agree() -> None:
    table = dns(example_com=PLAIN, lab_example_com=f"{PLAIN}; psd=n")
    remark = one(judged(table, bounces="lab.example.com", signing=("lab.example.com",)), "dmarc-alignment")
    assert remark.severity == "wrong"
