"""Commands that do the morning's work by hand: ingest, assemble, preview, send, replay.

Each calls the verbs the workers call; none has rules of its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import click
from rich.progress import Progress

from syndication import assemble as assembling
from syndication import dispatch, editing, publish, skies
from syndication import ingest as ingesting
from syndication.bootstrap import House
from syndication.cli.desk import explained
from syndication.cli.house import Context, err, json_option, out, print_json, table
from syndication.cli.looking import balance_table
from syndication.cli.people import edition_of
from syndication.cli.writing import write_preview
from syndication.core import links, timetable
from syndication.core.model import (
    Cadence,
    Channel,
    Choices,
    Edition,
    Issue,
    IssueState,
    Subscription,
    SubscriptionState,
    Verdict,
)
from syndication.ports import Mail
from syndication.press import Press, whole_recipe

_WHOLE = timedelta(hours=6)
_FIRST_YEAR, _LAST_YEAR = 2000, 2099


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE_ID...]")
@json_option
@click.pass_obj
def ingest(context: Context, sources: tuple[str, ...], as_json: bool) -> None:
    """Collect now from the Sources that are due (or from those named, due or not).

    \b
    Example: syndication ingest garam-feed
    """
    with context.house() as house:
        unknown = set(sources) - house.setup.sources.keys()
        if unknown:
            raise click.BadParameter(f"no Source is called {', '.join(sorted(unknown))}")
        if sources:
            _make_due(house, sources)
        due = ingesting.due(house.ports, house.settings.sources)
        wanted = [s for s in due if not sources or s in sources]
        results = []
        with Progress(console=err, disable=as_json, transient=True) as bar:
            task = bar.add_task("collecting", total=len(wanted))
            for source_id in wanted:
                results.append(
                    ingesting.fetch(
                        house.ports,
                        house.setup.sources[source_id],
                        outlet_domain=house.settings.outlet.domain,
                        key=house.setup.source_keys.get(source_id),
                    )
                )
                bar.advance(task)
        skies.fetch(house.ports, house.setup)
    if as_json:
        for result in results:
            print_json(result)
        return
    out.print(table(None, ingesting.Polled.COLUMNS, [r.row() for r in results]))


def _make_due(house: House, sources: tuple[str, ...]) -> None:
    """Also those that had ended: whoever names one wants it asked again."""
    now = house.ports.clock.now()
    for state in house.store.source_states():
        if state.source_id in sources:
            house.store.settle_source(replace(state, next_check_at=now, ended=False))


@click.command()
@json_option
@click.pass_obj
def assemble(context: Context, as_json: bool) -> None:
    """Freeze the Issues that are due now and fan them out. Asking again changes nothing.

    \b
    Example: syndication assemble
    """
    with context.house() as house:
        issues = assembling.publish_due(house.ports, house.setup)
        for issue in house.store.open_issues():
            dispatch.fan_out(house.ports, house.setup, issue)
        upcoming = [_upcoming(house, e) for e in house.settings.editions]
    if as_json:
        for issue in issues:
            print_json(issue)
        return
    for issue in issues:
        out.print(f"{issue.edition_id} {issue.on}: {len(issue.content.items)} stories", markup=False)
    if not issues:
        for words in upcoming:
            out.print(words, markup=False)


def _upcoming(house: House, edition: Edition) -> str:
    """What became of today's Issue where there is nothing to send, and when the next one comes."""
    now = house.ports.clock.now()
    today = house.store.issue_on(edition.id, Cadence.DAILY, timetable.local_date(edition, now))
    slot = timetable.next_slot(edition, now)
    after = f"next {slot.on if slot else 'never'}"
    if today is None:
        return f"{edition.id}: nothing due; {after}"
    return f"{edition.id} {today.on}: {today.state}{f' ({today.reason})' if today.reason else ''}; {after}"


