"""Pulls proofs of an Issue's mails (the whole digest, the largest, the smallest) and has them judged.

It judges nothing itself (see core.preflight), stores nothing and sends nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

from syndication import assemble
from syndication.core import audience, links, timetable
from syndication.core.model import (
    Cadence,
    Channel,
    Choices,
    Edition,
    Issue,
    IssueState,
    Recipe,
    Subscription,
    SubscriptionState,
)
from syndication.core.preflight import Expected, judge_links_fetched, judge_mail, links_of, told_once
from syndication.core.remarks import Remark, Said, Severity, say
from syndication.core.signers import Transport
from syndication.ports import Fetcher, Permanent, Ports, Setup, Transient
from syndication.press import Press, whole_recipe
from syndication.render.blocks import BUDGET, HARD

MOST_LINKS = 60  # asked of one mail

_SENT = (IssueState.FROZEN, IssueState.CLOSED)
_REWRITTEN = frozenset({"date", "message-id", "feedback-id"})  # by Amazon SES


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proof:
    """An Issue as it stands, or as it would be frozen now, and who builds its mails."""

    issue: Issue
    edition: Edition
    press: Press

    @property
    def label(self) -> str:
        return f"{self.edition.id} {self.issue.on}"


def preflight(
    ports: Ports, setup: Setup, edition: Edition, *, on: date | None = None, fetch: bool = False
) -> list[Remark]:
    """What is to be said of the mails of an Issue: the one of a date, else the one to be sent next.

    With `fetch` its links are asked whether they lead somewhere, at most MOST_LINKS, one after the other."""
    if Channel.EMAIL not in edition.channels:
        return [_skipped(edition.id, say("이 판은 메일로 나가지 않습니다."))]
    try:
        found = _proof(ports, setup, edition, on)
        return [found] if isinstance(found, Remark) else _judged(ports, setup, found, fetch=fetch)
    except (ValueError, LookupError) as error:  # too large, a header or an address that cannot be written
        says = say("메일을 만들 수 없습니다: {why}", why=str(error))
        return [Remark(severity=Severity.WRONG, check="issue-unmade", subject=edition.id, says=says)]


def _judged(ports: Ports, setup: Setup, proof: _Proof, *, fetch: bool) -> list[Remark]:
    remarks, whole = list[Remark](), b""
    for size, recipe, language in _samples(ports, proof):
        message = proof.press.digest(
            proof.issue, recipe, _nobody(setup, proof, language), thing=f"issue:{proof.issue.id}"
        ).message
        whole = whole or message
        remarks += judge_mail(message, _expected(setup, proof, recipe, f"{proof.label} {size}"))
    told = told_once(remarks)
    if fetch:
        told += judge_links_fetched(proof.label, _fetched(ports.fetcher, links_of(whole)[:MOST_LINKS]))
    return [*told, _readers(ports, setup, proof)]


# --- which Issue -----------------------------------------------------------------------------


def _proof(ports: Ports, setup: Setup, edition: Edition, on: date | None) -> _Proof | Remark:
    """The Issue of the date, else of the next one; before there is anything for that, the newest."""
    press = Press(ports=ports, setup=setup)
    slot = timetable.slot(edition, on) if on else timetable.next_slot(edition, ports.clock.now())
    if slot is None:
        return _skipped(edition.id, say("이 판에는 발행일이 없습니다."))
    issue = ports.store.issue_on(edition.id, Cadence.DAILY, slot.on)
    if issue is None or issue.state not in _SENT:
        draft = assemble.compose(ports, setup, edition, slot)
        issue = _unfrozen(draft)
        press.put(issue, draft.blocks)
    if issue.state not in _SENT and on is None:
        issue = next(iter(ports.store.issues(edition.id, 1)), issue)
    if issue.state not in _SENT:
        return _skipped(f"{edition.id} {slot.on}", say("실을 기사가 없어 볼 호가 없습니다."))
    return _Proof(issue=issue, edition=edition, press=press)


def _unfrozen(draft: assemble.Draft) -> Issue:
    return Issue(id=0, revision=1, **{one.name: getattr(draft.frozen, one.name) for one in fields(draft.frozen)})


def _skipped(label: str, says: Said) -> Remark:
    return Remark(severity=Severity.SKIPPED, check="issue-none", subject=label, says=says)


# --- which mails -----------------------------------------------------------------------------


def _samples(ports: Ports, proof: _Proof) -> Iterator[tuple[str, Recipe, str]]:
    """What is looked at: size, Recipe and language of the whole digest, and of the readers' largest and smallest."""
    whole = (whole_recipe(proof.issue, proof.edition), proof.edition.language)
    yield "whole", *whole
    chosen = ports.store.distinct_choices(proof.issue).values()
    made = ((audience.recipe(choices, proof.issue.content, proof.edition), language) for choices, language in chosen)
    measured = sorted(
        {(_bytes(proof, recipe, language), recipe, language) for recipe, language in made if recipe is not None},
        key=lambda one: one[0],
    )
    ends = {"largest": measured[-1:], "smallest": measured[:1]}
    for size, found in ends.items():
        for _, recipe, language in found:
            if (recipe, language) != whole and (size == "largest" or len(measured) > 1):
                yield size, recipe, language


