"""Laws of finding lines: every key that tomllib reads is found on the line where it was written."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from syndication.settings.places import Path, find_places


def paths(value: Any, path: Path = ()) -> set[Path]:
    """Every path of a parsed TOML value."""
    found = {path} if path else set()
    if isinstance(value, dict):
        return found.union(*(paths(inner, (*path, key)) for key, inner in value.items()))
    if isinstance(value, list):
        return found.union(*(paths(inner, (*path, n)) for n, inner in enumerate(value)))
    return found


def test_each_key_and_table_stands_on_the_line_where_it_was_written() -> None:
    text = """\
# a comment = no key
top = 1
[outlet]
name = "가람 # 일보"   # comment
"quoted key" = 'x = "y"'
sender.name = "a"
sender.address = "b"

[[edition]]
sections = [
  "사회",   # [not a table]
  "경제", ["생활",
  "문화"],
]
text = \"\"\"
hour = "no key"
[[edition]]
\"\"\"\"\"
[edition.rule]
deep = { a = 1, "b c" = { d = 2 } }
[[edition]]
hour = 06:30:00
literal = '''
[outlet]
'''
[a.b.c]
x = 1
[a]
y = 2
"""
    lines = find_places(text).lines
    assert lines == {
        ("top",): 2,
        ("outlet",): 3,
        ("outlet", "name"): 4,
        ("outlet", "quoted key"): 5,
        ("outlet", "sender"): 6,
        ("outlet", "sender", "name"): 6,
        ("outlet", "sender", "address"): 7,
        ("edition",): 9,
        ("edition", 0): 9,
        ("edition", 0, "sections"): 10,
        ("edition", 0, "sections", 0): 11,
        ("edition", 0, "sections", 1): 12,
        ("edition", 0, "sections", 2): 12,
        ("edition", 0, "sections", 2, 0): 12,
        ("edition", 0, "sections", 2, 1): 13,
        ("edition", 0, "text"): 15,
        ("edition", 0, "rule"): 19,
        ("edition", 0, "rule", "deep"): 20,
        ("edition", 0, "rule", "deep", "a"): 20,
        ("edition", 0, "rule", "deep", "b c"): 20,
        ("edition", 0, "rule", "deep", "b c", "d"): 20,
        ("edition", 1): 21,
        ("edition", 1, "hour"): 22,
        ("edition", 1, "literal"): 23,
        ("a",): 28,
        ("a", "b"): 26,
        ("a", "b", "c"): 26,
        ("a", "b", "c", "x"): 27,
        ("a", "y"): 29,
    }
    assert paths(tomllib.loads(text)) == set(lines)


def test_a_path_that_was_not_written_stands_where_its_nearest_table_stands() -> None:
    places = find_places("a = 1\n[mail]\nport = 25\n")
    assert places.line(("mail", "host")) == 2
    assert places.line(("web", "port")) == 1


def test_what_stands_before_a_breach_is_still_found() -> None:
    assert find_places('a = 1\nb = "open\nc = 3\n').lines[("a",)] == 1


# --- laws over made-up documents --------------------------------------------------------------

BARE = st.text("abcxyz019_-", min_size=1, max_size=5)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)


def basic(words: str) -> str:
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'


def multi_line(words: str) -> str:
    return '"""\n[table]\nkey = 1 # ' + words.replace("\\", "\\\\").replace('"', '\\"') + '\n"""'


KEY = st.one_of(BARE, WORDS.map(basic), WORDS.filter(lambda w: "'" not in w).map(lambda w: f"'{w}'"))
SCALAR = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(
        ["true", "06:30:00", "2026-01-20T06:00:00+09:00", "2026-01-20 06:00:00", "1.5", "'''\n[x]\ny=1'''"]
    ),
    WORDS.map(basic),
    WORDS.map(multi_line),
)
GAP = st.sampled_from(["", " ", "\n", " # [x] = '\n", "\n\n  "])


def array(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    elements = st.lists(st.tuples(GAP, inner, GAP), max_size=3)
    return elements.map(lambda all_: "[" + ",".join(a + v + b for a, v, b in all_) + "]")


def inline(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(KEY, inner), max_size=3)
    return pairs.map(lambda all_: "{ " + ", ".join(f"{k} = {v}" for k, v in all_) + " }")


VALUE = st.recursive(SCALAR, lambda inner: st.one_of(array(inner), inline(inner)), max_leaves=6)
DOTTED = st.lists(KEY, min_size=1, max_size=3).map(" . ".join)
PAIR = st.tuples(DOTTED, VALUE).map(lambda kv: f"{kv[0]} = {kv[1]}")
HEADER = st.one_of(DOTTED.map(lambda k: f"[{k}]"), DOTTED.map(lambda k: f"[[{k}]]"))
COMMENT = st.sampled_from(["", "# [[edition]]", "  # x = 'y"])
DOCUMENT = st.lists(st.one_of(PAIR, HEADER, COMMENT), max_size=12)


def parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


@given(DOCUMENT)
def test_the_scanner_finds_exactly_the_paths_that_tomllib_reads(statements: list[str]) -> None:
    kept: list[str] = []
    for statement in statements:  # keep what goes together: most random documents define a key twice
        if parsed("\n".join([*kept, statement])) is not None:
            kept.append(statement)
    text = "\n".join(kept)
    assert set(find_places(text).lines) == paths(tomllib.loads(text))


@given(st.lists(st.tuples(BARE, VALUE), max_size=8, unique_by=lambda pair: pair[0]))
def test_each_key_is_found_where_its_statement_begins(pairs: list[tuple[str, str]]) -> None:
    text, expected = "", {}
    for key, value in pairs:
        expected[(key,)] = text.count("\n") + 1
        text += f"{key} = {value}\n"
    lines = find_places(text).lines
    assert {path: line for path, line in lines.items() if len(path) == 1} == expected


@given(st.text(max_size=60))
def test_any_text_at_all_is_scanned_without_an_error(text: str) -> None:
    find_places(text)
