"""Tells what happens while `run` runs: sources collected, Issue frozen, everything delivered, in a short table.

It reads the store and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from syndication.bootstrap import House
from syndication.cli.house import out, table
from syndication.cli.looking import balance_table
from syndication.core import links
from syndication.core.model import Channel, DeliveryState, Issue


def _told(counts: Mapping[str, int]) -> str:
    named = ", ".join(f"{source} {n}" for source, n in sorted(counts.items()))
    return f"{sum(counts.values())} ({named})"


class Morning:
    """What has been told so far."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.zone = ZoneInfo(house.settings.editions[0].zone)
        self.polled = {s.source_id: s.last_checked_at for s in house.store.source_states()}
        self.told: set[int] = set()
        self.finished: set[int] = {i.id for i in self._issues() if self._settled(i)}

    def greet(self) -> None:
        settings = self.house.settings
        out.print(f"{settings.outlet.name} · {settings.mode}", style="bold", markup=False)
        if settings.starts_at is not None:
            out.print(f"the clock is set for rehearsal: it shows {self._now()} and runs on from there", soft_wrap=True)
        home = f"http://{settings.web.host}:{settings.web.port}"
        out.print(f"pages {home}/" + (f" · inbox {home}/inbox" if settings.sandbox else ""))
        out.print(f"logs and files {settings.storage.folder}", markup=False, soft_wrap=True)
        out.print("Ctrl-C stops it\n")
        for issue in (i for i in self._issues() if i.id in self.finished):
            page = home + links.issue_path(issue.edition_id, issue.on, issue.cadence)
            self._line(f"Issue {issue.edition_id} {issue.on} was delivered before: {page}")

    def look(self) -> bool:
        """Tell what is new; whether an Issue has just been delivered to its end."""
        self._tell_sources()
        done = False
        for issue in self._issues():
            if issue.id not in self.told:
                self.told.add(issue.id)
                if issue.id not in self.finished:
                    self._line(
                        f"Issue {issue.edition_id} {issue.on} frozen: {len(issue.content.items)} stories, "
                        f"weather of {len(issue.content.weather.stations)} stations"
                    )
            if issue.id not in self.finished and self._settled(issue):
                self.finished.add(issue.id)
                self._tell_delivered(issue)
                done = True
        return done

    def _issues(self) -> list[Issue]:
        return [i for edition in self.house.settings.editions for i in self.house.store.issues(edition.id, 3)]

    def _settled(self, issue: Issue) -> bool:
        channels = self.house.setup.editions[issue.edition_id].channels
        if not self.house.store.fanned_out(issue.id) >= set(channels):
            return False
        return all(self.house.store.balance(issue.id, c).waiting == 0 for c in channels)

    def _tell_sources(self) -> None:
        for state in self.house.store.source_states():
            if state.last_checked_at is None or self.polled.get(state.source_id) == state.last_checked_at:
                continue
            if state.last_error or self.polled.get(state.source_id) is None:
                self._line(f"Source {state.source_id}: {state.last_error or 'collected'}")
            self.polled[state.source_id] = state.last_checked_at

    def _tell_delivered(self, issue: Issue) -> None:
        edition = self.house.setup.editions[issue.edition_id]
        self._line(f"Issue {issue.edition_id} {issue.on} delivered")
        out.print()
        out.print(balance_table({c: self.house.store.balance(issue.id, c) for c in edition.channels}))
        out.print()
        out.print(table(None, ("", ""), self._facts(issue)))
        out.print()

    def _facts(self, issue: Issue) -> list[tuple[str, str]]:
        settings = self.house.settings
        home = f"http://{settings.web.host}:{settings.web.port}"
        files = self.house.settings.storage.folder
        receipts = [
            d for d in self.house.store.deliveries(issue.id, Channel.PARTNER) if d.state is DeliveryState.ACCEPTED
        ]
        rows = [
            ("articles in", _told(self.house.store.articles_by_source())),
            ("in the Issue", f"{len(issue.content.items)} stories"),
            ("Issue", home + links.issue_path(issue.edition_id, issue.on, issue.cadence)),
            *(
                (f"feed {d.recipient.rpartition('/')[2]}", f"{home}/feeds/{d.recipient.partition(':')[2]}")
                for d in self.house.store.deliveries(issue.id, Channel.FEED)
            ),
            ("partner receipts", f"{len(receipts)}" + (f", {home}/partner-receipts" if settings.sandbox else "")),
        ]
        if settings.sandbox:
            rows += [("inbox", f"{home}/inbox"), ("mails", str(files / "mailbox"))]
        return [*rows, ("feed files", str(files / "public" / "feeds"))]

    def _now(self) -> str:
        return f"{self.house.ports.clock.now().astimezone(self.zone):%Y-%m-%d %H:%M:%S %Z}"

    def _line(self, words: str) -> None:
        out.print(f"{self.house.ports.clock.now().astimezone(self.zone):%H:%M:%S}  {words}", markup=False)
