"""Commands that look and change nothing: check, status.

What is wrong is decided in core.health and settings.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from syndication import bootstrap, publish, telling, watch
from syndication import settings as publisher_settings
from syndication.adapters.desk import DeskFile
from syndication.cli.hearing import listener_facts, listener_table
from syndication.cli.house import Context, err, json_option, out, print_json, print_problems, table
from syndication.cli.services import weather_services
from syndication.core import desk
from syndication.core.health import EditionFacts
from syndication.core.model import Balance, Cadence, Channel, Issue
from syndication.core.weather import explained
from syndication.dispatch import in_doubt
from syndication.ports import Permanent, Transient
from syndication.settings import Problem, Settings, Severity
from syndication.settings.places import find_places

TERMS = ("audience", "accepted", "suppressed", "excluded", "failed", "expired", "cancelled", "uncertain", "waiting")


@click.command()
@json_option
@click.pass_obj
def check(context: Context, as_json: bool) -> None:
    """Say what is wrong in publisher.toml and partners/*.toml, and what would be right.

    A bucket that is named there is tried out: a small file is written and read.

    \b
    Example: syndication check
    """
    path = context.path()
    problems = publisher_settings.check(path, os.environ)
    unread = () if any(problem.is_error for problem in problems) else _unread_wishes(context.settings())
    if not any(problem.is_error for problem in problems):
        problems = (*problems, *_place(context.settings()))
    if as_json:
        print_json(problems)
    else:
        print_problems(problems)
        for words in unread:
            err.print(words, markup=False, soft_wrap=True)
    if unread or any(problem.is_error for problem in problems):
        raise SystemExit(1)
    if not as_json:
        for note in publisher_settings.notes(context.settings()):
            out.print(note, markup=False)
        out.print(f"{path}: in order", markup=False)


def _place(settings: Settings) -> list[Problem]:
    """What is wrong with the bucket that feeds are published to, also where it is not used while rehearsing."""
    try:
        bootstrap.try_bucket(settings)
    except (Permanent, Transient) as error:
        line = find_places(settings.file.read_text(encoding="utf-8")).line(("publish", "bucket"))
        right = "a bucket that this installation can write"
        severity = Severity.ERROR if isinstance(error, Permanent) else Severity.WARNING
        return [
            Problem(
                file=settings.file.name,
                line=line,
                field="publish.bucket",
                wrong=str(error),
                right=right,
                severity=severity,
            )
        ]
    return []


def _unread_wishes(settings: Settings) -> tuple[str, ...]:
    """What stands in desk.toml and cannot be read."""
    try:
        written = DeskFile(settings.file.parent / desk.FILE).read()
    except Permanent as error:
        return (str(error),)
    if written is None:
        return ()
    editions = [edition.id for edition in settings.editions]
    return desk.read(written.text, editions=editions, by=written.by, at=written.at).problems


@click.command()
@json_option
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """Say how the morning stands; exit non-zero when something needs the operator.

    \b
    Example: syndication status || notify-the-operator
    """
    with context.house() as house:
        now = house.ports.clock.now()
        doubt = in_doubt(house.ports)
        setup, settings = house.setup, house.settings
        namespace = publish.namespace_of(setup.outlet, settings.editions, setup.templates)
        survey = watch.survey(house.store, settings.editions, settings.sources, now, doubt=doubt, namespace=namespace)
        heard = telling.standing(house.ports, house.setup)
        pictured = house.store.picture_counts()
        services = house.store.weather_states()
    if as_json:
        editions = [_facts(f) for f in survey.editions]
        listeners = [listener_facts(each) for each in heard]
        looked = {"at": now, "findings": survey.findings, "editions": editions, "listeners": listeners}
        print_json(looked | {"weather_services": services, "pictures": pictured})
    else:
        for facts in survey.editions:
            for issue in facts.issues[:3]:
                kind = "" if issue.cadence is Cadence.DAILY else f" {issue.cadence}"
                words = f"{facts.edition.title} {issue.on}{kind} {issue.state} {issue.reason or ''}"
                out.print(words.rstrip(), style="bold", markup=False)
                for line in _editorial(issue):
                    out.print(line, markup=False, soft_wrap=True)
                balances = {c: b for (n, c), b in facts.balances.items() if n == issue.id}
                out.print(balance_table(balances))
        for line in weather_services(services, now):
            out.print(line, markup=False, soft_wrap=True)
        if heard:
            out.print(listener_table(heard))
        if pictured:
            out.print("Pictures: " + "; ".join(f"{n} {what}" for what, n in pictured.items()), markup=False)
        for finding in survey.findings:
            err.print(f"! {finding.sentence}", markup=False, soft_wrap=True)
        if not survey.findings:
            out.print("All is well.")
    raise SystemExit(1 if survey.findings else 0)


def _editorial(issue: Issue) -> Iterator[str]:
    """What leads and why, and what of the desk's wishes did not come true; `syndication why` says the rest."""
    for item in issue.content.items[:1]:
        yield f"  {item.article.content.title} — {item.why}"
    for wished in issue.content.wished:
        if wished.refused:
            yield f"  not granted: {wished.wish.do} {wished.wish.article or ''}: {wished.refused}"
    yield from (f"  {line}" for line in explained(issue.content.weather, all_of_it=False))


def balance_table(balances: dict[Channel, Balance]) -> object:
    """Row by row in the words of the promise: audience = accepted + suppressed + … + waiting."""
    rows = [(term, *(getattr(balance, term) for balance in balances.values())) for term in TERMS]
    return table(None, ("", *(channel.value for channel in balances)), rows)


def _facts(facts: EditionFacts) -> dict[str, object]:
    return {
        "edition": facts.edition.id,
        "issues": [
            {
                "on": issue.on,
                "state": issue.state,
                "reason": issue.reason,
                "stories": len(issue.content.items),
                "degraded": issue.content.degraded,
                "cadence": issue.cadence,
                "lead": next((item.why for item in issue.content.items), None),
                "not_granted": [w for w in issue.content.wished if w.refused],
                "balances": {c.value: b for (n, c), b in facts.balances.items() if n == issue.id},
            }
            for issue in facts.issues
        ],
    }


COMMANDS = (check, status)