@click.command()
@click.option("--edition", help="Edition id; may be left out where there is one.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Local date; else today.")
@click.option("--cadence", type=click.Choice([Cadence.DAILY.value, Cadence.WEEKLY.value]), default=Cadence.DAILY.value)
@click.option("--reader", type=click.IntRange(1, 2**63 - 1), help="Subscription id; else a reader who chose nothing.")
@click.option("--out", "folder", type=click.Path(path_type=Path), default=Path("preview"), show_default=True)
@click.pass_obj
def preview(
    context: Context, edition: str | None, on: date | None, cadence: str, reader: int | None, folder: Path
) -> None:
    """Write a digest as .html, .txt, .eml and .png: the stored Issue, or what it would be now.

    \b
    Example: syndication preview --on 2026-01-20 --reader 2
    """
    with context.house() as house:
        chosen = house.setup.editions[edition_of(house, edition)]
        day = _day(on) or timetable.local_date(chosen, house.ports.clock.now())
        _write(house, chosen, day, reader, folder, Cadence(cadence))


@click.command()
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--edition", help="Edition id; may be left out where there is one.")
@click.option("--out", "folder", type=click.Path(path_type=Path), default=Path("replay"), show_default=True)
@click.pass_obj
def replay(context: Context, day: date, edition: str | None, folder: Path) -> None:
    """Make a date's Issue again from stored data, without delivering anything.

    \b
    Example: syndication replay 2026-01-20
    """
    with context.house() as house:
        chosen = house.setup.editions[edition_of(house, edition)]
        _write(house, chosen, _day(day) or day, None, folder)


def _day(moment: date | None) -> date | None:
    if moment is None:
        return None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise click.BadParameter(f"a date from {_FIRST_YEAR}-01-01 to {_LAST_YEAR}-12-31 is needed")
    return date(moment.year, moment.month, moment.day)


def _write(
    house: House,
    edition: Edition,
    on: date,
    reader_id: int | None,
    folder: Path,
    cadence: Cadence = Cadence.DAILY,
) -> None:
    slot = timetable.slot(edition, on)
    issue = house.store.issue_on(edition.id, cadence, on)
    press = Press(ports=house.ports, setup=house.setup)
    if issue is None or issue.state not in (IssueState.FROZEN, IssueState.CLOSED):
        draft = assembling.compose(house.ports, house.setup, edition, slot, cadence=cadence)
        if draft.frozen.state is not IssueState.FROZEN:
            for line in explained(unfrozen(draft)):
                out.print(line, markup=False)
            raise click.ClickException(f"{edition.id} {on}: {draft.frozen.reason}")
        issue = unfrozen(draft)
        press.put(issue, draft.blocks)
        out.print(f"{edition.id} {on}: not frozen; this is what it would be now", markup=False)
    for line in explained(issue):
        out.print(line, markup=False)
    _tell_desk(house, edition, issue)
    reader = _reader(house, edition, reader_id)
    try:
        mail = press.digest(issue, press.recipe_for(issue, reader), reader, thing=f"issue:{issue.id}")
    except LookupError as error:
        raise click.ClickException(str(error)) from error
    for line in write_preview(folder, f"{edition.id}-{on}", mail.message):
        out.print(line, markup=False, soft_wrap=True)


def _tell_desk(house: House, edition: Edition, issue: Issue) -> None:
    """What of the desk's wishes cannot be read, holds the Issue back, or came after it was frozen."""
    wanted = editing.wanted(house.ports, house.setup, edition, issue.on)
    for problem in wanted.problems:
        err.print(f"! {problem}", markup=False)
    if issue.held:
        err.print(f"! {edition.id} {issue.on} is not sent: {issue.held}", markup=False)
    if issue.id and {w.wish for w in issue.content.wished} != set(wanted.wishes):
        err.print("! The desk wishes something else by now: `syndication amend --desk` takes it up.", markup=False)


def unfrozen(draft: assembling.Draft) -> Issue:
    values = {name: getattr(draft.frozen, name) for name in type(draft.frozen).__slots__}
    return Issue(id=0, revision=1, **values)


