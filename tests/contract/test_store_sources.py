"""Laws of Sources, their links and their proposals that hold for every kind of Store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from syndication.core.model import (
    ArticleStatus,
    Cadence,
    Found,
    ProposalKind,
    ProposalState,
    Source,
    SourceKind,
    SourceLink,
)
from syndication.ports import Store, Stored
from tests.factories import EDITION, MORNING, SOURCE, content

EARLIER = MORNING - timedelta(hours=3)
LATER = MORNING + timedelta(hours=1)
FEED = SOURCE
LIST = replace(SOURCE, id="garam-list", location="https://garam.example/list")
LONG = (
    "가람시는 올해 봄부터 강변 산책로 열두 구간을 고치고 쉼터와 가로등을 더 놓는다고 밝혔다. "
    "공사는 삼월에 시작해 구월에 끝나며 그동안 자전거는 둑 위 임시 도로로 돌아가야 한다. "
    "시는 주민 설명회를 세 차례 열어 나무를 베지 말아 달라는 의견을 받아들였다고 덧붙였다. "
)
OTHER = (
    "나루군 농민회가 지난 주말 마을회관에 모여 딸기 값과 품삯을 놓고 늦은 밤까지 이야기를 나누었다. "
    "젊은 농가는 공판장 수수료가 해마다 오른다며 직접 팔 길을 찾자고 했고 어른들은 서두르지 말자고 했다. "
    "모임은 다음 달 보름에 한 번 더 열리며 군의회 의원 두 사람도 자리하기로 약속했다. "
)


def found(text: str = LONG, *, title: str = "산책로 고친다", identity: str = "garam:no:1") -> Found:
    return Found(identity=identity, content=content(1, title=title, paragraphs=(text,)))


def bring(store: Store, source: Source, *brought: Found, at: object = EARLIER) -> Stored:
    return store.store_articles(source, brought, at, domain="garam.example", baseline=False)  # type: ignore[arg-type]


def now_stands(store: Store) -> tuple[str, int]:
    (article,) = store.eligible(EDITION, Cadence.DAILY, cut_off_at=LATER, since=EARLIER)
    return article.content.paragraphs[0], article.revision


# --- whose word counts -----------------------------------------------------------------------


def test_two_sources_that_print_one_article_differently_make_no_revision_with_each_look(store: Store) -> None:
    store.register_sources([FEED, LIST], EARLIER)
    bring(store, FEED, found())
    for _ in range(3):
        assert bring(store, LIST, found(LONG + "목록의 말.")) == Stored(new=0, revised=0, known=1)
        assert bring(store, FEED, found()) == Stored(new=0, revised=0, known=1)
    assert now_stands(store) == (LONG, 1)
    assert bring(store, FEED, found(LONG + "고친 말.")).revised == 1


def test_the_source_that_stands_first_in_the_settings_takes_an_article_over_for_good(store: Store) -> None:
    store.register_sources([LIST, FEED], EARLIER)
    bring(store, FEED, found())
    assert bring(store, LIST, found(LONG + "목록의 말.")).revised == 1
    assert bring(store, FEED, found()).revised == 0
    assert now_stands(store) == (LONG + "목록의 말.", 2)
    assert store.articles_by_source() == {"garam-list": 1}


@pytest.mark.parametrize("how", ["out of the settings", "ended"])
def test_an_article_whose_source_is_gone_belongs_to_the_next_that_brings_it(store: Store, how: str) -> None:
    store.register_sources([FEED, LIST], EARLIER)
    bring(store, FEED, found())
    if how == "ended":
        state = store.take_source(FEED.id, EARLIER, LATER)
        assert state is not None
        store.settle_source(replace(state, ended=True))
    else:
        store.register_sources([LIST], EARLIER)
    assert bring(store, LIST, found(LONG + "목록의 말.")).revised == 1


def test_a_source_at_a_new_address_begins_anew_even_if_it_had_ended(store: Store) -> None:
    store.register_sources([FEED], EARLIER)
    state = store.take_source(FEED.id, EARLIER, LATER)
    assert state is not None
    learnt = replace(state, ended=True, etag='"1"', cursor="2026", first_polled_at=EARLIER, next_check_at=LATER)
    store.settle_source(replace(learnt, last_new_at=EARLIER, failures=3))
    store.register_sources([FEED], MORNING)
    assert store.source_states()[0].ended, "the same address changes nothing"
    store.register_sources([replace(FEED, location="https://www.garam.example/new.xml")], MORNING)
    (anew,) = store.source_states()
    assert (anew.ended, anew.etag, anew.cursor, anew.failures) == (False, None, None, 0)
    assert (anew.next_check_at, anew.last_new_at) == (MORNING, EARLIER)
    assert anew.first_polled_at == EARLIER, "its site is the same: what is new there is new"
    store.register_sources([replace(FEED, location="https://naru.example/new.xml")], MORNING)
    assert store.source_states()[0].first_polled_at is None, "another site's stories were there before"


def test_a_drop_folder_that_moves_with_its_installation_learns_nothing_anew(store: Store) -> None:
    folder = replace(FEED, kind=SourceKind.FOLDER, location="/srv/one/drop")
    store.register_sources([folder], EARLIER)
    (state,) = store.source_states()
    store.settle_source(replace(state, first_polled_at=EARLIER, next_check_at=LATER))
    store.register_sources([replace(folder, location="/srv/two/drop")], MORNING)
    (after,) = store.source_states()
    assert (after.first_polled_at, after.next_check_at) == (EARLIER, LATER)


def test_an_apis_place_is_remembered(store: Store) -> None:
    store.register_sources([FEED], EARLIER)
    (state,) = store.source_states()
    store.settle_source(replace(state, cursor="2026-01-20T00:00:00Z"))
    assert store.source_states()[0].cursor == "2026-01-20T00:00:00Z"


# --- rewrites --------------------------------------------------------------------------------


def test_another_story_in_the_place_of_one_is_held_for_the_editor(store: Store) -> None:
    bring(store, FEED, found())
    for _ in range(2):
        assert bring(store, FEED, found(OTHER), at=MORNING) == Stored(new=0, revised=0, known=0, held=1)
    assert now_stands(store) == (LONG, 1)
    (proposal,) = store.proposals()
    assert (proposal.kind, proposal.title, proposal.identity) == (ProposalKind.REWRITE, "산책로 고친다", "garam:no:1")
    assert (proposal.proposed_at, proposal.source_id) == (MORNING, "garam")
    assert proposal.content is not None
    assert proposal.content.paragraphs == (OTHER,)


def test_an_accepted_rewrite_is_a_revision_and_a_dismissed_one_is_not_asked_again(store: Store) -> None:
    bring(store, FEED, found())
    bring(store, FEED, found(OTHER))
    (proposal,) = store.proposals()
    assert store.decide(proposal.id, True, MORNING, "the desk looked") is not None
    assert store.decide(proposal.id, False, MORNING, "again") is None
    assert now_stands(store) == (OTHER, 2)
    assert bring(store, FEED, found(OTHER)).known == 1
    bring(store, FEED, found(LONG))
    (back,) = store.proposals()
    decided = store.decide(back.id, False, MORNING, "no")
    assert decided is not None
    assert decided.state is ProposalState.DISMISSED
    assert bring(store, FEED, found(LONG)) == Stored(new=0, revised=0, known=1)
    assert store.proposals() == []
    assert [p.because for p in store.proposals(decided=True)] == ["the desk looked", "no"]
    assert now_stands(store) == (OTHER, 2)


def test_a_rewrite_that_is_gone_again_is_no_more_proposed(store: Store) -> None:
    bring(store, FEED, found())
    bring(store, FEED, found(OTHER))
    bring(store, FEED, found(OTHER + "한 줄 더."))
    (newest,) = store.proposals()
    assert newest.content is not None
    assert newest.content.paragraphs == (OTHER + "한 줄 더.",)
    bring(store, FEED, found())
    assert store.proposals() == []
    bring(store, FEED, found(OTHER))
    assert len(store.proposals()) == 1, "what fell away may come again"


def test_a_first_line_that_is_filled_in_and_a_text_that_grows_are_revisions(store: Store) -> None:
    bring(store, FEED, found("[속보] 가람시 산책로 고친다"))
    assert bring(store, FEED, found(OTHER)).revised == 1
    assert bring(store, FEED, found(OTHER + LONG)).revised == 1
    assert bring(store, FEED, found(OTHER)).revised == 1
    assert store.proposals() == []


# --- retractions -----------------------------------------------------------------------------


def test_a_retraction_is_proposed_once_and_carried_out_by_the_editor_alone(store: Store) -> None:
    bring(store, FEED, found())
    assert store.propose_retraction("garam:no:1", "garam", "HTTP 404", MORNING)
    assert store.propose_retraction("garam:no:1", "garam", "HTTP 404", LATER)
    assert not store.propose_retraction("garam:no:2", "garam", "HTTP 404", MORNING)
    (proposal,) = store.proposals()
    assert (proposal.kind, proposal.reason, proposal.proposed_at) == (ProposalKind.RETRACT, "HTTP 404", MORNING)
    assert now_stands(store) == (LONG, 1)
    assert store.decide(proposal.id, True, LATER, "the mayor called") is not None
    assert list(store.eligible(EDITION, Cadence.DAILY, cut_off_at=LATER, since=EARLIER)) == []
    article = store.article_at(proposal.article_id)
    assert article is not None
    assert (article.status, article.revision, article.revised_at) == (ArticleStatus.CANCELED, 2, LATER)
    assert article.content.paragraphs == (LONG,)


def test_what_was_taken_back_is_not_brought_back_by_its_source(store: Store) -> None:
    bring(store, FEED, found())
    store.propose_retraction("garam:no:1", "garam", "HTTP 404", MORNING)
    store.decide(store.proposals()[0].id, True, MORNING, "yes")
    assert bring(store, FEED, found(LONG + "고친 말."), at=LATER) == Stored(new=0, revised=0, known=1)
    assert not store.propose_retraction("garam:no:1", "garam", "HTTP 404", LATER)
    assert list(store.eligible(EDITION, Cadence.DAILY, cut_off_at=LATER, since=EARLIER)) == []


def test_a_page_that_is_there_again_lets_its_retraction_fall_away(store: Store) -> None:
    bring(store, FEED, found())
    store.propose_retraction("garam:no:1", "garam", "HTTP 404", MORNING)
    assert store.withdraw_retraction("garam:no:1", LATER, "it is there again")
    assert not store.withdraw_retraction("garam:no:1", LATER, "it is there again")
    assert store.proposals() == []
    assert store.propose_retraction("garam:no:1", "garam", "HTTP 410", LATER)
    store.decide(store.proposals()[0].id, False, LATER, "moved to another address")
    assert not store.propose_retraction("garam:no:1", "garam", "HTTP 404", LATER)


def test_only_the_owner_may_propose_a_retraction(store: Store) -> None:
    bring(store, FEED, found())
    assert not store.propose_retraction("garam:no:1", "garam-list", "HTTP 404", MORNING)


def test_two_deciding_at_once_decide_once(store: Store) -> None:
    bring(store, FEED, found())
    store.propose_retraction("garam:no:1", "garam", "HTTP 404", MORNING)
    number = store.proposals()[0].id
    with ThreadPoolExecutor(4) as desk:
        answers = list(desk.map(lambda n: store.decide(number, n % 2 == 0, MORNING, f"{n}"), range(8)))
    assert sum(answer is not None for answer in answers) == 1
    assert len(store.proposals(decided=True)) == 1


# --- links -----------------------------------------------------------------------------------

PAGES = [(f"k{n}", f"https://garam.example/news/{n}", None) for n in range(4)]


def test_links_are_remembered_once_and_come_in_the_order_of_the_list(store: Store) -> None:
    store.register_sources([LIST], EARLIER)
    assert store.note_links(LIST.id, PAGES[1:], EARLIER, due=True) == 3
    assert store.note_links(LIST.id, PAGES, EARLIER, due=True) == 1
    assert store.note_links(LIST.id, [], EARLIER, due=True) == 0
    due = store.links_due(LIST.id, EARLIER, 3)
    assert len(due) == 3
    assert due[0] == SourceLink(
        source_id=LIST.id, key=due[0].key, url=due[0].url, first_seen_at=EARLIER, next_check_at=EARLIER
    )
    assert store.links_due("another", EARLIER, 3) == []
    assert store.links_due(LIST.id, EARLIER - timedelta(minutes=1), 3) == []


def test_what_stood_there_before_is_never_looked_at(store: Store) -> None:
    store.register_sources([LIST], EARLIER)
    store.note_links(LIST.id, PAGES, EARLIER, due=False)
    store.note_links(LIST.id, PAGES, MORNING, due=True)
    assert store.links_due(LIST.id, LATER, 10) == []


def test_what_was_never_looked_at_goes_before_what_is_looked_at_again(store: Store) -> None:
    store.register_sources([LIST], EARLIER)
    store.note_links(LIST.id, PAGES[:2], EARLIER, due=True)
    first, second = store.links_due(LIST.id, EARLIER, 10)
    seen = replace(first, identity="garam:no:1", etag='"1"', last_modified="x", next_check_at=EARLIER, missing=1)
    store.settle_link(seen)
    store.settle_link(replace(second, failures=2, last_error="HTTP 500", next_check_at=None))
    store.note_links(LIST.id, PAGES[2:3], MORNING, due=True)
    fresh, again = store.links_due(LIST.id, MORNING, 10)
    assert (fresh.key, again) == ("k2", seen)


def test_arrivals_are_told_by_source_without_what_stood_there_before(store: Store) -> None:
    bring(store, FEED, found(identity="a"), found(identity="b"), at=EARLIER)
    bring(store, FEED, found(identity="c"), at=MORNING)
    bring(store, LIST, found(identity="d"), at=MORNING)
    store.store_articles(LIST, [found(identity="e")], LATER, domain="garam.example", baseline=True)
    told = store.arrivals(EARLIER)
    assert {name: list(times) for name, times in told.items()} == {"garam": [EARLIER, MORNING], "garam-list": [MORNING]}
    assert "garam" not in store.arrivals(LATER)
