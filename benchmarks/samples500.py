"""Tries 500 sample mails on dkimpy, OpenDKIM, a parser and the laws of the header, and says how many each accepts.

Run it as `.venv/bin/python benchmarks/samples500.py [count]`; without opendkim it says so and counts the others.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from syndication.core.links import envelope_address  # noqa: E402 - the checkout must be on the path first
from syndication.render import email  # noqa: E402
from tests.render import mails  # noqa: E402
from tests.render.mails import DOMAINS, Sample  # noqa: E402

LEAST = 50  # mails that OpenDKIM reads at once


def main(count: int = 500) -> int:
    samples = [mails.sample(n) for n in range(count)]
    messages = [one.built(mails.signer_of(one)) for one in samples]
    tally = Counter[str]()
    for one, message in zip(samples, messages, strict=True):
        tally["dkimpy accepts"] += mails.dkimpy_accepts(message, mails.signer_of(one))
        tally["dkimpy refuses it tampered with"] += not mails.dkimpy_accepts(tampered(message), mails.signer_of(one))
        tally["parses to what was put in"] += says_what_was_put_in(one, message)
        tally["keeps the laws of the header"] += keeps_laws(message)
    if shutil.which("opendkim") or shutil.which("opendkim", path="/usr/sbin"):
        tally["OpenDKIM accepts"] = opendkim(messages)
    else:
        print("OpenDKIM: not tried, the program is not here (Debian: apt-get install opendkim)")
    recipes = len({one.recipe for one in samples})
    print(f"{count} mails, {len(set(messages))} of them different, {recipes} Recipes, {len(DOMAINS)} domains")
    for name, number in tally.items():
        print(f"{number:5} of {count}  {name}")
    return 0 if all(number == count for number in tally.values()) else 1


def tampered(message: bytes) -> bytes:
    """One letter of the one-click field changed."""
    return message.replace(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=One-Clock")


def says_what_was_put_in(one: Sample, message: bytes) -> bool:
    whole, html, text = mails.parsed(message)
    wanted_html, wanted_text = email.join(one.morning.blocks, one.recipe, one.slots)
    right = (
        html.replace("\r\n", "\n") == wanted_html,
        text.replace("\r\n", "\n") == wanted_text,
        " ".join(str(whole["Subject"]).split()) == " ".join(one.letter.subject.split()),
        whole["To"].addresses[0].addr_spec == envelope_address(one.letter.recipient),
        len(html.encode()) <= email.HARD,
    )
    return all(right)


def keeps_laws(message: bytes) -> bool:
    try:
        mails.assert_keeps_the_header_laws(message)
    except AssertionError:
        return False
    return True


def opendkim(messages: list[bytes]) -> int:
    accepted = 0
    for start in range(0, len(messages), LEAST):
        with tempfile.TemporaryDirectory() as folder:
            signers = [mails.signer(domain) for domain in DOMAINS]
            accepted += sum(mails.opendkim_accepts(messages[start : start + LEAST], Path(folder), *signers))
    return accepted


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