def _reader(house: House, edition: Edition, subscription_id: int | None, address: str | None = None) -> Subscription:
    if subscription_id is not None:
        found = house.store.subscription(subscription_id)
        if found is None:
            raise click.BadParameter(f"there is no Subscription {subscription_id}")
        if found.edition_id != edition.id:
            raise click.BadParameter(f"Subscription {subscription_id} reads {found.edition_id}, not {edition.id}")
        return found
    return Subscription(
        id=0,
        subscriber_id=0,
        edition_id=edition.id,
        address=address or house.settings.outlet.contact,
        state=SubscriptionState.PENDING,
        choices=Choices(),
        language=edition.language,
        started_at=house.ports.clock.now(),
    )


@click.command()
@click.option("--edition", help="Edition id, with --test; may be left out where there is one.")
@click.option("--test", "address", help="Send the newest Issue to this one address, outside the balance.")
@json_option
@click.pass_obj
def send(context: Context, edition: str | None, address: str | None, as_json: bool) -> None:
    """Send what is still owed on every Channel, and nothing twice.

    \b
    Example: syndication send
             syndication send --test reader-1@example.com
    """
    with context.house() as house:
        if address is not None:
            _send_test(house, house.setup.editions[edition_of(house, edition)], address, as_json)
            return
        dispatch.reclaim(house.ports, house.setup)
        issues = house.store.open_issues()
        for issue in issues:
            dispatch.fan_out(house.ports, house.setup, issue)
        with Progress(console=err, disable=as_json, transient=True) as bar:
            for channel in Channel:
                task = bar.add_task(channel.value, total=None)
                dispatch.drain(house.ports, house.setup, channel, owner=house.owner, budget=_WHOLE)
                bar.update(task, total=1, completed=1)
        publish.refresh(house.ports, house.setup)  # Feeds of sections, regions and tags are nobody's Delivery
        sums = {issue.id: {c: house.store.balance(issue.id, c) for c in Channel} for issue in issues}
    if as_json:
        print_json([{"issue": issue, "balances": sums[issue.id]} for issue in issues])
        return
    for issue in issues:
        out.print(f"[bold]{issue.edition_id}[/bold] {issue.on}")
        out.print(balance_table(sums[issue.id]))
    if not issues:
        out.print("Nothing is owed.")


def _send_test(house: House, edition: Edition, address: str, as_json: bool) -> None:
    """One mail outside the balance: marked as a test, under a Message-ID of its own."""
    try:
        key = links.address_key(address, house.setup.address_keys)
    except links.BadAddress as error:
        raise click.BadParameter(f"{address}: {error}") from None
    if house.store.suppressed(key):
        raise click.ClickException(f"{address} is suppressed: nothing may be written to it, not even a test")
    if house.setup.allowed is not None and key.digest not in house.setup.allowed:
        raise click.ClickException(f"{address} is not in [rehearsal] allow: rehearsals write to nobody else")
    issue = next(iter(house.store.issues(edition.id, 1)), None)
    if issue is None:
        raise click.ClickException("there is no Issue yet: `syndication assemble` makes one when it is due")
    reader = _reader(house, edition, None, address)
    moment = house.ports.clock.now().isoformat()
    mail: Mail = Press(ports=house.ports, setup=house.setup).digest(
        issue, whole_recipe(issue, edition), reader, thing=f"test:{issue.id}:{address}:{moment}"
    )
    _, outcome = next(iter(house.ports.mailer.carry([mail], lambda _: True)))
    if as_json:
        print_json({"address": address, "issue": issue.id, "outcome": outcome})
    else:
        out.print(f"{address}: {outcome.verdict} {outcome.code or ''} {outcome.reason or ''}".rstrip(), markup=False)
    if outcome.verdict is not Verdict.ACCEPTED:
        raise SystemExit(1)


COMMANDS = (ingest, assemble, preview, send, replay)
