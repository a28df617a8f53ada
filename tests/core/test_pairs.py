"""Of labelled pairs hardly one that only looks alike is folded, and few that are one story are missed."""

from __future__ import annotations

from collections import Counter

from syndication.core.similar import same_as
from tests.core.pairs import Pair, pairs

FALSE_FOLDS, MISSED_FOLDS = 0.005, 0.05
PAIRS = pairs()


def folded(pair: Pair) -> bool:
    return same_as([pair.one, pair.other])[1] == 0


def wrong(same: bool) -> Counter[str]:
    """By the way in which the pairs were made: how many of them are judged wrongly."""
    return Counter(p.way for p in PAIRS if p.same is same and folded(p) is not same)


def test_there_are_enough_pairs_of_both_labels() -> None:
    labels = Counter(p.same for p in PAIRS)
    assert sum(labels.values()) >= 400
    assert min(labels.values()) >= 190


def test_what_only_looks_alike_is_hardly_ever_folded() -> None:
    found = wrong(same=False)
    assert found.total() < FALSE_FOLDS * sum(not p.same for p in PAIRS), found


def test_one_story_told_twice_is_hardly_ever_missed() -> None:
    found = wrong(same=True)
    assert found.total() < MISSED_FOLDS * sum(p.same for p in PAIRS), found
