"""Judges what must agree between values, tables and files of the settings.

Single values are judged where they are read; secrets in `environment`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from syndication.core.addresses import judge
from syndication.core.amazon import is_stand_in, queue_region
from syndication.core.links import normal_address
from syndication.core.model import Channel, Rights, SourceKind
from syndication.core.signers import Transport
from syndication.settings.disks import network_disk
from syndication.settings.fields import Tls
from syndication.settings.kinds import in_words, nearest
from syndication.settings.problems import Severity
from syndication.settings.reading import Draft, Entry
from syndication.settings.signing import EXAMPLE

# First parts of paths that the pages themselves use.
RESERVED_IDS = frozenset(
    (
        *("about", "admin", "api", "archive", "assets", "confirm", "favicon", "feed", "feeds", "health", "inbox"),
        *("issue", "issues", "link", "links", "manage", "metrics", "partner", "partner-receipts", "partners", "push"),
        *("pictures", "provider-events", "robots", "s", "search", "static", "status", "subscribe", "u", "unsubscribe"),
    )
)
_SAMPLE_ENDINGS = (".example", ".test", ".invalid", ".localhost", "example.com", "example.net", "example.org")


def judge_draft(draft: Draft) -> None:
    """Note every disagreement."""
    _unique_ids(draft.sources, "Source")
    _unique_ids(draft.editions, "Edition")
    _unique_ids(draft.partners, "Partner")
    for source in draft.sources:
        _source(source, draft)
    for edition in draft.editions:
        _edition(edition, draft)
    for partner in draft.partners:
        _partner(partner, draft)
    _outlet(draft)
    _storage(draft)
    _publish(draft)
    _mail(draft)
    _allow_list(draft.single["rehearsal"])
    _mode(draft)


def _unique_ids(entries: Iterable[Entry], what: str) -> None:
    first: dict[str, Entry] = {}
    for entry in entries:
        if not entry.has("id"):
            continue
        name = entry.get("id")
        if name in first:
            where = first[name].at or first[name].sheet.file
            entry.complain("id", f'another {what} ({where}) has the id "{name}"', f'id = "{name}-2"')
        first.setdefault(name, entry)


# --- sources ---------------------------------------------------------------------------------


def _source(source: Entry, draft: Draft) -> None:
    _loopback(source)
    if not source.has("kind"):
        return
    _fields_of_kind(source, source.get("kind"))
    if source.get("kind") is SourceKind.FOLDER:
        _drop_folder(source, draft.folder)
    if source.get("rights") is not Rights.OWN and not source.has("rights_holder") and source.has("rights"):
        wrong = "stories that are not the outlet's own should name who holds the rights"
        source.complain("rights_holder", wrong, severity=Severity.WARNING)
    if source.has("every", "silent_after") and source.get("silent_after") < source.get("every"):
        every = in_words(source.get("every"))
        source.complain("silent_after", f"this is shorter than the time between two looks ({every})")


# Fields that some kinds of Sources need (True) or may have (False); the others have none of them.
_OF_KIND: dict[str, dict[SourceKind, bool]] = {
    "url": dict.fromkeys(set(SourceKind) - {SourceKind.FOLDER, SourceKind.PUSH}, True),
    "folder": {SourceKind.FOLDER: True},
    "links": {SourceKind.PAGE_LIST: False},
    "website": {SourceKind.ARC: True},
    "watch": dict.fromkeys(set(SourceKind) - {SourceKind.FOLDER, SourceKind.PAGE, SourceKind.PUSH}, False),
    "token_from": {
        **dict.fromkeys((SourceKind.GHOST, SourceKind.ARC, SourceKind.PUSH), True),
        SourceKind.WORDPRESS: False,
    },
}


def _fields_of_kind(source: Entry, kind: SourceKind) -> None:
    alone = "folder alone" if kind is SourceKind.FOLDER else "url alone"
    for key, kinds in _OF_KIND.items():
        if kinds.get(kind) and key not in source.written:
            source.complain(key, f'a Source of kind "{kind}" needs this')
        if kind not in kinds and key in source.written:
            right = alone if key in ("url", "folder") and kind is not SourceKind.PUSH else f"leave {key} out"
            source.complain(key, f'a Source of kind "{kind}" has no {key}', right)


def _drop_folder(source: Entry, base: Path) -> None:
    if source.has("folder") and not (base / source.get("folder")).expanduser().is_dir():
        folder = (base / source.get("folder")).expanduser()
        source.complain("folder", f"there is no folder {folder}", f"an existing folder, such as after: mkdir {folder}")


def _loopback(entry: Entry) -> None:
    """Loopback only where named, other addresses that are not public never."""
    if not entry.has("url") or entry.get("loopback") is None:
        return
    reach = _reach(entry.get("url"))
    if reach == "loopback" and not entry.get("loopback"):
        entry.complain(
            "url", "this address is this very machine, and loopback is not true", "loopback = true beside it"
        )
    elif reach not in ("loopback", None):
        entry.complain("url", f"this address cannot be used: {reach}", "a public address")
    elif reach is None and entry.get("loopback"):
        entry.complain("loopback", "loopback is true, and the URL does not name this machine", "loopback = false")


def _reach(url: str) -> str | None:
    """loopback, the reason why an address is not public, or None for public addresses and all names."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return "loopback"
    if not (":" in host or host.replace(".", "").isdigit()):
        return None
    return (
        "loopback"
        if judge(host, loopback=True) is None and judge(host, loopback=False)
        else judge(host, loopback=False)
    )


