"""The operator's hand on what is being sent: uncertain, missed, pause, resume, cancel, amend, recover.

Each says what it did in numbers; the rules are the verbs' and the Store's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

import click

from syndication import amend as amending
from syndication import recover as recovering
from syndication.bootstrap import House
from syndication.cli.house import Context, err, json_option, out, print_json, table
from syndication.cli.people import edition_of
from syndication.core.model import Cadence, Channel, Delivery, DeliveryState, Issue
from syndication.ports import Uncertain

_DAY = click.DateTime(["%Y-%m-%d"])
_LOOKED_AT = 30  # the newest Issues of all cadences
C = TypeVar("C", bound=Callable[..., object])
_UNREACHED = (
    DeliveryState.WAITING,
    DeliveryState.CLAIMED,
    DeliveryState.SENDING,
    DeliveryState.UNCERTAIN,
    DeliveryState.FAILED,
    DeliveryState.EXPIRED,
    DeliveryState.CANCELLED,
    DeliveryState.EXCLUDED,
    DeliveryState.SUPPRESSED,
)

edition_option = click.option("--edition", help="Edition id; may be left out where there is one.")


def _note_cadence(context: click.Context, _: click.Parameter, value: str) -> None:
    context.meta["cadence"] = Cadence(value)


_on_option = click.option("--on", type=_DAY, help="Local date of the Issue; else the newest.")
_cadence_option = click.option(
    "--cadence",
    type=click.Choice([c.value for c in Cadence]),
    default=Cadence.DAILY.value,
    show_default=True,
    expose_value=False,
    callback=_note_cadence,
    help="Of one date there may be several.",
)


def day_option(command: C) -> C:
    """Which Issue of an Edition is meant: --on and --cadence."""
    return _on_option(_cadence_option(command))


@click.command()
@click.option("--accepted", "sent", type=int, multiple=True, metavar="ID", help="It arrived: count it as accepted.")
@click.option("--failed", type=int, multiple=True, metavar="ID", help="It did not arrive and is not to be sent again.")
@click.option("--resend", type=int, multiple=True, metavar="ID", help="Send it once more, under the same Message-ID.")
@click.option("--because", default="the operator's word", show_default=True, help="What the decision rests on.")
@json_option
@click.pass_obj
def uncertain(
    context: Context,
    sent: tuple[int, ...],
    failed: tuple[int, ...],
    resend: tuple[int, ...],
    because: str,
    as_json: bool,
) -> None:
    """List mails of which nobody knows whether they arrived, and why; settle them by what you know.

    \b
    Example: syndication uncertain
             syndication uncertain --accepted 1207 --because "relay log, 250 queued as 4F1A"
    """
    decisions = {
        **dict.fromkeys(sent, DeliveryState.ACCEPTED),
        **dict.fromkeys(failed, DeliveryState.FAILED),
        **dict.fromkeys(resend, DeliveryState.WAITING),
    }
    with context.house() as house:
        for number, state in decisions.items():
            if not house.store.resolve(number, state, house.ports.clock.now(), because):
                raise click.ClickException(f"Delivery {number} is not uncertain")
        left = house.store.uncertain()
    if as_json:
        print_json([_doubt(doubt) for doubt in left])
        return
    for number, state in decisions.items():
        out.print(f"Delivery {number}: {'waiting' if state is DeliveryState.WAITING else state}", markup=False)
    if left:
        rows = [(d["id"], d["issue"], d["recipient"], d["since"], d["reason"]) for d in map(_doubt, left)]
        out.print(table(None, ("delivery", "issue", "recipient", "since", "why"), rows))
    else:
        out.print("Nothing is uncertain.")


def _doubt(doubt: Uncertain) -> dict[str, object]:
    delivery = doubt.delivery
    return {
        "id": delivery.id,
        "issue": delivery.issue_id,
        "recipient": delivery.recipient,
        "since": doubt.since.isoformat(timespec="seconds"),
        "attempts": delivery.attempts,
        "reason": delivery.reason,
    }


@click.command()
@edition_option
@day_option
@click.option("--channel", type=click.Choice([c.value for c in Channel]), default=Channel.EMAIL.value)
@click.option("--each", is_flag=True, help="One line for each recipient, not only the sums.")
@json_option
@click.pass_obj
def missed(context: Context, edition: str | None, on: date | None, channel: str, each: bool, as_json: bool) -> None:
    """Say who did not get an Issue, and why. `syndication send` sends to exactly those still owed.

    \b
    Example: syndication missed --on 2026-01-20 --each
    """
    with context.house() as house:
        issue = _issue(house, edition, on)
        sums = house.store.outcomes(issue.id, Channel(channel))
        rows = [(s, reason, n) for (s, reason), n in sums.items() if s in _UNREACHED]
        people = [_who(d) for d in house.store.deliveries(issue.id, Channel(channel)) if d.state in _UNREACHED] * each
    rows.sort(key=lambda row: (_UNREACHED.index(row[0]), -row[2]))
    if as_json:
        print_json(
            {
                "issue": issue.id,
                "edition": issue.edition_id,
                "on": issue.on,
                "channel": channel,
                "missed": [{"state": s, "reason": reason, "recipients": n} for s, reason, n in rows],
                **({"each": people} if each else {}),
            }
        )
        return
    out.print(f"{issue.edition_id} {issue.on}, {channel}", style="bold", markup=False)
    out.print(table(None, ("state", "recipients", "why"), [(s, n, reason) for s, reason, n in rows]))
    if each:
        out.print(table(None, ("delivery", "recipient", "state", "why"), [tuple(p.values()) for p in people]))
    if not rows:
        out.print("Everybody got it.")


def _who(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "recipient": delivery.recipient,
        "state": delivery.state.value,
        "reason": delivery.reason,
    }


@click.command()
@edition_option
@day_option
@click.option("--because", default="paused by the operator", show_default=True)
@click.pass_obj
def pause(context: Context, edition: str | None, on: date | None, because: str) -> None:
    """Let the sending of an Issue rest, on every Channel, within one slice.

    \b
    Example: syndication pause --edition daily
    """
    with context.house() as house:
        issue = _issue(house, edition, on)
        if not house.store.hold_issue(issue.id, because, house.ports.clock.now()):
            raise click.ClickException(f"{issue.edition_id} {issue.on} rests already, or is closed")
        out.print(f"{issue.edition_id} {issue.on} rests: {because}", markup=False)


@click.command()
@edition_option
@day_option
@click.pass_obj
def resume(context: Context, edition: str | None, on: date | None) -> None:
    """Go on with an Issue that rests; refusals do not stop it again.

    \b
    Example: syndication resume --edition daily
    """
    with context.house() as house:
        issue = _issue(house, edition, on)
        if not house.store.resume_issue(issue.id, house.ports.clock.now()):
            raise click.ClickException(f"{issue.edition_id} {issue.on} does not rest, or its time is over")
        out.print(f"{issue.edition_id} {issue.on} goes on", markup=False)


@click.command()
@edition_option
@day_option
@click.option("--because", default="cancelled by the operator", show_default=True)
@click.confirmation_option(prompt="Whoever has not got this Issue will not get it. Cancel it?")
@click.pass_obj
def cancel(context: Context, edition: str | None, on: date | None, because: str) -> None:
    """Send an Issue to nobody who has not got it yet. This is final.

    \b
    Example: syndication cancel --edition daily --yes
    """
    with context.house() as house:
        issue = _issue(house, edition, on)
        number = house.store.cancel_issue(issue.id, because, house.ports.clock.now())
        out.print(f"{issue.edition_id} {issue.on}: {number} Deliveries cancelled", markup=False)


@click.command()
@edition_option
@day_option
@click.option("--drop", type=int, multiple=True, metavar="ARTICLE", help="Leave this story out.")
@click.option("--headline", nargs=2, type=(int, str), multiple=True, metavar="ARTICLE WORDS")
@click.option("--summary", nargs=2, type=(int, str), multiple=True, metavar="ARTICLE WORDS")
@click.option("--reread", is_flag=True, help="Take every story as its Source has it now.")
@click.option("--desk", "by_desk", is_flag=True, help="Take up what the desk wishes now, and undo what it undid.")
@click.option("--resume", "go_on", is_flag=True, help="Go on with sending afterwards, if the Issue rests.")
@json_option
@click.pass_obj
def amend(
    context: Context,
    edition: str | None,
    on: date | None,
    drop: tuple[int, ...],
    headline: tuple[tuple[int, str], ...],
    summary: tuple[tuple[int, str], ...],
    reread: bool,
    by_desk: bool,
    go_on: bool,
    as_json: bool,
) -> None:
    """Make a new revision of an Issue for the readers still waiting. Without options: show the stories and their ids.

    \b
    Example: syndication amend --headline 34 "가람시, 새 다리 놓는다" --resume
    """
    change = amending.Amendment(
        dropped=frozenset(drop), headlines=dict(headline), summaries=dict(summary), reread=reread, desk=by_desk
    )
    with context.house() as house:
        issue = _issue(house, edition, on)
        if change == amending.Amendment():
            rows = [(i.article.id, i.section, i.article.content.title) for i in issue.content.items]
            out.print(table(f"{issue.edition_id} {issue.on}", ("article", "section", "headline"), rows))
            return
        new = amending.amend(house.ports, house.setup, issue, change)
        if go_on:
            house.store.resume_issue(issue.id, house.ports.clock.now())
        mails = house.store.deliveries_by_revision(issue.id)
    if as_json:
        print_json({"issue": new.id, "revision": new.revision, "mails": mails})
        return
    out.print(f"{new.edition_id} {new.on}: revision {new.revision}", markup=False)
    for revision, (gone, waiting) in sorted(mails.items()):
        out.print(f"  revision {revision}: {gone} mails sent or settled, {waiting} waiting", markup=False)
    out.print(f"  whoever waits gets revision {new.revision} from the next slice on", markup=False)


@click.command()
@click.option("--apply", "for_good", is_flag=True, help="Settle what the journals know, and let this database send.")
@json_option
@click.pass_obj
def recover(context: Context, for_good: bool, as_json: bool) -> None:
    """Look at what a restored or copied database does not know of, and let it send again.

    \b
    Example: syndication recover            what the journals here say
             syndication recover --apply    settle that; from now on this is the true database
    """
    with context.house() as house:
        found = recovering.recover(house.ports, house.setup) if for_good else recovering.survey(house.ports)
    if as_json:
        print_json(found)
        return
    out.print(f"{'Sending rested' if for_good else 'Sending rests'}: {found.doubt}" if found.doubt else "No doubt.")
    out.print(f"Mails that journals here name: {found.journals}", markup=False)
    out.print(f"Waiting here, but accepted by a journal's word: {found.sent}", markup=False)
    out.print(f"Waiting here, perhaps handed over: {found.uncertain}", markup=False)
    if found.unmatched:
        words = f"Of Issues that are not here: {found.unmatched}. If such an Issue is made anew, these get it again."
        err.print(words, markup=False)
    if not for_good and (found.doubt or found.sent or found.uncertain):
        err.print("`syndication recover --apply` settles that and lets this database send.", markup=False)


def _issue(house: House, edition: str | None, on: date | None) -> Issue:
    """The Issue that an operator means."""
    name = edition_of(house, edition)
    cadence: Cadence = click.get_current_context().meta.get("cadence", Cadence.DAILY)
    if on is None:
        newest = next((i for i in house.store.issues(name, _LOOKED_AT) if i.cadence is cadence), None)
        if newest is None:
            raise click.ClickException(f"{name} has no {'' if cadence is Cadence.DAILY else f'{cadence} '}Issue yet")
        return newest
    found = house.store.issue_on(name, cadence, date(on.year, on.month, on.day))
    if found is None:
        raise click.ClickException(f"{name} has no Issue of {on:%Y-%m-%d}")
    return found


COMMANDS = (uncertain, missed, pause, resume, cancel, amend, recover)
