"""A spliced body says exactly what plain joining says, in either encoding, for any Recipe, on every worker."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syndication.core.audience import recipe
from syndication.core.model import Block, Choices, Recipe
from syndication.render import email, mime, splice
from syndication.render.blocks import BUDGET, HARD, TooLarge
from syndication.render.filling import SLOTS
from syndication.render.splice import Prepared
from tests.render import make
from tests.render.make import slots

ENCODINGS = ("base64", "quoted-printable")
MANY = make.content(62)
BLOCKS = make.blocks(MANY)
PREPARED = splice.prepare(BLOCKS)


def in_encoding(blocks: dict[str, Block], encoding: str) -> Prepared:
    return splice.prepare(blocks, html_encoding=encoding, text_encoding=encoding)


def decoded(part: mime.Part) -> bytes:
    assert max(map(len, part.data.split(b"\r\n"))) <= 76
    assert part.data.isascii()
    assert part.data.count(b"\r") == part.data.count(b"\n") == part.data.count(b"\r\n")
    assert not any(line.startswith(b"From ") for line in part.data.split(b"\r\n"))
    if part.encoding == "base64":
        return base64.b64decode(part.data.replace(b"\r\n", b""), validate=True)
    return quopri.decodestring(part.data)


def assert_says_what_joining_says(
    blocks: dict[str, Block], prepared: Prepared, made: Recipe, own: email.Slots
) -> tuple[mime.Part, mime.Part]:
    html, text = email.join(blocks, made, own)
    parts = splice.personal(prepared, made, own)
    assert [decoded(part) for part in parts] == [mime.canonical(text), mime.canonical(html)]
    return parts


# --- the law ---------------------------------------------------------------------------------

PIECES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["가나다 ", "\n", "\n\n", " ", "\t\n", "=", "From ", "\nFrom ", ".", "\n.\n", "--=_"]),
    st.sampled_from([f"\x02{name}\x03" for name in SLOTS]),
    st.integers(50, 260).map(lambda n: "x" * n),
    st.integers(20, 90).map(lambda n: "가" * n),
)
WORDS = st.lists(PIECES, max_size=12).map(lambda pieces: "".join(pieces).replace("\r", ""))
KEYS = "abcde"
ANY_BLOCKS = st.fixed_dictionaries({key: st.tuples(WORDS, WORDS) for key in KEYS}).map(
    lambda made: {key: Block(key=key, html=html, text=text) for key, (html, text) in made.items()}
)
VALUES = st.builds(lambda subject, preheader: slots(subject=subject, preheader=preheader), st.text(), st.text())


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None, max_examples=150)
@given(ANY_BLOCKS, st.lists(st.sampled_from(KEYS)), VALUES)
def test_any_blocks_in_any_order_say_what_joining_says(
    encoding: str, blocks: dict[str, Block], keys: list[str], own: email.Slots
):
    prepared = in_encoding(blocks, encoding)
    assert_says_what_joining_says(blocks, prepared, Recipe(blocks=tuple(keys)), own)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(list(BLOCKS)), unique=True), VALUES)
@example(list(BLOCKS), slots())
def test_real_blocks_in_any_order_say_what_joining_says(encoding: str, keys: list[str], own: email.Slots):
    assert_says_what_joining_says(BLOCKS, in_encoding(BLOCKS, encoding), Recipe(blocks=tuple(keys)), own)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("size", [*range(8), *range(50, 62), *range(105, 120), *range(165, 178)])
def test_pieces_of_every_length_meet_without_a_seam(encoding: str, size: int):
    words = "".join(chr(33 + n % 90) for n in range(size))
    blocks = {key: Block(key=key, html=f"{key}{words}", text=f"{key}{words}\x02subject\x03\n") for key in "ab"}
    prepared = in_encoding(blocks, encoding)
    for length in range(6):
        made = Recipe(blocks=("a", "b", "a", "b"))
        assert_says_what_joining_says(blocks, prepared, made, slots(subject="s" * length))


def test_line_breaks_of_any_kind_travel_as_crlf():
    blocks = {"a": Block(key="a", html="1\r\n2\r3\n4\r", text="1\r\n2\r3\n4\r")}
    for encoding in ENCODINGS:
        prepared = in_encoding(blocks, encoding)
        parts = splice.personal(prepared, Recipe(blocks=("a",)), slots())
        assert {decoded(part) for part in parts} == {b"1\r\n2\r\n3\r\n4\r\n"}


def test_no_slot_and_no_value_is_ever_filled_again():
    own = slots(subject="{slot:view_url} \x02view_url\x03 <b>")
    made = recipe(Choices(), MANY, make.EDITION)
    assert made
    text, html = assert_says_what_joining_says(BLOCKS, PREPARED, made, own)
    assert b"\x02" not in decoded(text) + decoded(html)
    assert b"<b>" not in decoded(html).partition(b"</title>")[0]


# --- how it travels --------------------------------------------------------------------------


def test_each_part_takes_the_encoding_that_is_shorter_for_the_issue():
    assert (PREPARED.html.encoding, PREPARED.text.encoding) == ("quoted-printable", "base64")
    dense = {"a": Block(key="a", html="<p>" + "가" * 500, text="plain ascii words\n" * 30)}
    assert splice.prepare(dense).html.encoding == "base64"
    assert splice.prepare(dense).text.encoding == "quoted-printable"


def test_splicing_costs_no_more_octets_than_encoding_the_whole():
    made = recipe(Choices(), MANY, make.EDITION)
    assert made
    html, text = email.join(BLOCKS, made, slots())
    for part, whole in zip(splice.personal(PREPARED, made, slots()), (text, html), strict=True):
        assert len(part.data) <= len(mime.encode(whole).data) * 1.01


def test_base64_is_broken_only_where_pieces_meet():
    made = Recipe(blocks=tuple(key for key in BLOCKS if key != "head"))
    lines = splice.personal(in_encoding(BLOCKS, "base64"), made, slots())[1].data.split(b"\r\n")
    pieces = len(BLOCKS) + 2 * sum(b.html.count("\x02") for b in BLOCKS.values())
    assert sum(len(line) < 76 for line in lines) <= 2 * pieces  # where one ends, and what it shares with the next
    assert all(lines)


def test_readers_of_one_issue_share_all_but_their_own_lines():
    made = recipe(Choices(), MANY, make.EDITION)
    assert made
    one, other = (
        set(splice.personal(PREPARED, made, slots(unsubscribe_url=f"https://a.example/u/{n * 40}"))[1].data.split())
        for n in "12"
    )
    assert len(one - other) <= 4


# --- size ------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [8, 25, 40, 66, 120, 200])
def test_no_reader_gets_html_that_mail_programs_cut_off(count: int):
    content = make.content(count)
    prepared = splice.prepare(make.blocks(content))
    made = recipe(Choices(), content, make.EDITION)
    assert made
    own = slots(subject="가" * 150, preheader="각" * 120, unsubscribe_url="https://a.example/" + "u" * 150)
    size = len(decoded(splice.personal(prepared, made, own)[1]))
    assert size <= HARD
    assert size <= BUDGET + 15_000


def test_twenty_five_stories_are_all_there():
    content = make.content(25)
    made = recipe(Choices(), content, make.EDITION)
    assert made
    text, html = splice.personal(splice.prepare(make.blocks(content)), made, slots())
    for item in content.items:
        assert item.link.encode() in decoded(text)
        assert item.link.encode() in decoded(html)


def test_blocks_that_cannot_fit_are_refused_before_anybody_is_written_to():
    with pytest.raises(TooLarge, match="100,000"):
        splice.prepare({"a": Block(key="a", html="x" * (HARD + 1), text="")})


# --- refusals --------------------------------------------------------------------------------


def test_a_recipe_with_a_block_the_issue_lacks_is_refused_by_name():
    with pytest.raises(email.MissingBlock, match="section:없음"):
        splice.personal(PREPARED, Recipe(blocks=("head", "section:없음", "foot")), slots())


def test_a_slot_that_must_be_an_address_takes_nothing_else():
    with pytest.raises(email.BadSlot, match="view_url"):
        splice.personal(PREPARED, Recipe(blocks=("head", "foot")), slots(view_url="javascript:alert(1)"))


def test_a_block_with_a_slot_nobody_fills_is_refused_once_for_all():
    with pytest.raises(email.BadSlot, match="'password'"):
        splice.prepare({"a": Block(key="a", html="\x02password\x03", text="")})


# --- for one and for another ----------------------------------------------------------------


def test_what_is_kept_for_a_recipe_never_reaches_another_issue_or_reader():
    other = make.blocks(make.content(8))
    issues = [(BLOCKS, PREPARED), (other, splice.prepare(other))] * 2
    keys = [key for key in other if not key.startswith("lead:")]
    for blocks, prepared in issues:
        for number in range(3):
            for made in (Recipe(blocks=tuple(keys)), Recipe(blocks=tuple(reversed(keys)))):
                own = slots(unsubscribe_url=f"https://a.example/u/{number}", subject=str(number % 2))
                assert_says_what_joining_says(blocks, prepared, made, own)
