"""The command `subscriber`: add, list and end Subscriptions by hand.

Consent is written down with every one that is added.
"""

from __future__ import annotations

import click

from syndication import feedback
from syndication.bootstrap import House
from syndication.cli.house import Context, json_option, out, print_json, table
from syndication.core import links
from syndication.core.model import Choices, Consent, Subscription, SubscriptionState
from syndication.core.regions import nearest_station
from syndication.core.stations import station_named


@click.group()
def subscriber() -> None:
    """Add, list and end Subscriptions.

    \b
    Example: syndication subscriber add reader-1@example.com --consent "paper form of 2026-01-05"
    """


@subscriber.command()
@click.argument("address")
@click.option("--edition", help="Edition id; may be left out where there is one.")
@click.option(
    "--station", "stations", multiple=True, help="A weather station or a town: the nearest one. May be repeated."
)
@click.option("--section", "sections", multiple=True, help="A section in reading order, e.g. 사회. May be repeated.")
@click.option("--language", type=click.Choice(["ko", "en"]), default="ko", show_default=True)
@click.option("--consent", "how", required=True, help="How consent came about, e.g. 'paper form of 2026-01-05'.")
@click.option("--consent-text", default="unversioned", help="Which version of the consent text was agreed to.")
@click.pass_obj
def add(
    context: Context,
    address: str,
    edition: str | None,
    stations: tuple[str, ...],
    sections: tuple[str, ...],
    language: str,
    how: str,
    consent_text: str,
) -> None:
    """Add a Subscription (or change its choices) and write down how consent came about.

    \b
    Example: syndication subscriber add reader-1@example.com --station 서울 --section 사회 --consent "paper form"
    """
    if not how.strip():
        raise click.BadParameter("say how consent came about: --consent 'paper form of 2026-01-05'")
    named = {name: station_named(name) or nearest_station(name) for name in stations}
    unknown = [name for name, found in named.items() if found is None]
    if unknown:
        raise click.BadParameter(f"no weather station is called {', '.join(unknown)}; e.g. 서울, 부산, 제주")
    with context.house() as house:
        made = subscribe(
            house,
            address,
            edition_of(house, edition),
            Choices(stations=tuple(dict.fromkeys(s.name for s in named.values() if s)), sections=sections),
            how=how,
            text_version=consent_text,
            language=language,
        )
    out.print(f"Subscription {made.id}: {made.address} reads {made.edition_id}", markup=False)


def subscribe(
    house: House, address: str, edition_id: str, choices: Choices, *, how: str, text_version: str, language: str = "ko"
) -> Subscription:
    try:
        key = links.address_key(address, house.setup.address_keys)
    except links.BadAddress as error:
        raise click.BadParameter(f"{address}: {error}") from None
    consent = Consent(at=house.ports.clock.now(), how=how, text_version=text_version, origin="command line")
    return house.store.subscribe(
        address=address, key=key, edition_id=edition_id, choices=choices, consent=consent, language=language
    )


def edition_of(house: House, named: str | None) -> str:
    ids = list(house.setup.editions)
    if named is None and len(ids) == 1:
        return ids[0]
    if named not in ids:
        raise click.BadParameter(f"name an Edition with --edition: {', '.join(ids)}")
    return named


@subscriber.command("list")
@click.option("--edition", help="Edition id; else all.")
@json_option
@click.pass_obj
def list_(context: Context, edition: str | None, as_json: bool) -> None:
    """List Subscriptions with their choices.

    \b
    Example: syndication subscriber list --json
    """
    with context.house() as house:
        found = house.store.subscriptions(edition_of(house, edition) if edition else None)
    if as_json:
        for reader in found:
            print_json(reader)
        return
    rows = [
        (s.id, s.address, s.edition_id, s.state, " ".join(s.choices.stations), " ".join(s.choices.sections))
        for s in found
    ]
    out.print(table(None, ("id", "address", "edition", "state", "stations", "sections"), rows))


@subscriber.command()
@click.argument("address")
@click.option("--edition", help="Edition id; else every one.")
@click.option("--cause", default="ended by the operator", show_default=True)
@click.pass_obj
def end(context: Context, address: str, edition: str | None, cause: str) -> None:
    """End an address's Subscriptions at once, also for mails that are still waiting.

    \b
    Example: syndication subscriber end reader-1@example.com
    """
    with context.house() as house:
        if edition is not None:
            edition_of(house, edition)
        try:
            key = links.address_key(address, house.setup.address_keys)
        except links.BadAddress as error:
            raise click.BadParameter(f"{address}: {error}") from None
        found = [s for s in house.store.find_subscriptions(key) if edition in (None, s.edition_id)]
        live = [s for s in found if s.state is not SubscriptionState.ENDED]
        for reader in live:
            left = feedback.ended(reader.id, reader.epoch, house.ports.clock.now(), cause)
            feedback.apply(house.ports, house.setup, left)
    if not found:
        raise click.ClickException("nobody has subscribed with this address")
    out.print(f"{len(live)} Subscription(s) ended.")


COMMANDS = (subscriber,)
