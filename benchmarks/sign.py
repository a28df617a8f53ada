"""Measures building and signing a reader's own digest beside bare signing and beside the usual libraries.

Run it as `.venv/bin/python benchmarks/sign.py`; it prints the ratio of the medians of five alternating runs.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from itertools import cycle, permutations, product
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import dkim as dkimpy  # noqa: E402 - the checkout must be on the path first
from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: E402

from syndication.core import links  # noqa: E402
from syndication.core.audience import recipe  # noqa: E402
from syndication.core.links import Keys, Purpose, Token  # noqa: E402
from syndication.core.model import Block, Choices, IssueContent, Recipe  # noqa: E402
from syndication.render import dkim, email, splice  # noqa: E402
from syndication.render.mime import Letter  # noqa: E402
from tests.render import mails, make  # noqa: E402

RUNS = 5  # alternating; the median counts
SECONDS = 1.0  # of work per measurement
HTML = 85_000  # bytes that the largest digest comes near to
READERS = 1000
RECIPES = 24  # that they share; beside them 576 readers of whom each has one of their own

KEYS = Keys(current="k1", secrets={"k1": bytes(range(32))})


def main() -> int:
    issue = largest_issue()
    blocks = make.blocks(issue)
    every = recipes(issue)
    shared = every[:: len(every) // RECIPES]
    readers = [Reader(n, made, issue) for n, made in zip(range(READERS), cycle(shared), strict=False)]
    alone = [Reader(n, made, issue) for n, made in enumerate(every)]
    pem = mails.as_pem(rsa.generate_private_key(65537, 2048))
    signer = dkim.signer("garam.example", "s2026", pem)
    prepared = splice.prepare(blocks)
    examples = [reader.ours(prepared, signer) for reader in readers[:4]]
    assert all(mails.dkimpy_accepts(m, signer) for m in (*examples, readers[0].usual(blocks, pem)))
    bodies = [message.partition(b"\r\n\r\n")[2] for message in examples]
    runs = [
        (
            timed(cycle([lambda body=body: bare(signer, body) for body in bodies])),  # type: ignore[misc]
            timed(cycle([lambda r=r: r.ours(prepared, signer) for r in readers])),  # type: ignore[misc]
            timed(cycle([lambda r=r: r.usual(blocks, pem) for r in readers[:5]])),  # type: ignore[misc]
            timed(cycle([lambda r=r: r.ours(prepared, signer) for r in alone])),  # type: ignore[misc]
        )
        for _ in range(RUNS)
    ]
    report(examples[0], blocks, readers[0], runs)
    return 0


class Reader:
    """One of the readers, with a Recipe, a subject and links of their own."""

    def __init__(self, number: int, made: Recipe, issue: IssueContent) -> None:
        self.number, self.recipe = number, made
        self.subject, self.preheader = mails.own_words(issue, make.EDITION, made)

    def letter(self) -> tuple[str, Letter, email.Slots]:
        """Everything that is the reader's own: sender of the envelope, header, and the tokens to be put in."""
        leave = links.sign(Token(purpose=Purpose.UNSUBSCRIBE, number=self.number), KEYS)
        back = links.sign(Token(purpose=Purpose.VERP, number=self.number), KEYS)
        slots = email.Slots(
            subject=self.subject,
            preheader=self.preheader,
            unsubscribe_url=links.unsubscribe_url(make.OUTLET, leave),
            view_url=links.issue_url(make.OUTLET, make.EDITION.id, make.ON),
        )
        letter = Letter(
            message_id=links.message_id("issue:1", f"subscriber:{self.number}", "garam.example", KEYS),
            date=mails.MORNING,
            subject=self.subject,
            sender_name=make.OUTLET.sender_name,
            sender_address=make.OUTLET.sender_address,
            recipient=f"reader-{self.number}@example.com",
            reply_to="desk@garam.example",
            list_id="daily.garam.example",
            list_name=make.EDITION.title,
            unsubscribe_url=slots.unsubscribe_url,
            unsubscribe_mailto=f"leave+{leave}@garam.example",
            html="",
            text="",
        )
        return f"b+{back}@bounce.garam.example", letter, slots

    def ours(self, prepared: splice.Prepared, signer: dkim.Signer) -> bytes:
        _, letter, slots = self.letter()
        text, html = splice.personal(prepared, self.recipe, slots)
        return dkim.join(letter, signer, text=text, html=html)

    def usual(self, blocks: Mapping[str, Block], pem: bytes) -> bytes:
        """The same mail by EmailMessage and dkimpy."""
        _, letter, slots = self.letter()
        html, text = email.join(blocks, self.recipe, slots)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"{letter.sender_name} <{letter.sender_address}>"
        mail["To"], mail["Reply-To"], mail["Subject"] = letter.recipient, letter.reply_to, letter.subject
        mail["Date"], mail["Message-ID"] = format_datetime(letter.date), f"<{letter.message_id}>"
        mail["List-Id"] = f"<{letter.list_id}>"
        mail["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(text)
        mail.add_alternative(html, subtype="html")
        message = mail.as_bytes()
        return bytes(
            dkimpy.sign(message, b"s2026", b"garam.example", pem, canonicalize=(b"relaxed", b"simple")) + message
        )


def largest_issue() -> IssueContent:
    """Sample stories up to the size that a digest may have."""
    return min((make.content(n) for n in range(56, 90, 2)), key=lambda issue: abs(html_bytes(issue) - HTML))


def html_bytes(issue: IssueContent) -> int:
    html, _ = make.digest(issue)
    return len(html.encode())


def recipes(issue: IssueContent) -> list[Recipe]:
    """All sections in every order with all stations in every order: whole digests, all different."""
    stations = [s.station for s in make.WEATHER.stations]
    orders = product(permutations(make.EDITION.sections), permutations(stations))
    made = (recipe(Choices(sections=a, stations=b), issue, make.EDITION) for a, b in orders)
    return [one for one in made if one]


def bare(signer: dkim.Signer, body: bytes) -> bytes:
    """What no signed mail can do without: the hash of its body and one RSA signature."""
    digest = hashlib.sha256(body).digest()
    assert isinstance(signer.key, rsa.RSAPrivateKey)
    return signer.key.sign(digest, PKCS1v15(), hashes.SHA256())


def timed(works: cycle[Callable[[], bytes]]) -> float:
    """Mails per second, after a warm-up."""
    next(works)()
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        next(works)()
        count += 1
    return count / (time.perf_counter() - start)


def report(message: bytes, blocks: Mapping[str, Block], reader: Reader, runs: list[tuple[float, ...]]) -> None:
    html, text = email.join(blocks, reader.recipe, reader.letter()[2])
    print(f"a digest of {len(html.encode()):,} bytes of HTML and {len(text.encode()):,} of text,", end=" ")
    print(f"{len(message):,} on the wire; {READERS} readers, {RECIPES} Recipes")
    print("the reader's own: subject, and as tokens the preheader, the Issue's page, the link and the address to leave")
    bare_rate, ours, usual, alone = (statistics.median(column) for column in zip(*runs, strict=True))
    lines = (
        ("bare RSA-2048 sign + SHA-256", bare_rate),
        ("build and sign", ours),
        ("each with a Recipe of their own", alone),
        ("EmailMessage + dkimpy", usual),
    )
    for name, rate in lines:
        print(f"{name:32}{rate:9,.0f} per second{1e6 / rate:10,.0f} µs")
    print(f"build and sign / bare: {ours / bare_rate:.2f}  (at least 0.7; {alone / bare_rate:.2f} with own Recipes)")
    print(f"build and sign / EmailMessage + dkimpy: {ours / usual:.1f}  (at least 30)")
    print(f"median of {RUNS} alternating runs on one core")


if __name__ == "__main__":
    sys.exit(main())
