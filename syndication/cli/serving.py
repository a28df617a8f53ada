"""The web of an installation as one ASGI application, for the server program that `run` starts.

It joins the pages with what lies in the sandbox, which know nothing of each other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from syndication import bootstrap, listening
from syndication.adapters.files import FilePublisher
from syndication.bootstrap import House
from syndication.cli.house import load, quiet_logs
from syndication.core.signers import Transport
from syndication.sandbox import mailbox, portal
from syndication.settings import Settings
from syndication.web.app import create_app
from syndication.web.feeds import Feeds
from syndication.web.feeds_places import Folder
from syndication.web.site import InboxMail, PartnerReceipt, Site, Topic


def app() -> Feeds:
    """Made once per server process."""
    quiet_logs()
    path = bootstrap.find_publisher(os.environ)
    if path is None:
        raise SystemExit(f"no publisher.toml here: set {bootstrap.PUBLISHER}")
    return create_app(site(bootstrap.open_house(load(path))))


def site(house: House) -> Site:
    settings = house.settings
    inbox, receipts = (_inbox(settings), _receipts(settings)) if settings.sandbox else (None, None)
    return Site(
        ports=house.ports,
        outlet=settings.outlet,
        editions=settings.editions,
        keys=settings.link_keys,
        templates=house.setup.templates,
        partners=settings.partners,
        sources=settings.sources,
        source_keys=settings.source_keys,
        mode=settings.mode.value,
        database="sqlite" if settings.storage.embedded else "postgresql",
        banner=_banner(settings),
        inbox=inbox,
        receipts=receipts,
        topic=_topic(house),
        published=_folder(house),
        hubs=(settings.hub,) if settings.hub else (),
        moved=settings.moved,
        ended=settings.ended,
    )


def _folder(house: House) -> Folder | None:
    """The folder that files are published in; None where they go elsewhere."""
    local = isinstance(house.ports.publisher, FilePublisher)
    return Folder(house.settings.storage.folder / "public") if local else None


def _topic(house: House) -> Topic | None:
    """Where the mail provider's events are posted, if the settings name a topic."""
    settings = house.settings
    ses = settings.mail.ses
    if settings.mail.transport is not Transport.SES or ses is None or ses.event_topic is None:
        return None
    return Topic(
        arn=ses.event_topic,
        confirm=lambda token: bootstrap.confirm_subscription(settings, token),
        take=lambda text: listening.take(house.ports, house.setup, text),
    )


def _banner(settings: Settings) -> str | None:
    if settings.starts_at is None:
        return None
    starts = settings.starts_at.astimezone(ZoneInfo(settings.editions[0].zone))
    return f"표본 시계: {starts:%Y-%m-%d %H:%M}부터 흐르는 연습용 시각입니다. 모든 기사와 독자는 표본입니다."


def _inbox(settings: Settings) -> Callable[[], Sequence[InboxMail]]:
    folder = settings.storage.folder / "mailbox"

    def look() -> Sequence[InboxMail]:
        return [
            InboxMail(
                address=mail.address,
                subject=mail.subject,
                html=mail.html,
                text=mail.text,
                raw=mail.path.read_bytes(),
                received_at=mail.received_at,
            )
            for mail in mailbox.mails(folder)
        ]

    return look


def _receipts(settings: Settings) -> Callable[[], Sequence[PartnerReceipt]]:
    folder = settings.storage.folder / "portal"

    def look() -> Sequence[PartnerReceipt]:
        return [_receipt(r) for r in portal.receipts(folder)]

    return look


def _receipt(found: portal.Receipt) -> PartnerReceipt:
    sequence = found.headers.get("x-sequence") or found.headers.get("webhook-sequence")
    return PartnerReceipt(
        received_at=found.received_at,
        key=found.webhook_id,
        sequence=int(sequence) if sequence and sequence.isdigit() else None,
        content_type=found.content_type,
        body=found.body,
        title=_title(found.body),
    )


def _title(body: str) -> str | None:
    try:
        title = json.loads(body)["data"]["title"]
    except (ValueError, KeyError, TypeError):
        return None
    return title if isinstance(title, str) else None