# --- editions --------------------------------------------------------------------------------


def _edition(edition: Entry, draft: Draft) -> None:
    if edition.get("id") in RESERVED_IDS:
        edition.complain("id", f'the pages use "{edition.get("id")}" themselves', 'id = "daily"')
    if edition.has("lead", "weather_grace") and edition.get("weather_grace") > edition.get("lead"):
        key = "weather_grace" if "weather_grace" in edition.written or "lead" not in edition.written else "lead"
        _grace(edition, key)
    known = [source.get("id") for source in draft.sources if source.has("id")]
    for position, name in enumerate(edition.get("sources") or ()):
        if name not in known:
            _unknown(edition, "sources", position, f'there is no Source with the id "{name}"', name, known)


def _grace(edition: Entry, key: str) -> None:
    grace, lead = in_words(edition.get("weather_grace")), in_words(edition.get("lead"))
    wrong = f"waiting {grace} for the weather does not fit into the lead of {lead}"
    right = f'weather_grace = "{in_words(edition.get("lead") / 2)}"' if edition.get("lead") else 'weather_grace = "0s"'
    edition.complain(key, wrong, right if key == "weather_grace" else f"a lead of {grace} at least, or {right}")


def _unknown(entry: Entry, key: str, position: int, wrong: str, name: str, known: list[str]) -> None:
    meant = nearest(name, known)
    some = ", ".join(f'"{one}"' for one in known[:16])
    right = f'"{meant}"' if meant else f"one of {some}" if known else "one that is defined in this file"
    entry.complain(key, wrong, right, position=position)


# --- partners --------------------------------------------------------------------------------


def _partner(partner: Entry, draft: Draft) -> None:
    _loopback(partner)
    if draft.live and partner.has("url") and not partner.get("loopback"):
        _https(partner, "url")
    if "production" in partner.written and partner.get("production") and partner.get("loopback"):
        partner.complain("production", "a partner on this very machine is no production host", "production = false")
    if Rights.NOT_FOR_PASSING_ON in (partner.get("rights") or ()):
        partner.complain("rights", "stories that are not for passing on never go to a partner", 'rights = ["own"]')
    if partner.get("sections") == () and "sections" not in partner.written:
        wrong = "no section is named, so nothing goes to this partner"
        partner.complain("sections", wrong, 'sections = ["*"]', Severity.WARNING)
    _partner_edition(partner, draft)


def _partner_edition(partner: Entry, draft: Draft) -> None:
    editions = {edition.get("id"): edition for edition in draft.editions if edition.has("id")}
    name = partner.get("edition")
    if name is None or not editions:  # without any Edition that is said already
        return
    if name not in editions:
        meant = nearest(name, list(editions)) or next(iter(editions), "daily")
        partner.complain("edition", f'there is no Edition with the id "{name}"', f'edition = "{meant}"')
    elif Channel.PARTNER not in (editions[name].get("channels") or (Channel.PARTNER,)):
        wrong = f'the Edition "{name}" does not have the channel "partner": nothing goes there'
        partner.complain("edition", wrong, 'channels = ["email", "feed", "partner"] there', Severity.WARNING)


