"""The operator's view of who is told that feeds and pages changed: how each stands, and telling them again.

What is owed to whom is the Store's affair, when it is tried again `core.telling`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from syndication import telling
from syndication.cli.house import Context, json_option, out, print_json, table
from syndication.core.telling import Heard


@click.command()
@click.option("--again", is_flag=True, help="Try everything at once that waits or was parked, as if nothing had been.")
@json_option
@click.pass_obj
def tell(context: Context, again: bool, as_json: bool) -> None:
    """Tell the WebSub hub and search engines what is owed to them, and say how each stands.

    \b
    Example: syndication tell --again
    """
    with context.house() as house:
        if again:
            for listener in house.setup.listeners:
                house.store.tell_again(listener.name, house.ports.clock.now())
        telling.tell(house.ports, house.setup)
        heard = telling.standing(house.ports, house.setup)
    if as_json:
        print_json([listener_facts(each) for each in heard])
    elif heard:
        out.print(listener_table(heard))
    else:
        out.print("Nobody is to be told: publisher.toml names no hub and no key, or this is a rehearsal.")


def listener_table(heard: Sequence[Heard]) -> object:
    """How many things each knows, waits to hear of, and will not hear of."""
    rows = [(_name(one), one.told, one.waiting, sum(one.parked.values()), _why(one)) for one in heard]
    return table(None, ("is told", "knows", "waits for", "parked", "why"), rows)


def listener_facts(heard: Heard) -> dict[str, object]:
    return {
        "listener": _name(heard),
        "told": heard.told,
        "waiting": heard.waiting,
        "since": heard.owed_since,
        "reason": heard.reason,
        "parked": dict(heard.parked),
    }


def _name(heard: Heard) -> str:
    """Without the query: it may hold a password."""
    return heard.listener.partition("?")[0]


def _why(heard: Heard) -> str:
    return "; ".join(filter(None, (heard.reason, *heard.parked)))


COMMANDS = (tell,)
