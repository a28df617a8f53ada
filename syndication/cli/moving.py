"""Commands for the publisher's feeds: adopt (carry an older feed's ids on).

It decides nothing: the verbs in `publish` do.
"""

from __future__ import annotations

import click

from syndication import publish
from syndication.bootstrap import House
from syndication.cli.house import Context, json_option, out, plain, print_json
from syndication.cli.reading import fetched
from syndication.core.model import Edition, Source
from syndication.publish.adopting import Adoption, adopt_feed, editions_of

_SHOWN = 20  # refused ids in the table


@click.command()
@click.argument("feed", metavar="FILE|URL")
@click.option("--source", "source_id", required=True, metavar="ID", help="The Source whose stories the feed holds.")
@click.option("--edition", "edition_id", metavar="ID", help="Only into this Edition's feeds. Else all of the Source's.")
@click.option("--rehearse", is_flag=True, help="Say what would be carried on, and store nothing.")
@json_option
@click.pass_obj
def adopt(context: Context, feed: str, source_id: str, edition_id: str | None, rehearse: bool, as_json: bool) -> None:
    """Carry the ids of an older feed on, so that its readers see nothing as new after the move.

    Do it before our feeds take the older one's place, then redirect its address (301) to ours. Its items stand in our
    feeds as they stood there, and in no digest. What has appeared under an id of ours keeps that id for ever.

    \b
    Example: syndication adopt https://www.garam.example/rss/all.xml --source city-desk
    """
    body, content_type, url = fetched(feed)
    with context.house() as house:
        source = _named(house, source_id)
        made = adopt_feed(
            house.ports,
            house.setup,
            source,
            body,
            url=url,
            content_type=content_type,
            editions=_editions(house, source, edition_id),
            rehearse=rehearse,
        )
        published = 0 if rehearse else publish.refresh(house.ports, house.setup)
    if as_json:
        print_json({**plain(made), "feeds": published})
    else:
        _tell(made, published, rehearse)


def _named(house: House, source_id: str) -> Source:
    source = house.setup.sources.get(source_id)
    if source is None:
        raise click.ClickException(f"there is no Source {source_id!r}; there is {', '.join(house.setup.sources)}")
    return source


def _editions(house: House, source: Source, edition_id: str | None) -> list[Edition]:
    found = [e for e in editions_of(house.setup, source) if edition_id in (None, e.id)]
    if not found:
        raise click.ClickException("no Edition with feeds takes stories from this Source")
    return found


def _tell(made: Adoption, published: int, rehearse: bool) -> None:
    out.print(f"{made.items} items, {made.new} of them not known before")
    out.print(f"{made.kept} ids {'would be carried on' if rehearse else 'are carried on'}, {made.known} were already")
    if not rehearse:
        out.print(f"{made.entered} stories stand in our feeds; {published} feeds published")
    for name, reason in list(made.refused.items())[:_SHOWN]:
        out.print(f"  not carried on: {name}: {reason}", markup=False)
    if len(made.refused) > _SHOWN:
        out.print(f"  and {len(made.refused) - _SHOWN} more")


COMMANDS = (adopt,)