# --- the rest --------------------------------------------------------------------------------


def _outlet(draft: Draft) -> None:
    outlet = draft.single["outlet"]
    severity = Severity.ERROR if draft.live else Severity.WARNING
    if outlet.has("sender", "domain"):
        name, address = outlet.get("sender")
        host = normal_address(address).rpartition("@")[2]
        if not _belongs(host, outlet.get("domain")):
            right = f'sender = "{name} <{address.rpartition("@")[0]}@{outlet.get("domain")}>"'
            wrong = f"the sender's domain {host} is not the outlet's domain, which receivers check (DMARC)"
            outlet.complain("sender", wrong, right, severity)
    if draft.live:
        _live_outlet(outlet)


def _live_outlet(outlet: Entry) -> None:
    if outlet.has("url"):
        _https(outlet, "url")
    for key in ("domain", "url"):
        host = urlsplit(outlet.get(key)).hostname if key == "url" and outlet.has(key) else outlet.get(key)
        if host and _is_sample(host):
            outlet.complain(key, f"{host} is a name reserved for samples, and mode is live", f"your own {key}")


def _https(entry: Entry, key: str) -> None:
    url = urlsplit(entry.get(key))
    if url.scheme.lower() != "https":
        right = f'{key} = "https://{url.netloc.rpartition("@")[2]}{url.path}"'
        entry.complain(key, "when live this address must be https", right)