def _bytes(proof: _Proof, recipe: Recipe, language: str) -> int:
    blocks = proof.press.blocks(proof.issue, language, proof.edition)
    return sum(len(blocks[key].html.encode()) for key in recipe.blocks)


def _nobody(setup: Setup, proof: _Proof, language: str) -> Subscription:
    """A reader who is none: the mail is addressed to the outlet itself and its links end nobody's Subscription."""
    return Subscription(
        id=0,
        subscriber_id=0,
        edition_id=proof.edition.id,
        address=setup.outlet.sender_address,
        state=SubscriptionState.PENDING,
        choices=Choices(),
        language=language,
        started_at=proof.issue.frozen_at,
    )


def _expected(setup: Setup, proof: _Proof, recipe: Recipe, label: str) -> Expected:
    outlet = setup.outlet
    sections = {key.partition(":")[2] for key in recipe.blocks if key.startswith(("lead:", "section:"))}
    titles = (item.article.content.title for item in proof.issue.content.items if item.section in sections)
    ses = any(one.transport is Transport.SES for one in setup.signers)
    return Expected(
        label=label,
        author=links.envelope_address(outlet.sender_address).rpartition("@")[2],
        home=outlet.domain,
        publish_at=proof.issue.publish_at,
        budget=BUDGET,
        hard=HARD,
        live=setup.live,
        advertising=proof.edition.advertising,
        signing=bool(setup.signers),
        rewritten=_REWRITTEN if ses else frozenset(),
        titles=tuple(titles),
    )


# --- links and readers -----------------------------------------------------------------------


def _fetched(fetcher: Fetcher, urls: Sequence[str]) -> Mapping[str, str | None]:
    """Why each link does not open, or None for one that does."""
    answers = dict[str, str | None]()
    for url in urls:
        try:
            fetcher.fetch(url)
        except (Transient, Permanent) as error:
            answers[url] = str(error)
        else:
            answers[url] = None
    return answers


def _readers(ports: Ports, setup: Setup, proof: _Proof) -> Remark:
    """What goes out to how many: by the ledger once they are counted, else by the Subscriptions as they are now."""
    issue = proof.issue
    if issue.id and Channel.EMAIL in ports.store.fanned_out(issue.id):
        balance = ports.store.balance(issue.id, Channel.EMAIL)
        says = say(
            "대상 {audience:,}명: 전달됨 {accepted:,}, 대기 {waiting:,}, 제외 {excluded:,}, 발송 금지 {suppressed:,}.",
            audience=balance.audience,
            accepted=balance.accepted,
            waiting=balance.waiting,
            excluded=balance.excluded,
            suppressed=balance.suppressed,
        )
        return Remark(severity=Severity.FINE, check="readers-balance", subject=proof.label, says=says)
    return _expected_readers(ports, setup, proof)


def _expected_readers(ports: Ports, setup: Setup, proof: _Proof) -> Remark:
    counts = Counter[tuple[bool, bool]]()  # whether anything is left for a reader, whether the reader may be written to
    made = set[Recipe]()
    for choices, readers, may in ports.store.readers_by_choices(proof.issue, allowed=setup.allowed):
        recipe = audience.recipe(choices, proof.issue.content, proof.edition)
        made |= {recipe} if recipe is not None else set()
        counts[recipe is not None, True] += may
        counts[recipe is not None, False] += readers - may
    says = say(
        "독자 {readers:,}명에게 {recipes:,}가지 메일. 고른 섹션에 기사가 없어 빠지는 독자 {excluded:,}명.",
        readers=counts[True, True],
        recipes=len(made),
        excluded=counts[False, True],
    )
    held = counts[True, False] + counts[False, False]
    advice = say("리허설이라 허락되지 않은 독자 {held}명에게는 보내지 않습니다.", held=held) if held else None
    return Remark(
        severity=Severity.FINE if counts[True, True] else Severity.WARNING,
        check="readers-expected",
        subject=proof.label,
        says=says,
        advice=advice,
    )
