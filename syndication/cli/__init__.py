"""The command line: one group, its commands in the modules beside this one.

It holds no domain rules; what it prints comes from the verbs and the store.
"""

from __future__ import annotations

from pathlib import Path

import click

from syndication import __version__
from syndication.cli import (
    deciding,
    demo,
    desk,
    doctor,
    hearing,
    ledger,
    listening,
    looking,
    moving,
    people,
    reading,
    running,
    staff,
    working,
)
from syndication.cli.house import Commands, Context


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="syndication")
@click.option(
    "--publisher",
    type=click.Path(path_type=Path),
    help="publisher.toml, or the folder it lies in. Else $SYNDICATION_PUBLISHER, ./publisher.toml, or what `run` made.",
)
@click.pass_context
def main(context: click.Context, publisher: Path | None) -> None:
    """A local news publisher's morning digest: collected, assembled, rendered and delivered.

    \b
    Start here:
      syndication run                 see a whole morning with the sample publisher
      syndication try URL             make the digest of any feed or page
      syndication init my-paper       begin a publisher.toml of your own
    """
    context.obj = Context(named=publisher)


for area in (
    ledger,
    running,
    staff,
    hearing,
    reading,
    working,
    desk,
    looking,
    doctor,
    people,
    listening,
    moving,
    demo,
    deciding,
):
    for command in area.COMMANDS:
        main.add_command(command)