def _belongs(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _is_sample(host: str) -> bool:
    return any(host == end.lstrip(".") or host.endswith("." + end.lstrip(".")) for end in _SAMPLE_ENDINGS)


def _storage(draft: Draft) -> None:
    storage, broker = draft.single["storage"], draft.single["broker"]
    for entry, key, other in ((storage, "database", "database_from"), (broker, "url", "url_from")):
        if {key, other} <= entry.written:
            entry.complain(other, f"both {key} and {other} stand here", f"one of them: {other} for a server")
    if not storage.has("folder"):
        return
    folder = (draft.folder / storage.get("folder")).expanduser()
    if folder.exists() and not folder.is_dir():
        storage.complain("folder", f"{folder} is a file, where a folder is expected")
    disk = network_disk(folder)
    if disk and not storage.has("database_from"):
        wrong = f"the embedded database lies on a network disk ({disk}); it needs a local disk and serves one host only"
        storage.complain("folder", wrong, "a folder on a local disk, or database_from for a PostgreSQL database")


def _publish(draft: Draft) -> None:
    publish, live = draft.single["publish"], draft.live
    for key in ("region", "prefix", "endpoint", "access_key_from", "secret_key_from"):
        if key in publish.written and "bucket" not in publish.written:
            publish.complain("bucket", f"{key} stands here without it")
            break
    if publish.has("bucket") and "region" not in publish.written:
        publish.complain("region", "bucket stands here without it", 'region = "ap-northeast-2"')
    for key, other in (
        ("access_key_from", "secret_key_from"),
        ("secret_key_from", "access_key_from"),
        ("invalidate_url", "invalidate_secret_from"),
        ("invalidate_secret_from", "invalidate_url"),
    ):
        if key in publish.written and other not in publish.written:
            publish.complain(other, f"{key} stands here without it")
    if live and publish.has("endpoint") and is_stand_in(publish.get("endpoint")):
        publish.complain("endpoint", "a stand-in on this machine, and mode is live", severity=Severity.WARNING)


def _mail(draft: Draft) -> None:
    mail = draft.single["mail"]
    for key, other in (("user_from", "password_from"), ("password_from", "user_from")):
        if key in mail.written and other not in mail.written:
            mail.complain(other, f"{key} stands here without {other}")
    if mail.get("dkim") and all(key.since for key in mail.get("dkim")):
        mail.complain("dkim", "every key has a from: before the first of them mail would go out unsigned", EXAMPLE)
    _returns(draft)
    if mail.get("transport") is Transport.SES:
        _ses(draft)
    else:
        _relay(draft)


def _relay(draft: Draft) -> None:
    mail = draft.single["mail"]
    if mail.has("ses"):
        mail.complain("ses", "this stands here, and transport is smtp", 'transport = "ses"', Severity.WARNING)
    relay = mail.get("relay")
    if not relay or mail.get("tls") is not Tls.NONE or _reach(f"smtp://{relay if ':' not in relay else f'[{relay}]'}"):
        return
    if mail.has("password_from"):
        wrong = "the password would travel to the relay unprotected"
        mail.complain("tls", wrong, 'tls = "starttls"', Severity.ERROR if draft.live else Severity.WARNING)
    elif draft.live:
        mail.complain("tls", "mail travels to the relay unprotected", 'tls = "starttls"', Severity.WARNING)


def _ses(draft: Draft) -> None:
    mail = draft.single["mail"]
    ses = mail.get("ses")
    if ses is None:
        if "ses" not in mail.written:
            mail.complain("ses", 'transport is "ses", and this is missing')
        return
    if ses.endpoint is not None and draft.live:
        mail.complain("ses", "a stand-in as endpoint, and mode is live", "no endpoint")
    sample = ses.event_queue is not None and queue_region(ses.event_queue) is None
    if sample and not ses.event_queue.startswith(f"{ses.endpoint}/"):
        mail.complain("ses", "the event queue is that of a stand-in, and the endpoint is not", "one stand-in")
    if ses.event_queue is None and ses.event_topic is None:
        wrong = "neither event_queue nor event_topic: nobody hears of bounces and complaints"
        mail.complain("ses", wrong, 'event_queue = "https://sqs.…"', Severity.ERROR if draft.live else Severity.WARNING)


def _returns(draft: Draft) -> None:
    mail, outlet = draft.single["mail"], draft.single["outlet"]
    domain, back, newsroom = mail.get("bounce_domain"), mail.get("returns"), mail.get("reply_to")
    if back is not None and domain is None:
        mail.complain("bounce_domain", "returns stands here without it: no address of ours would be known again")
    if back is not None and back.replies and newsroom is None:
        mail.complain("reply_to", "replies is true, and nobody is named to pass answers on to")
    if domain is None:
        return
    if newsroom is not None and normal_address(newsroom).rpartition("@")[2] == domain:
        mail.complain("reply_to", "answers passed on to the bounce domain would go round in circles")
    if back is None and mail.get("transport") is not Transport.SES:  # SES tells of bounces itself
        wrong = "nobody reads what comes back to this domain"
        mail.complain("bounce_domain", wrong, "[mail.returns] beside it", Severity.WARNING)
    if outlet.has("domain") and not _belongs(domain, outlet.get("domain")):
        wrong = "this is not below the outlet's domain: receivers see two senders (SPF alignment of DMARC)"
        mail.complain("bounce_domain", wrong, f'bounce_domain = "bounce.{outlet.get("domain")}"', Severity.WARNING)


def _allow_list(rehearsal: Entry) -> None:
    seen: set[str] = set()
    for position, address in enumerate(rehearsal.get("allow") or ()):
        key = normal_address(address)
        if key in seen:
            rehearsal.complain(
                "allow", f"{address} is an address that stands here already", "each one once", position=position
            )
        seen.add(key)


def _mode(draft: Draft) -> None:
    if not draft.live:
        return
    if draft.single["clock"].has("starts_at"):
        draft.single["clock"].complain(
            "starts_at", "a clock of its own, and mode is live", 'no [clock], or mode = "rehearsal"'
        )
    if draft.single["weather"].has("stand_in"):
        draft.single["weather"].complain("stand_in", "a stand-in, and mode is live", "no stand_in")
    sandbox = draft.single["sandbox"]
    if sandbox.written or "sandbox" in sandbox.sheet.raw:
        sandbox.sheet.findings.add(
            sandbox.sheet.file,
            sandbox.sheet.places.line(("sandbox",)),
            "sandbox",
            "a sandbox, and mode is live",
            'no [sandbox], or mode = "rehearsal"',
        )
    if "address_key_from" not in draft.single["keys"].written:
        draft.single["keys"].complain("address_key_from", "mode is live, and no key for addresses is named")
