"""What the verbs need of the outside world, as protocols, and the only errors that cross them.

It implements nothing: real adapters and one in-memory adapter per port live in `adapters`.
"""

from syndication.ports.desk import Desk, Wishes, Written
from syndication.ports.errors import Outrun, Permanent, Transient, Unknown
from syndication.ports.feeds import Adopted, Feeds
from syndication.ports.inputs import Dropped, Fetched, Fetcher, Folder, Names
from syndication.ports.mail import HELD_BACK, Arrived, Intent, Journal, Journals, Mail, Mailer, Pace, Postbox, Quota
from syndication.ports.newsroom import Frozen, Intake, Newsroom, Stored
from syndication.ports.outbox import Lease, Outbox, Settlement, Slice, Uncertain
from syndication.ports.outputs import Copy, Invalidation, Pages, Portal, Publisher, Push
from syndication.ports.pictures import Darkroom, Pictures, Print, WantedPicture
from syndication.ports.readership import Aftermath, Readership
from syndication.ports.telling import Herald, Tellings
from syndication.ports.together import Clock, Ports, Setup, Store
from syndication.ports.weather import WeatherService, WeatherStates

__all__ = [
    "HELD_BACK",
    "Adopted",
    "Aftermath",
    "Arrived",
    "Clock",
    "Copy",
    "Darkroom",
    "Desk",
    "Dropped",
    "Feeds",
    "Fetched",
    "Fetcher",
    "Folder",
    "Frozen",
    "Herald",
    "Intake",
    "Intent",
    "Invalidation",
    "Journal",
    "Journals",
    "Lease",
    "Mail",
    "Mailer",
    "Names",
    "Newsroom",
    "Outbox",
    "Outrun",
    "Pace",
    "Pages",
    "Permanent",
    "Pictures",
    "Portal",
    "Ports",
    "Postbox",
    "Print",
    "Publisher",
    "Push",
    "Quota",
    "Readership",
    "Settlement",
    "Setup",
    "Slice",
    "Store",
    "Stored",
    "Tellings",
    "Transient",
    "Uncertain",
    "Unknown",
    "WantedPicture",
    "WeatherService",
    "WeatherStates",
    "Wishes",
    "Written",
]
