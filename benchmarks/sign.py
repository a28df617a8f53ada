"""Measures building and signing a reader's own digest beside bare signing and beside the usual libraries.

Run it as `.venv/bin/python benchmarks/sign.py`; it prints the ratio of the medians of five alternating runs.
"""

from __future__ import annotations

import gc
import hashlib
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from itertools import count, cycle, islice, permutations, product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import dkim as dkimpy  # noqa: E402 - the checkout must be on the path first
from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: E402

from syndication.core import audience  # noqa: E402
from syndication.core.model import Choices, Delivery, Issue, IssueContent, Recipe, Subscription  # noqa: E402
from syndication.press import Press  # noqa: E402
from syndication.render import dkim  # noqa: E402
from tests.render import mails, make, presses  # noqa: E402

RUNS = 5  # alternating; the median counts
SECONDS = 1.0  # of work per measurement
WIRE = 120_000  # octets of a mail, to which an Issue is chosen
SHARED = 24  # Recipes, where readers share them

SLICE = 50  # Deliveries that a worker claims at once
Work = tuple[Callable[..., object], Iterator[Sequence[tuple[Any, ...]]]]  # what to do, and slices of what with

STATIONS = tuple(f"관측{n}" for n in range(7))  # 24 orders of sections and 5,040 of stations


def main() -> int:
    pem = mails.as_pem(rsa.generate_private_key(65537, 2048))
    signer = dkim.signer("garam.example", "s2026", pem)
    content = content_of_size(WIRE)
    press, issue = presses.press(content, signers=(signer,), own_pages=True, bounce_domain="bounce.garam.example")
    every = list(islice(recipes_of(content), SHARED))
    examples = [press.mail(*one).message for one in next(slices(press, issue, iter(every)))[:SHARED]]
    bodies = [(message.partition(b"\r\n\r\n")[2],) for message in examples]
    letters = [mails.parsed(message) for message in examples[:5]]
    assert all(mails.dkimpy_accepts(message, signer) for message in (examples[0], usual(*letters[0], pem)))
    works: dict[str, Work] = {
        "bare RSA-2048 sign + SHA-256": (partial(bare, signer), cycle([bodies])),
        "build and sign": (press.mail, slices(press, issue, cycle(every))),
        "each with a Recipe of their own": (press.mail, slices(press, issue, cycle(recipes_of(content)))),
        "EmailMessage + dkimpy": (partial(usual, pem=pem), cycle([letters])),
    }
    runs = [[timed(*work) for work in works.values()] for _ in range(RUNS)]
    rates = dict(zip(works, map(statistics.median, zip(*runs, strict=True)), strict=True))
    report(examples[0], rates)
    return 0


def content_of_size(octets: int) -> IssueContent:
    """Sample stories, so many that a mail of all of them has about this size."""
    weather = replace(make.WEATHER, stations=tuple(make.station(n, str(9000 + k)) for k, n in enumerate(STATIONS)))
    every = (make.content(stories, weather=weather) for stories in range(40, 100, 2))
    return min(every, key=lambda content: abs(len(presses.mail(content).message) - octets))


def slices(press: Press, issue: Issue, recipes: Iterator[Recipe]) -> Iterator[list[tuple[Delivery, Subscription]]]:
    """Deliveries to reader after reader, as many at once as a worker claims."""
    numbers = count(1)
    while recipe := next(recipes, None):
        some = [recipe, *islice(recipes, SLICE - 1)]
        yield [
            (presses.delivery(press, issue, made, n), presses.reader(n)) for made, n in zip(some, numbers, strict=False)
        ]


def recipes_of(content: IssueContent) -> Iterator[Recipe]:
    for stations, sections in product(permutations(STATIONS), permutations(make.EDITION.sections)):
        made = audience.recipe(Choices(sections=sections, stations=stations), content, make.EDITION)
        assert made
        yield made


def bare(signer: dkim.Signer, body: bytes) -> bytes:
    """What no signed mail can do without: the hash of its body and one RSA signature."""
    digest = hashlib.sha256(body).digest()
    assert isinstance(signer.key, rsa.RSAPrivateKey)
    return signer.key.sign(digest, PKCS1v15(), hashes.SHA256())


def usual(whole: EmailMessage, html: str, text: str, pem: bytes) -> bytes:
    """The same mail by EmailMessage and dkimpy; what is the reader's own stands in the parts already."""
    mail = EmailMessage(policy=SMTP)
    for name in ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe"):
        mail[name] = str(whole[name])
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    message = mail.as_bytes()
    return bytes(dkimpy.sign(message, b"s2026", b"garam.example", pem, canonicalize=(b"relaxed", b"simple")) + message)


def timed(work: Callable[..., object], slices: Iterator[Sequence[tuple[Any, ...]]]) -> float:
    """Mails per second of this process's own time, after a warm-up.

    Claiming a slice and collecting its garbage is not counted."""
    work(*next(slices)[0])
    spent, mails = 0.0, 0
    while spent < SECONDS:
        some = next(slices)
        gc.collect(0)
        gc.disable()
        start = time.process_time()
        for one in some:
            work(*one)
        spent += time.process_time() - start
        gc.enable()
        mails += len(some)
    return mails / spent


def report(message: bytes, rates: dict[str, float]) -> None:
    _, html, text = mails.parsed(message)
    print(f"a digest of {len(html.encode()):,} bytes of HTML and {len(text.encode()):,} of text,", end=" ")
    print(f"{len(message):,} on the wire, by press.mail")
    print("the reader's own: subject and preheader, tokens to leave, for choices, for the copy in a browser, and VERP")
    for name, rate in rates.items():
        print(f"{name:32}{rate:9,.0f} per second{1e6 / rate:10,.0f} µs")
    bare_rate, ours, alone, other = rates.values()
    print(f"build and sign / bare: {ours / bare_rate:.2f}, {SHARED} Recipes shared  (at least 0.7)")
    print(f"build and sign / bare: {alone / bare_rate:.2f}, each reader with a Recipe of their own  (at least 0.7)")
    print(f"build and sign / EmailMessage + dkimpy: {ours / other:.1f}  (at least 30)")
    print(f"median of {RUNS} alternating runs on one core, by processor time")


if __name__ == "__main__":
    sys.exit(main())
