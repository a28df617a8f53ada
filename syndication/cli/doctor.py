"""The command `doctor`: what the domains publish and the mail that goes next, wrong things first.

It judges nothing itself; what it prints comes from `doctor` and `proof`, in the operator's language.
"""

from __future__ import annotations

import ipaddress
import os
from collections import Counter
from collections.abc import Sequence
from datetime import date

import click
from rich.text import Text

from syndication import bootstrap, proof
from syndication import doctor as examining
from syndication.bootstrap import House
from syndication.cli.house import Context, json_option, out, plain, print_json
from syndication.core.domain.records import Sender
from syndication.core.links import BadAddress
from syndication.core.remarks import Record, Remark, Said, Severity, worst_first
from syndication.core.signers import Transport
from syndication.render.words import LANGUAGES, Words, words

WIDTH, COLUMN = 80, 21  # columns, wherever it is read; where the words begin

_SIGNS = {Severity.WRONG: "✗", Severity.WARNING: "!", Severity.SKIPPED: "·", Severity.FINE: "✓"}
_STYLES = {Severity.WRONG: "bold red", Severity.WARNING: "yellow", Severity.SKIPPED: "dim", Severity.FINE: "green"}
_SEVERAL = ("size", "readers", "header", "links", "images")  # of these more than one mail may be told


@click.command()
@click.option("--domain", help="Judge this domain instead of the sender's.")
@click.option("--ip", "addresses", multiple=True, help="An address that mail leaves from. May be repeated.")
@click.option("--selector", "selectors", multiple=True, help="A DKIM selector that the relay signs with. Repeatable.")
@click.option("--dns/--no-dns", "with_dns", default=True, help="Whether to ask the DNS.")
@click.option("--resolver", metavar="IP[:PORT]", help="Ask this name server, about reserved and private names too.")
@click.option("--issue/--no-issue", "with_issue", default=True, help="Whether to look at the next Issue's mails.")
@click.option("--edition", help="Look at this Edition's Issue; else at every one's.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Look at this date's Issue; else at the next one.")
@click.option("--fetch", is_flag=True, help=f"Ask the Issue's links whether they open, at most {proof.MOST_LINKS}.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Else as the environment says: LC_ALL, LANG.")
@json_option
@click.pass_obj
def doctor(
    context: Context,
    domain: str | None,
    addresses: tuple[str, ...],
    selectors: tuple[str, ...],
    with_dns: bool,
    resolver: str | None,
    with_issue: bool,
    edition: str | None,
    on: date | None,
    fetch: bool,
    language: str | None,
    as_json: bool,
) -> None:
    """Say what receivers will find wrong: with the domains' DNS records, and with the mail that goes next.

    Exits 1 when something is wrong; warnings alone exit 0.

    \b
    Example: syndication doctor
             syndication doctor --domain news.example --ip 192.0.2.10
             syndication doctor --no-dns --edition daily --on 2026-01-20
    """
    server = _server(resolver)
    for address in addresses:
        _address(address)
    with context.house() as house:
        said = words(language or _spoken(), house.setup.templates)
        sender = _sender(house, domain, addresses, selectors, private=server is not None)
        dns = examining.domains(bootstrap.names(server), house.ports.fetcher, sender) if with_dns else []
        issues = _issues(house, edition, _day(on), fetch=fetch) if with_issue else []
    found = [*dns, *issues]
    if as_json:
        print_json(_facts(sender, found, said))
    else:
        _tell(house, sender, (("DNS", dns), (said("다음 호"), issues)), said)
    raise SystemExit(1 if any(remark.severity is Severity.WRONG for remark in found) else 0)


# --- what is asked -----------------------------------------------------------------------------


def _spoken() -> str:
    """The language of the environment, as gettext looks for it."""
    told = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return told.partition(".")[0]


def _day(moment: date | None) -> date | None:
    if moment is not None and not 2000 <= moment.year < 2100:
        raise click.BadParameter("a date from 2000-01-01 to 2099-12-31 is needed")
    return date(moment.year, moment.month, moment.day) if moment else None


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise click.BadParameter(f"{text} is not an IP address") from None


def _server(text: str | None) -> tuple[str, int] | None:
    """A name server as ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT."""
    if text is None:
        return None
    host, _, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", "53")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise click.BadParameter(f"{text} is no name server: write 192.0.2.53 or 192.0.2.53:5353")
    return _address(host.strip("[]")), int(port)


