"""`syndication doctor`: what receivers will find wrong, told before they do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from wcwidth import wcswidth

from syndication import doctor, proof
from syndication.adapters.memory.names import MemoryNames
from syndication.bootstrap import House
from syndication.core import signers
from syndication.core.domain.names import Answer, Asking, Kind, ask
from syndication.core.links import BadAddress
from syndication.core.model import Channel
from syndication.core.remarks import Remark, Severity
from syndication.ports import Fetched, Permanent
from tests.cli.conftest import Answer as Said
from tests.cli.conftest import Command, Sample
from tests.contract.nameserver import NameServer, serving

HOME = "garam.example"
RELAY = "192.0.2.10"


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def zone() -> dict[tuple[str, str], tuple[str, ...]]:
    """An empty zone to publish in."""
    return {("TXT", "other.example."): ('"nothing to see"',)}


@pytest.fixture
def server(zone: dict[tuple[str, str], tuple[str, ...]]) -> Iterator[NameServer]:
    with serving(NameServer(zone)) as made:
        yield made


def asked(sample: Sample, server: NameServer, *words: object) -> Said:
    return sample("doctor", "--resolver", f"127.0.0.1:{server.port}", "--ip", RELAY, *words)


def checks(answer: Said, severity: str) -> list[str]:
    return [remark["check"] for remark in answer.facts[0]["remarks"] if remark["severity"] == severity]


# --- a rehearsal without a net ------------------------------------------------------------------


def test_the_sample_is_looked_over_without_a_net_and_says_what_does_not_apply(sample: Sample) -> None:
    sample.collected()
    answer = sample("doctor")
    assert answer.code == 0
    assert f"{HOME} is a reserved name" in answer.flat
    assert "The relay 127.0.0.1 is on this machine" in answer.flat
    for name in ("SPF", "DKIM", "DMARC", "MX", "PTR", "MTA-STS", "TLS-RPT", "BIMI"):
        assert name in answer.flat
    assert "Publish" not in answer.out
    assert "✗ wrong 0 " in answer.out


def test_before_anything_is_collected_there_is_no_issue_to_look_at(sample: Sample) -> None:
    answer = sample("doctor", "--no-dns", "--json")
    assert answer.code == 0
    assert checks(answer, "skipped") == ["issue-none"]


def test_the_mails_of_the_next_issue_are_judged_whole_largest_and_smallest(sample: Sample) -> None:
    sample.collected()
    answer = sample("doctor", "--no-dns", "--json")
    remarks = answer.facts[0]["remarks"]
    sizes = [remark["subject"].rpartition(" ")[2] for remark in remarks if remark["check"] == "size-html"]
    assert sizes[0] == "whole"
    assert set(sizes[1:]) <= {"largest", "smallest"}
    assert "smallest" in sizes
    assert {"header-good", "images-good", "unsubscribe-link", "readers-expected"} <= set(checks(answer, "fine"))
    assert not any(remark["check"].startswith(("spf", "dns", "ptr")) for remark in remarks)


def test_readers_who_would_get_it_are_counted_and_those_a_rehearsal_leaves_out_are_told(sample: Sample) -> None:
    sample.collected()
    (told,) = [
        r for r in sample("doctor", "--no-dns", "--json").facts[0]["remarks"] if r["check"] == "readers-expected"
    ]
    assert f"for {len(sample.settings.allow)} readers" in told["says"]


def test_an_issue_that_has_gone_is_told_by_its_balance(sample: Sample) -> None:
    sample.sent()
    answer = sample("doctor", "--no-dns", "--on", "2026-01-20", "--json")
    (told,) = [remark for remark in answer.facts[0]["remarks"] if remark["check"] == "readers-balance"]
    assert f"accepted {len(sample.mails)}" in told["says"]


def test_links_of_a_rehearsal_to_this_machine_are_not_fetched(sample: Sample) -> None:
    sample.collected()
    assert sample("doctor", "--no-dns", "--fetch").code == 0


# --- with a name server -------------------------------------------------------------------------


def test_without_records_it_is_wrong_and_says_which_to_publish(sample: Sample, server: NameServer) -> None:
    answer = asked(sample, server, "--no-issue", "--json")
    assert answer.code == 1
    assert checks(answer, "wrong") == ["spf-missing", "dmarc-missing", "mx-missing", "ptr-missing"]
    first = answer.facts[0]["remarks"][0]
    assert first["publish"] == {
        "name": HOME,
        "type": "TXT",
        "text": f"v=spf1 ip4:{RELAY} ~all",
        "zone": f'{HOME}. IN TXT "v=spf1 ip4:{RELAY} ~all"',
    }


def test_once_the_records_are_published_as_told_nothing_is_wrong(
    sample: Sample, server: NameServer, zone: dict[tuple[str, str], tuple[str, ...]]
) -> None:
    zone["A", f"mail.{HOME}."] = (RELAY,)
    for remark in asked(sample, server, "--no-issue", "--json").facts[0]["remarks"]:
        if remark["publish"]:
            name, _, rest = remark["publish"]["zone"].partition(" IN ")
            kind, _, text = rest.partition(" ")
            zone[kind, name] = (text,)
    answer = asked(sample, server, "--no-issue", "--json")
    assert answer.code == 0
    assert checks(answer, "wrong") == []
    assert {"spf-address", "dmarc-policy", "ptr-confirmed"} <= set(checks(answer, "fine"))


def test_what_is_wrong_stands_first_and_records_stand_on_lines_of_their_own(sample: Sample, server: NameServer) -> None:
    answer = asked(sample, server)
    lines = answer.out.splitlines()
    signs = [line[0] for line in lines if line[:2] in ("✗ ", "! ", "· ", "✓ ")]
    wrong = [n for n, sign in enumerate(signs) if sign == "✗"]
    assert wrong[:4] == [0, 1, 2, 3]
    assert f"    text  v=spf1 ip4:{RELAY} ~all" in lines
    assert f"    name  _dmarc.{HOME}" in lines


@pytest.mark.parametrize("language", ["ko", "en"])
def test_everything_but_records_fits_80_columns(sample: Sample, server: NameServer, language: str) -> None:
    sample.collected()
    answer = asked(sample, server, "--language", language)
    told = [line for line in answer.out.splitlines() if not line.startswith("    text  ")]
    assert max(map(wcswidth, told)) <= 80
    assert not any(line != line.rstrip() for line in told)


def test_servers_that_fail_are_warnings_and_soon_over(sample: Sample) -> None:
    names = (HOME, f"_dmarc.{HOME}", "_dmarc.example", f"_mta-sts.{HOME}", f"default._bimi.{HOME}")
    faults = {f"{name}.": "servfail" for name in (*names, "10.2.0.192.in-addr.arpa")}
    with serving(NameServer({}, faults)) as server:
        answer = asked(sample, server, "--no-issue", "--json")
    assert answer.code == 0
    assert {"spf-unknown", "dmarc-unknown", "mx-unknown", "ptr-unknown"} <= set(checks(answer, "warning"))


def test_a_domain_of_ones_choice_is_looked_at(
    sample: Sample, server: NameServer, zone: dict[tuple[str, str], tuple[str, ...]]
) -> None:
    zone["TXT", "news.example."] = (f'"v=spf1 ip4:{RELAY} -all"',)
    answer = asked(sample, server, "--no-issue", "--domain", "News.Example", "--selector", "relay", "--json")
    assert answer.facts[0]["author"] == "news.example"
    assert "spf-address" in checks(answer, "fine")
    assert "dkim-missing" in checks(answer, "wrong")


# --- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "words", "said"),
    [
        ({}, (), "Next Issue"),
        ({"LANG": "C.UTF-8"}, (), "Next Issue"),
        ({"LANG": "ko_KR.UTF-8"}, (), "다음 호"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ko_KR.UTF-8"}, (), "다음 호"),
        ({"LANG": "ko_KR.UTF-8"}, ("--language", "en"), "Next Issue"),
    ],
)
def test_the_operators_language_is_spoken(
    sample: Sample, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], words: tuple[str, ...], said: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert said in sample("doctor", "--no-dns", *words).out


def test_the_facts_have_the_form_that_is_documented(sample: Sample, server: NameServer) -> None:
    (facts,) = asked(sample, server, "--json").facts
    assert list(facts) == ["author", "bounces", "counts", "remarks"]
    assert list(facts["counts"]) == ["wrong", "warning", "skipped", "fine"]
    assert sum(facts["counts"].values()) == len(facts["remarks"])
    for remark in facts["remarks"]:
        assert list(remark) == ["severity", "check", "subject", "says", "advice", "publish", "source"]
        assert remark["publish"] is None or list(remark["publish"]) == ["name", "type", "text", "zone"]
    text = (Path(__file__).parents[2] / "docs/operating.md").read_text("utf-8")
    assert all(f"`{key}`" in text for key in (*facts, *facts["remarks"][0], "zone"))


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--ip", "192.0.2"), "192.0.2"),
        (("--resolver", "ns.example"), "ns.example"),
        (("--resolver", "127.0.0.1:x"), "127.0.0.1:x"),
        (("--resolver", "127.0.0.1:99999"), "99999"),
        (("--domain", "no_name"), "no_name"),
        (("--domain", "localhost"), "localhost"),
        (("--edition", "weekly"), "weekly"),
        (("--on", "0001-01-01"), "2000"),
    ],
)
def test_a_word_that_cannot_be_meant_is_named(sample: Sample, words: tuple[str, ...], named: str) -> None:
    answer = sample("doctor", "--no-dns", *words)
    assert answer.code == 2
    assert named in answer.flat


@pytest.mark.parametrize("server", ["127.0.0.1", "::1", "[::1]:53", "127.0.0.1:53"])
def test_a_name_server_is_named_with_or_without_its_port(sample: Sample, server: str) -> None:
    assert sample("doctor", "--no-dns", "--no-issue", "--resolver", server).code == 0


def test_without_a_publisher_toml_it_says_what_to_do(command: Command) -> None:
    answer = command("doctor")
    assert answer.code != 0
    assert "syndication init" in answer.flat


# --- asking -------------------------------------------------------------------------------------


class Nowhere:
    """A web that has no page."""

    def fetch(self, url: str, **_: Any) -> Fetched:
        raise Permanent(f"{url}: HTTP 404")


def all_of(*names: str) -> Asking[list[Answer]]:
    found = list[Answer]()
    for name in names:
        found += [(yield from ask(Kind.TXT, name))]
    return found


def test_the_same_question_is_asked_once() -> None:
    names = MemoryNames({("TXT", "example.com"): ("a",)})
    first, second = doctor.answered(all_of("example.com", "example.com"), names, Nowhere())
    assert first == second == Answer(values=("a",))
    assert names.asked == [("TXT", "example.com")]


def test_a_dns_that_never_answers_is_given_up_soon() -> None:
    silent = tuple(f"n{n}.example" for n in range(20))
    names = MemoryNames(broken=frozenset(silent))
    assert all(answer.failed for answer in doctor.answered(all_of(*silent), names, Nowhere()))
    assert len(names.asked) == 3


def test_one_server_that_fails_does_not_stop_the_others() -> None:
    silent = tuple(f"n{n}.example" for n in range(20))
    names = MemoryNames({("TXT", "example.com"): ("a",)}, broken=frozenset(silent))
    found = doctor.answered(all_of("example.com", *silent, "example.com"), names, Nowhere())
    assert found[-1].values == ("a",)
    assert len(names.asked) == 21


def test_a_dns_that_knows_not_even_the_root_is_not_believed_when_it_denies() -> None:
    (denied,) = doctor.answered(all_of("example.com"), MemoryNames(), Nowhere())
    assert denied.failed
    (missing,) = doctor.answered(
        all_of("example.com"), MemoryNames({("A", "a.root-servers.net"): ("198.41.0.4",)}), Nowhere()
    )
    assert missing == Answer()
    (own,) = doctor.answered(all_of("example.com"), MemoryNames(), Nowhere(), private=True)
    assert own == Answer()


def test_a_page_that_is_not_there_is_no_answer() -> None:
    answer = doctor.answered(ask(Kind.PAGE, "https://mta-sts.example.com/"), MemoryNames(), Nowhere())
    assert answer.failed == "https://mta-sts.example.com/: HTTP 404"


def test_the_sender_is_who_the_settings_say(sample: Sample) -> None:
    with sample.house() as house:
        now = house.ports.clock.now()
        sender = doctor.sender_of(house.setup, "127.0.0.1", now)
        assert (sender.author, sender.bounces, sender.home) == (HOME, HOME, HOME)
        other = doctor.sender_of(house.setup, None, now, domain="가람.example", selectors=("relay",))
        assert other.author == other.bounces == other.home == "xn--o39a02t.example"
        assert [key.selector for key in other.keys] == ["relay"]
        with pytest.raises(BadAddress):
            doctor.sender_of(house.setup, None, now, domain="a b")


def test_the_sender_has_every_key_and_knows_which_of_them_rest(sample: Sample) -> None:
    with sample.house() as house:
        now = house.ports.clock.now()
        keys = (made("next", since=now + timedelta(days=3)), made("now"))
        setup = replace(house.setup, signers=keys, bounce_domain=f"bounce.{HOME}")
        sender = doctor.sender_of(setup, None, now)
    assert [(key.selector, key.resting) for key in sender.keys] == [("next", True), ("now", False)]
    assert [key.text for key in sender.keys] == [signers.record(key)[1] for key in keys]
    assert sender.bounces == f"bounce.{HOME}"
    assert sender.relay.provider == "amazonses.com"


def made(selector: str, since: datetime | None = None) -> signers.Signer:
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return signers.signer(HOME, selector, pem, since=since)


# --- proofs -------------------------------------------------------------------------------------


def proofs(house: House, **changes: Any) -> list[Remark]:
    """The remarks on the sample's next Issue as if the Setup were another."""
    setup = replace(house.setup, **changes)
    (edition,) = setup.editions.values()
    return proof.preflight(house.ports, setup, edition)


