"""Every table and field that a publisher may write: how it is read, its default, an example, what it is for.

It reads no files. The reference in docs/publisher.md is written from these tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from syndication.core.model import (
    Appear,
    Channel,
    EmptyDay,
    UncertainPolicy,
    Undated,
)
from syndication.core.signers import Transport
from syndication.settings import amazon, closing, kinds, moving, sending
from syndication.settings import returns as returning
from syndication.settings.fields import Mode, Table, Tls, defaulting, optional, required
from syndication.settings.publishing import PUBLISH
from syndication.settings.signing import EXAMPLE, dkim_key
from syndication.settings.skies import WEATHER
from syndication.settings.source import SOURCE

_SECOND, _MINUTE, _HOUR, _DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_PORT = kinds.whole(1, 65535)
_TEXTS = kinds.several(kinds.text)
_CHANNELS = ", ".join(f'"{channel}"' for channel in Channel)

TOP = Table(
    name="",
    about="Keys that stand before the first table.",
    fields=(
        defaulting(
            "mode",
            kinds.choice(Mode),
            '"rehearsal"',
            "rehearsal: mail goes only to the addresses of [rehearsal] allow, pushes only to partners that are not "
            "marked as production. live: everybody who subscribed.",
        ),
    ),
)

OUTLET = Table(
    name="outlet",
    about="The publisher as readers and partners know it.",
    fields=(
        required("name", kinds.text, '"가람일보"', "The outlet's name, as it stands in the masthead."),
        required(
            "domain",
            kinds.domain,
            '"garam.example"',
            "The outlet's own domain. Permanent identifiers are minted from it: never change it later.",
        ),
        required(
            "url",
            kinds.base_url,
            '"https://morning.garam.example"',
            "Public address of the pages and feeds that this installation serves; https when live.",
        ),
        required("address", kinds.text, '"가람시 한빛로 1"', "Postal address, printed in every mail."),
        required("contact", kinds.text, '"editor@garam.example"', "How readers reach you: printed in every mail."),
        required(
            "sender",
            kinds.sender,
            '"가람 아침 <morning@garam.example>"',
            "Name and address that mail comes from; the address belongs to the outlet's domain.",
        ),
        defaulting("accent", kinds.accent, '"#1a5fb4"', "The outlet's colour, for mail, pages and feeds alike."),
        optional(
            "logo",
            kinds.url,
            '"https://www.garam.example/logo.png"',
            "Address of a picture for feeds: PNG, JPEG or GIF, at most 144 pixels wide and 400 high.",
        ),
    ),
)

EDITION = Table(
    name="edition",
    many=True,
    about="A standing product: the digest that goes out on its publishing days at its hour.",
    fields=(
        required("id", kinds.slug, '"daily"', "Short name, part of every permanent link: never change it later."),
        required("title", kinds.text, '"가람 아침"', "Title, as readers see it."),
        defaulting("language", kinds.choice(("ko", "en")), '"ko"', "Language of the words around the stories."),
        defaulting("zone", kinds.zone, '"Asia/Seoul"', "Time zone of the hour and of the publishing days."),
        defaulting(
            "days",
            kinds.several(kinds.weekday, least=1),
            '["월", "화", "수", "목", "금", "토", "일"]',
            "Publishing days, by Korean or English weekday names.",
            '["월", "화", "수", "목", "금"]',
        ),
        defaulting(
            "holidays",
            kinds.choice(closing.OnHolidays),
            '"publish"',
            "On Korean public holidays with their substitutes: publish or rest.",
        ),
        defaulting(
            "closed",
            kinds.several(closing.day),
            "[]",
            "Other dates without a digest: the paper's own, and holidays declared at short notice.",
            "[2026-08-14]",
        ),
        optional(
            "weekly",
            kinds.weekday,
            '"토"',
            "Weekday of a weekly digest at the same hour, for readers who chose it; where it rests, the next day that "
            "does not.",
        ),
        defaulting("hour", kinds.time_of_day, '"06:30"', "When sending may start, on the 24-hour clock."),
        defaulting(
            "lead",
            kinds.duration(0 * _SECOND, _DAY),
            '"10m"',
            "How long before the hour collecting is cut off, to assemble and render.",
        ),
        defaulting(
            "weather_grace",
            kinds.duration(0 * _SECOND, _DAY),
            '"5m"',
            "How long, within the lead, to wait for the weather before going without.",
        ),
        defaulting(
            "expires_after",
            kinds.duration(_MINUTE, _DAY),
            '"12h"',
            "How long after the hour a digest is still worth sending.",
        ),
        defaulting(
            "horizon",
            kinds.duration(_HOUR, 60 * _DAY),
            '"48h"',
            "How far back, from the last digest's cut-off, a story may have been first seen.",
        ),
        defaulting(
            "cap", kinds.whole(1, 200), "25", "The most stories in one digest; what is over stays for the next."
        ),
        defaulting(
            "sections",
            _TEXTS,
            "[]",
            "Sections in reading order; others follow in the order of their first story.",
            '["사회", "경제", "문화"]',
        ),
        defaulting(
            "stations",
            kinds.several(kinds.station),
            "[]",
            "Weather stations shown to readers who chose none.",
            '["서울", "대전"]',
        ),
        defaulting("sources", kinds.several(kinds.slug), "[]", "Ids of its Sources; empty means all.", '["city-desk"]'),
        defaulting(
            "channels",
            kinds.several(kinds.choice(Channel), least=1),
            f"[{_CHANNELS}]",
            "Where the digest goes: email, feed, partner.",
        ),
        defaulting(
            "undated", kinds.choice(Undated), '"in"', "Stories without a date of their own: in (shown so) or out."
        ),
        defaulting(
            "empty_day",
            kinds.choice(EmptyDay),
            '"skip"',
            "A day without a new story: skip, or weather (a digest of the weather alone).",
        ),
        defaulting(
            "uncertain",
            kinds.choice(UncertainPolicy),
            '"hold"',
            "A mail that may or may not have gone: hold (tell the operator) or resend once, with the same Message-ID.",
        ),
        defaulting("advertising", kinds.flag, "false", "true puts (광고) before every subject, as the law asks."),
        defaulting(
            "appear",
            kinds.choice(Appear),
            '"with-issue"',
            "When a story comes into the articles feeds: with-issue (when its Issue is frozen) or at-once.",
        ),
    ),
)

STORAGE = Table(
    name="storage",
    about="Where everything that lasts is kept.",
    fields=(
        defaulting("folder", kinds.text, '"var"', "Folder for all that is written, counted from this file's folder."),
        defaulting(
            "database",
            kinds.embedded('database_from = "DATABASE_URL"'),
            '"embedded"',
            "embedded is SQLite in the folder: on a local disk, for one host only.",
        ),
        optional(
            "database_from",
            kinds.environment_name,
            '"DATABASE_URL"',
            "Environment variable that holds the URL of a PostgreSQL database, used instead.",
        ),
    ),
)

BROKER = Table(
    name="broker",
    about="What wakes the workers.",
    fields=(
        defaulting(
            "url",
            kinds.embedded('url_from = "BROKER_URL"'),
            '"embedded"',
            "embedded keeps messages in the storage folder.",
        ),
        optional(
            "url_from",
            kinds.environment_name,
            '"BROKER_URL"',
            "Environment variable that holds a redis://, rediss://, amqp:// or amqps:// URL, used instead.",
        ),
    ),
)

MAIL = Table(
    name="mail",
    about="The relay or provider that takes outgoing mail.",
    fields=(
        defaulting("transport", kinds.choice(Transport), '"smtp"', "smtp (a relay) or ses (Amazon SES).", '"ses"'),
        defaulting("relay", kinds.host, '"127.0.0.1"', "Host of the relay.", '"smtp.garam.example"'),
        defaulting("port", _PORT, "25", "Port of the relay.", "587"),
        defaulting(
            "tls", kinds.choice(Tls), '"none"', "none, starttls, or implicit (from the first byte).", '"starttls"'
        ),
        optional("user_from", kinds.environment_name, '"MAIL_USER"', "Environment variable with the user name."),
        optional("password_from", kinds.environment_name, '"MAIL_PASSWORD"', "Environment variable with the password."),
        defaulting(
            "timeout", kinds.duration(_SECOND, 10 * _MINUTE), '"30s"', "How long to wait for the relay's answer."
        ),
        defaulting(
            "dkim",
            kinds.several(dkim_key),
            "[]",
            "Keys that sign mail, newest first: the selector as published, the environment variable with the private "
            "key (PEM, RSA or Ed25519), and `from`, a date or instant before which the next one of its kind signs. "
            "Without any the relay has to sign.",
            EXAMPLE,
        ),
        optional("reply_to", kinds.mail_address, '"editor@garam.example"', "Where answers of readers go."),
        optional(
            "bounce_domain",
            kinds.domain,
            '"bounce.garam.example"',
            "Domain that bounces come back to, by an address of its own for each mail (VERP); its MX leads to the "
            "mailbox or port of `returns`. Without it the sender's address gets them.",
        ),
        optional(
            "returns",
            returning.returns,
            returning.EXAMPLE,
            "How mail to the bounce domain is read. A mailbox: imap (host), port (993), tls, user_from, password_from, "
            "folder (INBOX). Or a port of ours that the MX hands it to: listen, host (127.0.0.1), protocol (smtp or "
            "lmtp). With replies = true answers of readers come here as well: 수신거부 is honoured, the rest passed on "
            "to reply_to.",
        ),
        optional(
            "ses",
            amazon.ses,
            amazon.EXAMPLE,
            "With transport ses: region, configuration_set (its events carry the tags of our mails), concurrency (20 "
            "calls at once per worker), event_queue (URL of the SQS queue that events come by) or event_topic (ARN of "
            "the SNS topic that posts to /provider-events/ses), access_key_from and secret_key_from (else credentials "
            "are looked for as boto3 does), endpoint (a stand-in on this machine, in rehearsal only).",
        ),
        defaulting(
            "connections",
            kinds.whole(1, 50),
            "1",
            "Connections to the relay that each sending worker keeps. Each may leave one mail uncertain when it dies.",
            "4",
        ),
        defaulting(
            "messages_per_connection", kinds.whole(1, 100_000), "1000", "Mails until a connection is made anew.", "100"
        ),
        optional("per_second", kinds.whole(1, 10_000), "200", "Mails per second of all workers together."),
        defaulting(
            "providers",
            kinds.several(sending.provider),
            "[]",
            "Limits for recipients' mail providers, by second and by day: naver, google, kakao, nate, microsoft, "
            "yahoo, apple, or a domain of addresses.",
            sending.PROVIDER,
        ),
        optional(
            "warm_up",
            sending.warm_up,
            sending.WARM_UP,
            "A new sender's ramp: the most mails that each large provider gets on the first, second, … day.",
        ),
        defaulting(
            "cut_over",
            kinds.whole(0, 100),
            "100",
            "Percentage of readers that are written to from here while another system still writes to the rest; "
            "always the same ones, and raising it only adds to them.",
            "10",
        ),
        defaulting(
            "seeds",
            kinds.several(kinds.mail_address),
            "[]",
            "Subscribers of the newsroom who get each Issue first, as soon as it is frozen.",
            '["desk@garam.example"]',
        ),
        defaulting(
            "most_refused",
            kinds.whole(1, 100),
            "20",
            "An Issue is held when more than this percentage of at least 50 answers are refusals or bounces.",
            "5",
        ),
    ),
)

REHEARSAL = Table(
    name="rehearsal",
    about="What may happen while rehearsing.",
    fields=(
        defaulting(
            "allow",
            kinds.several(kinds.mail_address),
            "[]",
            "The only addresses that are written to in rehearsal.",
            '["reader-1@example.com"]',
        ),
    ),
)

KEYS = Table(
    name="keys",
    about="Keys of this installation: random texts of 32 characters and more, that are never thrown away. "
    "A list names the newest first; older ones still verify.",
    fields=(
        optional(
            "address_key_from",
            kinds.one_or_several(kinds.environment_name),
            '"SYNDICATION_ADDRESS_KEY"',
            "Environment variable with the key that addresses are hashed with; needed when live.",
        ),
        optional(
            "link_key_from",
            kinds.one_or_several(kinds.environment_name),
            '"SYNDICATION_LINK_KEY"',
            "Environment variable with the key that links in mails are signed with; without it the address key.",
        ),
    ),
)

CLOCK = Table(
    name="clock",
    about="A clock that starts at another time; in rehearsal only.",
    fields=(
        optional("starts_at", kinds.instant, '"2026-01-20T06:00:00+09:00"', "When the clock starts on the first run."),
    ),
)

WEB = Table(
    name="web",
    about="Where the pages are served.",
    fields=(
        defaulting("host", kinds.host, '"127.0.0.1"', "Address to listen on."),
        defaulting("port", _PORT, "8600", "Port to listen on."),
        defaulting("workers", kinds.whole(1, 64), "1", "How many processes `run` serves them with.", "2"),
    ),
)

FEEDS = Table(
    name="feeds",
    about="Our feeds beyond what their Editions say.",
    fields=(
        optional(
            "hub",
            kinds.url,
            '"https://hub.garam.example/"',
            "WebSub hub that our feeds name and that is told of every change, so that subscribers get it at once.",
        ),
        defaulting(
            "moved",
            kinds.several(moving.move),
            "[]",
            "Older addresses here that lead elsewhere for good (301), such as those of a feed before it moved.",
            moving.MOVED,
        ),
        defaulting(
            "ended",
            kinds.several(moving.path),
            "[]",
            "Addresses of feeds that are no more (410), so that readers stop asking; with a closing slash all below.",
            moving.ENDED,
        ),
    ),
)

INDEXNOW = Table(
    name="indexnow",
    about="Search engines that are told of new, changed and withdrawn pages by IndexNow.",
    fields=(
        optional(
            "key_from",
            kinds.environment_name,
            '"INDEXNOW_KEY"',
            "Environment variable with the site's key: 8 to 128 letters, digits and hyphens. Anybody may read it in "
            "the file of its name at the site's root. Without it no search engine is told.",
        ),
        defaulting(
            "engines",
            kinds.several(kinds.url, least=1),
            '["https://searchadvisor.naver.com/indexnow"]',
            "Addresses to tell; by the rules of IndexNow one engine passes on to the others what it hears.",
            '["https://searchadvisor.naver.com/indexnow", "https://api.indexnow.org/indexnow"]',
        ),
    ),
)

SCHEDULE = Table(
    name="schedule",
    about="How often the installation looks for work.",
    fields=(
        defaulting("tick", kinds.duration(_SECOND, 10 * _MINUTE), '"1m"', "Time between two looks."),
        defaulting(
            "lease",
            kinds.duration(3 * _SECOND, 10 * _MINUTE),
            '"90s"',
            "How long a worker holds what it claimed without a sign of life; one attempt takes two thirds at most.",
        ),
    ),
)

SANDBOX = Table(
    name="sandbox",
    about="A mailbox, an origin and a portal on this machine that rehearsals talk to; in rehearsal only.",
    fields=(
        defaulting("origin_port", _PORT, "8601", "Port of the origin, which serves the files of the folder."),
        defaulting("mailbox_port", _PORT, "8602", "Port of the mailbox (SMTP)."),
        defaulting("portal_port", _PORT, "8603", "Port of the portal."),
        defaulting("folder", kinds.text, '"origin"', "Folder that the origin serves, counted from this file's folder."),
    ),
)

TABLES: tuple[Table, ...] = (
    OUTLET,
    SOURCE,
    EDITION,
    STORAGE,
    PUBLISH,
    BROKER,
    MAIL,
    REHEARSAL,
    WEATHER,
    KEYS,
    CLOCK,
    WEB,
    FEEDS,
    INDEXNOW,
    SCHEDULE,
    SANDBOX,
)


def table_named(name: str, tables: Sequence[Table] = TABLES) -> Table | None:
    return next((table for table in tables if table.name == name), None)