def _sender(
    house: House, domain: str | None, addresses: Sequence[str], selectors: Sequence[str], *, private: bool
) -> Sender:
    try:
        return examining.sender_of(
            house.setup,
            None if house.settings.mail.transport is Transport.SES else house.settings.mail.host,
            house.ports.clock.now(),
            domain=domain,
            addresses=tuple(map(_address, addresses)),
            selectors=selectors,
            private=private,
        )
    except BadAddress as error:
        raise click.BadParameter(f"{domain}: {error}") from None


def _issues(house: House, edition: str | None, on: date | None, *, fetch: bool) -> list[Remark]:
    editions = house.setup.editions
    if edition is not None and edition not in editions:
        raise click.BadParameter(f"no Edition is called {edition}; there are {', '.join(editions)}")
    chosen = [editions[edition]] if edition else list(editions.values())
    return [r for one in chosen for r in proof.preflight(house.ports, house.setup, one, on=on, fetch=fetch)]


# --- what is told ------------------------------------------------------------------------------


def _facts(sender: Sender, found: Sequence[Remark], said: Words) -> dict[str, object]:
    counts = Counter(remark.severity for remark in found)
    return {
        "author": sender.author,
        "bounces": sender.bounces,
        "counts": {severity.value: counts[severity] for severity in Severity},
        "remarks": [
            {
                "severity": remark.severity,
                "check": remark.check,
                "subject": remark.subject,
                "says": _in(said, remark.says),
                "advice": _in(said, remark.advice) if remark.advice else None,
                "publish": {**plain(remark.publish), "zone": remark.publish.zone} if remark.publish else None,
                "source": said(remark.source) if remark.source else None,
            }
            for remark in worst_first(found)
        ],
    }


def _in(said: Words, what: Said) -> str:
    """A text in the operator's language, with what fills its places."""
    return said(what.text, **{name: _in(said, v) if isinstance(v, Said) else v for name, v in what.values})


def _tell(house: House, sender: Sender, areas: Sequence[tuple[str, Sequence[Remark]]], said: Words) -> None:
    mode = said("실제 발송") if house.setup.live else said("리허설")
    names = " · ".join(dict.fromkeys((sender.author, sender.bounces)))
    out.print(f"{house.settings.outlet.name} · {mode} · {names}", style="bold", markup=False)
    for title, remarks in areas:
        if remarks:
            out.print(f"\n{title}", style="bold", markup=False)
        for remark in worst_first(remarks):
            _tell_one(remark, said)
    counts = Counter(remark.severity for _, remarks in areas for remark in remarks)
    summary = said(
        "✗ 잘못 {wrong}   ! 주의 {warning}   · 해당 없음 {skipped}   ✓ 좋음 {fine}",
        **{severity.value: counts[severity] for severity in Severity},
    )
    out.print(f"\n{summary}", style="bold red" if counts[Severity.WRONG] else "bold", markup=False)


def _tell_one(remark: Remark, said: Words) -> None:
    """The sign and the name of the check, and beside them where, what, what to do and whose rule it is."""
    words = [Text(_in(said, what)) for what in (remark.says, remark.advice) if what is not None]
    if remark.severity is not Severity.FINE:
        words = [Text(remark.subject, style="bold"), *words]
        words += [Text(said(remark.source), style="dim")] if remark.source else []
    elif remark.area in _SEVERAL:
        words[0].append(f"  {remark.subject}", style="dim")
    head = Text.assemble((f"{_SIGNS[remark.severity]} ", _STYLES[remark.severity]), remark.check)
    for line in (line for text in words for line in text.wrap(out, WIDTH - COLUMN, overflow="fold")):
        line.rstrip()
        out.print(Text.assemble(head, " " * max(1, COLUMN - head.cell_len), line), soft_wrap=True)
        head = Text()
    if remark.publish is not None:
        _tell_record(remark.publish, said)


def _tell_record(record: Record, said: Words) -> None:
    """Name, type and text each on a line of its own that is never broken, to be copied as they stand."""
    out.print(f"{' ' * COLUMN}{said('올릴 레코드:')}", markup=False)
    for key, value in (("name", record.name), ("type", record.type), ("text", record.text)):
        out.print(f"    {key}  {value}", style="bold", markup=False, soft_wrap=True)


COMMANDS = (doctor,)
