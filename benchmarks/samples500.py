"""Tries 500 sample mails on dkimpy, OpenDKIM, SpamAssassin, a parser and the laws of the header; says how many pass.

Run it as `.venv/bin/python benchmarks/samples500.py [count]`; what is not installed is named and left out. SpamAssassin
takes some minutes for all.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from syndication.render.dkim import Transport  # noqa: E402 - the checkout must be on the path first
from tests.render import mails  # noqa: E402
from tests.render.mails import DOMAINS  # noqa: E402

AT_ONCE = 50  # mails that one run of a checker reads
MOST_POINTS = 2.0  # of SpamAssassin


def main(count: int = 500) -> int:
    samples = [mails.sample(n) for n in range(count)]
    messages = [one.built(mails.signer_of(one)) for one in samples]
    ses = [one.built(mails.signer_of(one, Transport.SES)) for one in samples]
    tally = Counter[str]()
    for one, message, other in zip(samples, messages, ses, strict=True):
        key = mails.signer_of(one)
        tally["dkimpy accepts"] += mails.dkimpy_accepts(message, key)
        tally["dkimpy refuses it tampered with"] += not mails.dkimpy_accepts(tampered(message), key)
        tally["dkimpy accepts it by way of SES"] += mails.dkimpy_accepts(mails.rewritten_by_ses(other), key)
        tally["parses to what was put in"] += mails.says_what_was_put_in(one, message)
        tally["keeps the laws of the header"] += keeps_laws(message) and keeps_laws(other)
    if found("opendkim"):
        tally["OpenDKIM accepts"] = opendkim(messages)
    if found("spamassassin"):
        tally[f"SpamAssassin gives less than {MOST_POINTS:g} points"] = not_spam(messages)
    recipes = len({one.recipe for one in samples})
    print(f"{count} mails, {len(set(messages))} of them different, {recipes} Recipes, {len(DOMAINS)} domains")
    for name, number in tally.items():
        print(f"{number:5} of {count}  {name}")
    return 0 if all(number == count for number in tally.values()) else 1


def found(program: str) -> bool:
    there = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if not there:
        print(f"{program}: not tried, the program is not here (Debian: apt-get install {program})")
    return bool(there)


def tampered(message: bytes) -> bytes:
    """One letter of the one-click field changed."""
    return message.replace(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=One-Clock")


def keeps_laws(message: bytes) -> bool:
    try:
        mails.assert_keeps_the_header_laws(message)
    except AssertionError:
        return False
    return True


def opendkim(messages: list[bytes]) -> int:
    accepted = 0
    for some in pieces(messages):
        with tempfile.TemporaryDirectory() as folder:
            signers = [mails.signer(domain) for domain in DOMAINS]
            accepted += sum(mails.opendkim_accepts(some, Path(folder), *signers))
    return accepted


def not_spam(messages: list[bytes]) -> int:
    with ThreadPoolExecutor(2) as pool:
        scores = [score for some in pool.map(mails.spam_scores, pieces(messages)) for score in some]
    print(f"SpamAssassin: {min(scores):g} to {max(scores):g} points")
    return sum(score < MOST_POINTS for score in scores)


def pieces(messages: list[bytes]) -> list[list[bytes]]:
    return [messages[start : start + AT_ONCE] for start in range(0, len(messages), AT_ONCE)]


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
