"""The editor's commands: desk (pin, drop, lead, headline, summary, subject, note, hold, release, undo), why, extra.

What a wish may be and what it does is said in core.desk; here it is written down with who and when.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date
from getpass import getuser
from zoneinfo import ZoneInfo

import click

from syndication import assemble, dispatch, editing
from syndication.bootstrap import House
from syndication.cli.house import Context, err, json_option, out, print_json, table
from syndication.cli.people import edition_of
from syndication.core import desk as rules
from syndication.core import timetable, weather
from syndication.core.model import Cadence, Do, Edition, Issue, IssueState, Wish

_DAY = click.DateTime(["%Y-%m-%d"])
_CADENCES = (Cadence.DAILY.value, Cadence.WEEKLY.value, Cadence.EXTRA.value)

edition_option = click.option("--edition", help="Edition id; may be left out where there is one.")
cadence_option = click.option("--cadence", type=click.Choice(_CADENCES), default=Cadence.DAILY.value, show_default=True)
on_option = click.option("--on", type=_DAY, help="Local date of the Issue; else the next one that is to come.")
always_option = click.option("--always", is_flag=True, help="Until further notice, not for one date.")
by_option = click.option("--by", help="Who wishes it; else the name of this user.")


@click.group()
def desk() -> None:
    """Write down what the editor wants of an Issue, and undo it.

    \b
    Example: syndication desk list
             syndication desk pin 34
             syndication desk note "설 연휴에는 쉽니다." --always
             syndication desk undo 3
    """


def _who(by: str | None) -> str:
    return by or getuser()


def _date_of(house: House, edition: Edition, on: date | None) -> date:
    """The date that is meant: the one named, else that of the next Issue whose hour is to come."""
    if on is not None:
        return date(on.year, on.month, on.day)
    now = house.ports.clock.now()
    slot = timetable.next_slot(edition, now)
    return slot.on if slot else timetable.local_date(edition, now)


def _wish(
    context: Context,
    do: Do,
    *,
    edition: str | None,
    on: date | None,
    always: bool,
    by: str | None,
    article: str | None = None,
    words: str | None = None,
) -> None:
    with context.house() as house:
        chosen = house.setup.editions[edition_of(house, edition)]
        day = _date_of(house, chosen, on)
        wish = Wish(
            do=do,
            edition_id=chosen.id,
            article=article,
            words=words,
            on=None if always else day,
            by=_who(by),
            at=house.ports.clock.now(),
        )
        try:
            kept = house.store.add_wish(rules.fit(wish))
        except rules.Unfit as error:
            raise click.ClickException(str(error)) from error
        out.print(_said(kept), markup=False)
        _tell_if_frozen(house, chosen, day)


def _said(wish: Wish) -> str:
    which = "until further notice" if wish.on is None else f"for {wish.on}"
    about = " ".join(part for part in (wish.article, wish.words) if part)
    number = f"{wish.id}: " if wish.id else ""
    return f"{number}{wish.edition_id} {which}: {wish.do} {about}".rstrip() + f" ({wish.by})"


def _tell_if_frozen(house: House, edition: Edition, on: date) -> None:
    """Hold or release at once; anything else needs a new revision of an Issue that is frozen."""
    frozen = list(_frozen_on(house, edition, on))
    wanted = editing.wanted(house.ports, house.setup, edition, on)
    held = editing.held(rules.plan(wanted.wishes, ()))
    now = house.ports.clock.now()
    for issue in frozen:
        if held is not None and house.store.hold_issue(issue.id, held, now):
            out.print(f"{edition.id} {on} rests: {held}", markup=False)
        if held is None and house.store.release_issue(issue.id, now):
            out.print(f"{edition.id} {on} goes on", markup=False)
    if frozen:
        err.print(f"The Issue of {on} is frozen: `syndication amend --desk` takes the wishes up.", markup=False)


def _story_command(do: Do, about: str) -> click.Command:
    @click.command(do.value, help=f"{about}\n\n\b\nExample: syndication desk {do} 34")
    @click.argument("article")
    @edition_option
    @on_option
    @always_option
    @by_option
    @click.pass_obj
    def command(
        context: Context, article: str, edition: str | None, on: date | None, always: bool, by: str | None
    ) -> None:
        _wish(context, do, edition=edition, on=on, always=always, by=by, article=article)

    return command


def _worded_command(do: Do, about: str) -> click.Command:
    @click.command(do.value, help=f'{about}\n\n\b\nExample: syndication desk {do} 34 "가람시, 새 다리 놓는다"')
    @click.argument("article")
    @click.argument("words")
    @edition_option
    @on_option
    @always_option
    @by_option
    @click.pass_obj
    def command(
        context: Context,
        article: str,
        words: str,
        edition: str | None,
        on: date | None,
        always: bool,
        by: str | None,
    ) -> None:
        _wish(context, do, edition=edition, on=on, always=always, by=by, article=article, words=words)

    return command


def _issue_command(do: Do, about: str, *, needed: bool) -> click.Command:
    @click.command(do.value, help=f'{about}\n\n\b\nExample: syndication desk {do} "설 연휴에는 쉽니다."')
    @click.argument("words", required=needed)
    @edition_option
    @on_option
    @always_option
    @by_option
    @click.pass_obj
    def command(
        context: Context, words: str | None, edition: str | None, on: date | None, always: bool, by: str | None
    ) -> None:
        _wish(context, do, edition=edition, on=on, always=always, by=by, words=words)

    return command


for _command in (
    _story_command(Do.PIN, "A story that must be in the Issue. ARTICLE is its number or its web address."),
    _story_command(Do.DROP, "A story that must not be in the Issue."),
    _story_command(Do.LEAD, "The story that leads the Issue."),
    _worded_command(Do.HEADLINE, "Another headline for a story in the digest; articles feeds keep the outlet's own."),
    _worded_command(Do.SUMMARY, "Another summary for a story in the digest."),
    _issue_command(Do.SUBJECT, "The mail's subject for readers who have the Issue's lead.", needed=True),
    _issue_command(Do.NOTE, "A note from the desk above the weather.", needed=True),
    _issue_command(Do.HOLD, "Make and freeze the Issue, but send it only once it is released.", needed=False),
):
    desk.add_command(_command)


@desk.command("list")
@edition_option
@on_option
@click.option("--all", "everything", is_flag=True, help="Undone wishes too.")
@json_option
@click.pass_obj
def list_(context: Context, edition: str | None, on: date | None, everything: bool, as_json: bool) -> None:
    """Show what the desk wishes from a date on, by command and in desk.toml, and what cannot be read there.

    \b
    Example: syndication desk list --on 2026-01-20
    """
    with context.house() as house:
        chosen = house.setup.editions[edition_of(house, edition)]
        day = _date_of(house, chosen, on)
        kept = [w for w in house.store.wishes(chosen.id, since=day) if everything or w.undone_at is None]
        slip = editing.slip(house.ports, house.setup.editions)
    written = [w for w in slip.wishes if w.edition_id == chosen.id and (w.on is None or w.on >= day)]
    wishes = [*kept, *written]
    if as_json:
        print_json({"wishes": wishes, "problems": slip.problems})
        return
    zone = ZoneInfo(chosen.zone)
    rows = [
        (
            w.id or rules.FILE,
            w.on or "always",
            w.do,
            w.article,
            w.words,
            w.by,
            f"{w.at.astimezone(zone):%m-%d %H:%M}",
            f"undone by {w.undone_by}" if w.undone_by else "",
        )
        for w in wishes
    ]
    if rows:
        out.print(table(None, ("wish", "on", "do", "article", "words", "by", "at", ""), rows))
    else:
        out.print("Nothing is wished.")
    for problem in slip.problems:
        err.print(f"! {problem}", markup=False)
    if slip.problems:
        raise SystemExit(1)


@desk.command()
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="WISH...")
@by_option
@click.pass_obj
def undo(context: Context, numbers: tuple[int, ...], by: str | None) -> None:
    """Undo wishes by their numbers; they stay on record. What stands in desk.toml is undone there.

    \b
    Example: syndication desk undo 3 4
    """
    with context.house() as house:
        now = house.ports.clock.now()
        for number in numbers:
            if not house.store.undo_wish(number, _who(by), now):
                raise click.ClickException(f"there is no wish {number}, or it was undone before")
            out.print(f"wish {number} is undone")
        for edition in house.settings.editions:
            _tell_if_frozen(house, edition, _today(house, edition))


@desk.command()
@edition_option
@on_option
@by_option
@click.pass_obj
def release(context: Context, edition: str | None, on: date | None, by: str | None) -> None:
    """Let an Issue go that the desk holds: undo the wishes that hold it, and send it if it is frozen.

    \b
    Example: syndication desk release
    """
    with context.house() as house:
        chosen = house.setup.editions[edition_of(house, edition)]
        now = house.ports.clock.now()
        days = [_date_of(house, chosen, on), *([] if on else [_today(house, chosen)])]
        undone = [
            wish
            for wish in house.store.wishes(chosen.id, since=min(days))
            if wish.do is Do.HOLD and wish.undone_at is None and (wish.on is None or wish.on in days)
            if house.store.undo_wish(wish.id, _who(by), now)
        ]
        frozen = [issue for day in days for issue in _frozen_on(house, chosen, day)]
        gone = [issue for issue in frozen if house.store.release_issue(issue.id, now)]
    for wish in undone:
        out.print(f"undone: {_said(wish)}", markup=False)
    for issue in gone:
        out.print(f"{issue.edition_id} {issue.on} goes on", markup=False)
    if not undone and not gone:
        raise click.ClickException("the desk holds nothing here; `syndication resume` is for other Issues that rest")


def _frozen_on(house: House, edition: Edition, on: date) -> Iterator[Issue]:
    for cadence in Cadence:
        issue = house.store.issue_on(edition.id, cadence, on)
        if issue is not None and issue.state is IssueState.FROZEN:
            yield issue


def _today(house: House, edition: Edition) -> date:
    return timetable.local_date(edition, house.ports.clock.now())


@click.command()
@click.argument("articles", type=int, nargs=-1, metavar="[ARTICLE...]")
@edition_option
@on_option
@cadence_option
@json_option
@click.pass_obj
def why(
    context: Context,
    articles: tuple[int, ...],
    edition: str | None,
    on: date | None,
    cadence: str,
    as_json: bool,
) -> None:
    """Say why each story is in an Issue, why it stands there, what was folded into it, and what was left out.

    \b
    Example: syndication why --on 2026-01-20
             syndication why 34 51
    """
    with context.house() as house:
        chosen = house.setup.editions[edition_of(house, edition)]
        day = _today(house, chosen) if on is None else date(on.year, on.month, on.day)
        issue = house.store.issue_on(chosen.id, Cadence(cadence), day)
    if issue is None:
        raise click.ClickException(
            f"{chosen.id} has no {cadence} Issue of {day}; `syndication preview` shows it before"
        )
    content = issue.content
    if as_json:
        stories = [
            {"article": i.article.id, "title": i.article.content.title, "section": i.section, "why": i.why}
            for i in content.items
        ]
        print_json(
            {
                "issue": issue.id,
                "stories": stories,
                "left_out": content.left_out,
                "more_left_out": content.more_left_out,
                "wished": content.wished,
            }
        )
        return
    for line in explained(issue, frozenset(articles)):
        out.print(line, markup=False)


def explained(issue: Issue, only: frozenset[int] = frozenset()) -> Iterator[str]:
    """What is kept with an Issue of why it is as it is, line by line; with `only` of these Articles."""
    content = issue.content
    folded = {left.by for left in content.left_out if left.by is not None}
    for item in content.items:
        number = item.article.id
        if only and number not in only:
            continue
        yield f"{number} {item.section}: {item.article.content.title}"
        yield f"    {item.why}"
        if number in folded:
            told = (left for left in content.left_out if left.by == number)
            yield from (f"    + {left.article_id} {left.title} ({left.source_id})" for left in told)
    for left in content.left_out:
        if left.by is None and (not only or left.article_id in only):
            yield f"- {left.article_id} {left.title} ({left.source_id}): {left.reason}"
    if content.more_left_out and not only:
        yield f"- and {content.more_left_out} older ones"
    for wished in content.wished:
        if not only or wished.article_id in only:
            came = f": {wished.refused}" if wished.refused else ""
            yield f"* {_said(wished.wish)}, {wished.wish.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC{came}"
    if not only:
        yield from weather.explained(content.weather)


@click.command()
@click.argument("articles", type=int, nargs=-1, metavar="[ARTICLE...]")
@edition_option
@by_option
@click.confirmation_option(prompt="An extra Issue goes to every daily reader at once. Send it?")
@click.pass_obj
def extra(context: Context, articles: tuple[int, ...], edition: str | None, by: str | None) -> None:
    """Freeze an extra Issue now and send it: of these stories, else of all that came since the last Issue.

    \b
    Example: syndication extra 34 --yes
    """
    with context.house() as house:
        chosen = house.setup.editions[edition_of(house, edition)]
        issue = assemble.out_of_turn(house.ports, house.setup, chosen, articles=articles, by=_who(by))
        dispatch.fan_out(house.ports, house.setup, issue)
    out.print(f"{issue.edition_id} {issue.on} extra: {len(issue.content.items)} stories", markup=False)
    for item in issue.content.items:
        out.print(f"  {item.article.id} {item.section}: {item.article.content.title}", markup=False)


COMMANDS = (desk, why, extra)
