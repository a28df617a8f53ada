"""Commands for mail that comes back: listen at a port of ours, or look into the mailbox once.

What becomes of a mail is `feedback`'s; workers look into the mailbox by themselves.
"""

from __future__ import annotations

import signal
import threading

import click

from syndication import feedback
from syndication.adapters.listener import Listener
from syndication.bootstrap import House
from syndication.cli.house import Context, json_option, out, print_json, table


@click.command()
@click.pass_obj
def listen(context: Context) -> None:
    """Take bounces, complaints and answers of readers at a port of ours, until stopped.

    The mail server that the bounce domain's MX names hands them over, by SMTP or LMTP, as [mail.returns] says.

    \b
    Example: syndication listen
    """
    with context.house() as house:
        listener = _listener(house)
        port = listener.start()
        out.print(f"Taking mail for {house.setup.bounce_domain} on port {port}.", markup=False)
        _wait_for_the_end()
        listener.stop()


def _listener(house: House) -> Listener:
    back = house.settings.mail.returns
    if back is None or back.listen is None or house.setup.bounce_domain is None:
        raise click.ClickException("there is no port to listen on: write listen = 2525 under [mail.returns]")
    return Listener(
        take=lambda arrived: feedback.take(house.ports, house.setup, arrived),
        expects=lambda recipient: feedback.expects(house.setup, recipient),
        host=back.host,
        port=back.listen,
        protocol=back.protocol,
        name=house.setup.bounce_domain,
    )


def _wait_for_the_end() -> None:
    over = threading.Event()
    for which in (signal.SIGTERM, signal.SIGINT):
        signal.signal(which, lambda *_: over.set())
    over.wait()


@click.command()
@json_option
@click.pass_obj
def returns(context: Context, as_json: bool) -> None:
    """Look into the mailbox of [mail.returns] now, and take in what waits there.

    \b
    Example: syndication returns
    """
    with context.house() as house:
        if house.ports.postbox is None:
            raise click.ClickException("there is no mailbox to look into: write imap = … under [mail.returns]")
        counts = feedback.collect(house.ports, house.setup)
    if as_json:
        print_json(counts)
    elif counts:
        out.print(table(None, ("mails", "became"), [(number, taken.value) for taken, number in counts.items()]))
    else:
        out.print("Nothing new.")


COMMANDS = (listen, returns)
