"""Commands for what waits for an editor: proposals (what Sources took back or wrote anew).

It decides nothing: the store carries out what was decided.
"""

from __future__ import annotations

import click

from syndication import publish
from syndication.bootstrap import House
from syndication.cli.house import Context, json_option, out, print_json, table
from syndication.core.model import Proposal, ProposalKind, ProposalState

_SHOWN = 100
_KINDS = {ProposalKind.RETRACT: "take back", ProposalKind.REWRITE: "another text"}


@click.command()
@click.option(
    "--accept", type=int, multiple=True, metavar="ID", help="Carry it out: take the story back, take the new text."
)
@click.option(
    "--dismiss", type=int, multiple=True, metavar="ID", help="Leave the story as it is, and do not ask again."
)
@click.option("--because", default="the operator's word", show_default=True, help="What the decision rests on.")
@click.option("--all", "decided", is_flag=True, help="Also what was decided, and what fell away by itself.")
@json_option
@click.pass_obj
def proposals(
    context: Context, accept: tuple[int, ...], dismiss: tuple[int, ...], because: str, decided: bool, as_json: bool
) -> None:
    """List stories that their Source took back or replaced by another text, and decide on them.

    Nothing of it goes out before you decide. A story that was taken back is in no further digest, and its feeds say so.

    \b
    Example: syndication proposals
             syndication proposals --accept 12 --because "the source withdrew it, call with the desk"
    """
    with context.house() as house:
        _decide(house, {**dict.fromkeys(accept, True), **dict.fromkeys(dismiss, False)}, because)
        found = house.store.proposals(decided=decided)
        if accept:
            publish.refresh(house.ports, house.setup)
    if as_json:
        print_json([_told(proposal) for proposal in found])
        return
    for number in accept:
        out.print(f"{number}: carried out")
    for number in dismiss:
        out.print(f"{number}: dismissed")
    if not found:
        out.print("Nothing waits for a decision.")
        return
    rows = [
        (p.id, _KINDS[p.kind], p.title, p.source_id, f"{p.proposed_at:%Y-%m-%d %H:%M}", _why(p)) for p in found[:_SHOWN]
    ]
    out.print(table(None, ("id", "what", "story", "Source", "since (UTC)", "why"), rows))
    for proposal in (p for p in found[:_SHOWN] if p.content is not None and p.state is ProposalState.OPEN):
        first = proposal.content.paragraphs[0] if proposal.content and proposal.content.paragraphs else ""
        out.print(
            f"  {proposal.id}, new text: {proposal.content.title if proposal.content else ''} / {first[:120]}",
            markup=False,
        )


def _decide(house: House, decisions: dict[int, bool], because: str) -> None:
    for number, accept in decisions.items():
        if house.store.decide(number, accept, house.ports.clock.now(), because) is None:
            raise click.ClickException(f"proposal {number} does not wait for a decision")


def _why(proposal: Proposal) -> str:
    if proposal.state is ProposalState.OPEN:
        return proposal.reason
    return f"{proposal.reason}; {proposal.state.value}: {proposal.because}"


def _told(proposal: Proposal) -> dict[str, object]:
    return {
        "id": proposal.id,
        "kind": proposal.kind.value,
        "article": proposal.article_id,
        "identity": proposal.identity,
        "title": proposal.title,
        "source": proposal.source_id,
        "reason": proposal.reason,
        "since": proposal.proposed_at.isoformat(timespec="seconds"),
        "state": proposal.state.value,
        "because": proposal.because,
        "text": list(proposal.content.paragraphs) if proposal.content else None,
    }


COMMANDS = (proposals,)