def test_what_is_told_of_a_rehearsals_links_is_wrong_when_live(sample: Sample) -> None:
    sample.collected()
    with sample.house() as house:
        assert "links-inner" in [r.check for r in proofs(house, allowed=None) if r.severity is Severity.WRONG]
        assert not [r for r in proofs(house) if r.severity is Severity.WRONG]


def test_an_advertising_edition_is_marked_and_signed_mail_is_covered(sample: Sample) -> None:
    sample.collected()
    with sample.house() as house:
        editions = {name: replace(one, advertising=True) for name, one in house.setup.editions.items()}
        remarks = proofs(house, editions=editions, signers=(made("now"),))
    assert "advertising-mark" in [r.check for r in remarks if r.severity is Severity.FINE]
    assert not [r for r in remarks if r.severity is Severity.WRONG]


def test_a_mail_that_cannot_be_built_is_wrong_and_says_why(sample: Sample) -> None:
    sample.collected()
    with sample.house() as house:
        (told,) = proofs(house, outlet=replace(house.setup.outlet, sender_address=f"한글@{HOME}"))
    assert (told.check, told.severity) == ("issue-unmade", Severity.WRONG)
    assert "ASCII" in str(told.says)


def test_an_edition_that_sends_no_mail_has_none_to_look_at(sample: Sample) -> None:
    with sample.house() as house:
        (edition,) = house.setup.editions.values()
        (told,) = proof.preflight(house.ports, house.setup, replace(edition, channels=(Channel.FEED,)))
    assert (told.check, told.severity) == ("issue-none", Severity.SKIPPED)
