"""Publishes readers' pages of Issues beside the Feeds that lead to them, where pages are published at all.

It lays out nothing: what a page looks like comes from `ports.pages`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from syndication.core.catalogue import FeedState, Version
from syndication.core.links import issue_path
from syndication.core.model import Issue
from syndication.ports import Outrun, Ports
from syndication.publish.replacing import LOOKS

NEWEST = 3  # Issues of a Feed whose pages are looked at with each publication


def page_path(issue: Issue) -> str:
    """daily/2026-01-20/index.html: where static hosts look for the page under an Issue's permanent link."""
    return f"{issue_path(issue.edition_id, issue.on, issue.cadence)}/index.html".removeprefix("/")


def due_pages(state: FeedState, versions: Sequence[Version]) -> list[int]:
    """The Issues of a digest Feed whose pages may have changed: the newest, and those with something taken back."""
    every = state.published == 0  # nothing of this Feed stands there yet
    return [one.number for place, one in enumerate(versions) if every or place < NEWEST or one.stamp]


def publish_pages(ports: Ports, numbers: Iterable[int]) -> None:
    """Publish the pages of these Issues, each after the files that it needs."""
    there: set[str] = set()  # what pages share, once published
    for number in numbers if ports.pages is not None else ():
        issue = ports.store.issue(number)
        if issue is not None:
            _publish_page(ports, number, page_path(issue), there)


def _publish_page(ports: Ports, number: int, path: str, there: set[str]) -> None:
    for _ in range(LOOKS):
        mark = ports.publisher.mark(path)
        try:
            return _publish_copies(ports, number, path, mark, there)
        except Outrun:
            continue
    raise Outrun(f"{path} is being replaced by others all the time")


def _publish_copies(ports: Ports, number: int, path: str, mark: str, there: set[str]) -> None:
    issue = ports.store.issue(number)
    assert ports.pages is not None
    for copy in ports.pages(issue) if issue is not None else ():
        if copy.path not in there:
            over = mark if copy.path == path else None
            ports.publisher.publish(copy.path, copy.body, copy.content_type, over=over, lasting=copy.lasting)
            there.add(copy.path)
