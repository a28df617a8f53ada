"""What commands share: finding the installation, saying what is wrong, printing facts.

It wires nothing itself: bootstrap does.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import click
import structlog
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from syndication import bootstrap
from syndication.bootstrap import House
from syndication.ports import Permanent, Transient, Unknown
from syndication.settings import BadSettings, Problem, Settings

_WIDE = 200  # columns where no terminal says how many: what is piped on must not be cut in the middle of a link

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDE)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Commands(click.Group):
    """A group whose commands end with one sentence, whatever the world outside does to them."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (Permanent, Transient, Unknown) as error:
            raise click.ClickException(str(error)) from error
        except SQLAlchemyError as error:
            raise click.ClickException(f"the database refused: {_first_line(error)}") from error
        except BrokenPipeError:
            raise
        except OSError as error:
            words = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
            raise click.ClickException(words) from error


def _first_line(error: SQLAlchemyError) -> str:
    """What the driver said; the rest holds statements and their values."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    named: Path | None = None

    def path(self) -> Path:
        path = bootstrap.find_publisher(os.environ, self.named)
        if path is None:
            raise click.ClickException(
                "there is no publisher.toml here: name one with --publisher, begin one with `syndication init`, "
                "or see the sample publisher with `syndication run`"
            )
        return path

    def settings(self) -> Settings:
        return load(self.path())

    @contextmanager
    def house(self) -> Iterator[House]:
        """The installation, closed afterwards."""
        quiet_logs()
        house = bootstrap.open_house(self.settings())
        try:
            yield house
        finally:
            house.close()


def load(path: Path) -> Settings:
    try:
        return bootstrap.load(path, os.environ)
    except BadSettings as error:
        print_problems(error.problems)
        raise SystemExit(1) from None


def print_problems(problems: Iterable[Problem]) -> None:
    for problem in problems:
        err.print(str(problem), soft_wrap=True, markup=False)


def quiet_logs() -> None:
    """Commands print what they did themselves; their log keeps warnings only, on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def print_json(value: object) -> None:
    click.echo(json.dumps(plain(value), ensure_ascii=False))


def plain(value: object) -> Any:
    """A frozen value as what JSON knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, dict):
        return {str(plain(k)): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, frozenset, set)):
        return [plain(v) for v in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Path):
        return str(value)
    return value


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    made = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        made.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return made


json_option = click.option("--json", "as_json", is_flag=True, help="Print facts as JSON.")
