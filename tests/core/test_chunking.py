"""Chunks are slices of the text that lose nothing, cut no word, and fit the embedder."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.chunking import TARGET_TOKENS, cut
from footnote.types import Block, BlockKind, Chunk, Extracted, Page

WORDS = st.text(alphabet="abcdefghij", min_size=1, max_size=9)
SENTENCE = st.lists(WORDS, min_size=1, max_size=14).map(lambda words: " ".join(words).capitalize() + ".")
PROSE = st.lists(SENTENCE, min_size=1, max_size=5).map(" ".join)
BLOCKS = st.one_of(
    st.tuples(st.just("heading"), st.integers(1, 4), st.lists(WORDS, min_size=1, max_size=4).map(" ".join)),
    st.tuples(st.just("paragraph"), st.just(0), st.one_of(PROSE, PROSE.map(lambda text: text[:-1] + ":"))),
    st.tuples(st.just("list_item"), st.integers(0, 2), PROSE.map(lambda text: f"- {text}")),
    st.tuples(st.just("table_header"), st.just(0), st.lists(WORDS, min_size=2, max_size=4).map(" | ".join)),
    st.tuples(st.just("table_row"), st.just(0), st.lists(WORDS, min_size=2, max_size=4).map(" | ".join)),
    st.tuples(st.just("code"), st.just(0), st.lists(WORDS, min_size=1, max_size=9).map(" = ".join)),
    # Words that no parser put into a block.
    st.tuples(st.just("nothing"), st.just(0), PROSE),
)


def count(text: str) -> int:
    """Tokens as a word-piece tokenizer would count them: words and marks."""
    return len(re.findall(r"\w+|[^\w\s]", text))


@st.composite
def documents(draw: st.DrawFn) -> Extracted:
    text = draw(st.sampled_from(["", "\n", "  "]))
    blocks: list[Block] = []
    kind: BlockKind
    for kind, level, words in draw(st.lists(BLOCKS, max_size=12)):
        if str(kind) != "nothing":
            blocks.append(Block(kind=kind, start=len(text), end=len(text) + len(words), level=level))
        text += words + draw(st.sampled_from(["\n\n", "\n \n", "\n\n\n"]))
    return Extracted(text=text, blocks=tuple(blocks))


def built(*parts: tuple[BlockKind, str]) -> Extracted:
    """A document of blocks, one below the other. A heading's level is the number of its # signs."""
    text, blocks = "", []
    for kind, words in parts:
        level = len(words) - len(words.lstrip("#"))
        blocks.append(Block(kind=kind, start=len(text), end=len(text) + len(words), level=level))
        text += words + "\n\n"
    return Extracted(text=text, blocks=tuple(blocks))


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def is_word_border(text: str, position: int) -> bool:
    return not (0 < position < len(text) and text[position - 1].isalnum() and text[position].isalnum())


@given(documents(), st.integers(4, 40))
def test_every_chunk_is_a_slice_of_the_text_and_cuts_no_word(extracted: Extracted, target: int) -> None:
    chunks = cut(extracted, count, target)
    for chunk in chunks:
        assert chunk.text == extracted.text[chunk.start : chunk.end]
        assert chunk.text == chunk.text.strip()
        assert is_word_border(extracted.text, chunk.start)
        assert is_word_border(extracted.text, chunk.end)
    assert all(one.end <= other.start for one, other in pairwise(chunks))


@given(documents(), st.integers(4, 40))
def test_every_word_is_in_a_chunk_or_in_a_heading_path(extracted: Extracted, target: int) -> None:
    chunks = cut(extracted, count, target)
    kept = [False] * len(extracted.text)
    for chunk in chunks:
        kept[chunk.start : chunk.end] = [True] * (chunk.end - chunk.start)
    titles = {word for chunk in chunks for title in chunk.heading for word in words_of(title)}
    lost = [
        found.group()
        for found in re.finditer(r"\w+", extracted.text)
        if not kept[found.start()] and found.group() not in titles
    ]
    assert lost == []


@given(documents(), st.integers(8, 40))
def test_no_chunk_has_more_tokens_than_the_target(extracted: Extracted, target: int) -> None:
    for chunk in cut(extracted, count, target):
        assert count(chunk.text) <= target or len(chunk.text.split()) == 1


@given(documents())
def test_the_same_text_is_always_cut_the_same(extracted: Extracted) -> None:
    assert cut(extracted, count) == cut(extracted, count)


@given(st.text(max_size=400), st.integers(3, 30))
def test_any_text_without_structure_can_be_cut(text: str, target: int) -> None:
    chunks = cut(Extracted(text=text), count, target)
    assert all(chunk.text == text[chunk.start : chunk.end] for chunk in chunks)
    assert [w for chunk in chunks for w in words_of(chunk.text)] == [
        w for w in words_of(text) if any(letter.isalnum() for letter in w)
    ]


def only(extracted: Extracted, target: int = TARGET_TOKENS) -> Chunk:
    [chunk] = cut(extracted, count, target)
    return chunk


def test_a_chunk_knows_the_headings_above_it() -> None:
    chunks = cut(
        built(
            ("heading", "# Handbook"),
            ("paragraph", "Welcome."),
            ("heading", "## Leave"),
            ("heading", "### Sick leave"),
            ("paragraph", "Call us."),
            ("heading", "## Travel"),
            ("paragraph", "By train."),
        ),
        count,
    )
    assert [(chunk.text, chunk.heading) for chunk in chunks] == [
        ("Welcome.", ("Handbook",)),
        ("Call us.", ("Handbook", "Leave", "Sick leave")),
        ("By train.", ("Handbook", "Travel")),
    ]


def test_a_heading_with_nothing_below_it_is_found_by_its_own_words() -> None:
    chunks = cut(built(("heading", "# Opening hours: 9 to 5"), ("heading", "# Other")), count)
    assert [(chunk.text, chunk.heading) for chunk in chunks] == [
        ("# Opening hours: 9 to 5", ()),
        ("# Other", ()),
    ]


def test_a_section_never_shares_a_chunk_with_the_next() -> None:
    chunks = cut(
        built(("heading", "# A"), ("paragraph", "One."), ("heading", "# B"), ("paragraph", "Two.")), count
    )
    assert [chunk.text for chunk in chunks] == ["One.", "Two."]


def test_neighbours_are_put_together_up_to_the_target() -> None:
    paragraphs: list[tuple[BlockKind, str]] = [("paragraph", "One two three four.")] * 5
    extracted = built(*paragraphs)
    assert [count(chunk.text) for chunk in cut(extracted, count, 12)] == [10, 10, 5]


def test_a_row_below_a_cut_remembers_its_header() -> None:
    rows: list[tuple[BlockKind, str]] = [("table_row", f"row{n} | {n}") for n in range(6)]
    chunks = cut(built(("table_header", "Name | Number"), *rows), count, 10)
    assert len(chunks) > 1
    assert chunks[0].lead_in == ""
    assert {chunk.lead_in for chunk in chunks[1:]} == {"Name | Number"}


def test_a_table_without_a_header_does_not_take_that_of_the_table_before_it() -> None:
    extracted = built(
        ("table_header", "Name | Number"),
        ("table_row", "a | 1"),
        ("paragraph", "Something else entirely."),
        ("table_row", "b | 2"),
    )
    assert [chunk.lead_in for chunk in cut(extracted, count, 6)][-1] == ""


def test_an_item_below_a_cut_remembers_the_sentence_that_introduces_its_list() -> None:
    extracted = built(
        ("paragraph", "We ship everywhere. These are free:"),
        ("list_item", "- returns within thirty days"),
        ("list_item", "- repairs within two years"),
    )
    chunks = cut(extracted, count, 15)
    assert [chunk.lead_in for chunk in chunks[1:]] == ["These are free:"] * (len(chunks) - 1)
    assert len(chunks) > 1


def test_what_introduces_a_chunk_leaves_room_for_the_chunk_itself() -> None:
    """All of it is embedded together, and an embedder reads no further than its window."""
    long = " ".join(["word"] * 60)
    items: list[tuple[BlockKind, str]] = [("list_item", f"- item{n} {long[:100]}") for n in range(8)]
    for chunk in cut(built(("paragraph", f"{long} these:"), *items), count, 40):
        assert count(f"{chunk.lead_in} {chunk.text}") <= 40


def test_a_header_and_the_rows_below_it_fit_the_target_together() -> None:
    rows: list[tuple[BlockKind, str]] = [("table_row", f"row{n} | {n} | x") for n in range(20)]
    chunks = cut(built(("table_header", "Name | Number | Mark"), *rows), count, 20)
    assert len(chunks) > 3
    assert all(count(f"{chunk.lead_in} {chunk.text}") <= 20 for chunk in chunks)


def test_a_chunk_knows_the_page_on_which_it_starts() -> None:
    extracted = built(("paragraph", "First page."), ("paragraph", "Second page."))
    border = extracted.text.index("Second")
    pages = (Page(label="i", start=0, end=border), Page(label="7", start=border, end=len(extracted.text)))
    chunks = cut(Extracted(text=extracted.text, blocks=extracted.blocks, pages=pages), count, 3)
    assert [chunk.page for chunk in chunks] == ["i", "7"]


def test_a_very_long_sentence_is_cut_between_words() -> None:
    text = " ".join(f"w{n}" for n in range(200)) + "."
    chunks = cut(Extracted(text=text), count, 20)
    assert all(count(chunk.text) <= 20 for chunk in chunks)
    assert " ".join(chunk.text for chunk in chunks) == text


def test_text_without_spaces_is_cut_all_the_same() -> None:
    chinese = "退货在三十天内免费" * 100
    chunks = cut(Extracted(text=chinese), len, 50)
    assert max(len(chunk.text) for chunk in chunks) <= 50
    assert "".join(chunk.text for chunk in chunks) == chinese


@pytest.mark.parametrize("letter", ["x", "ก", "é"])
def test_a_blob_without_spaces_loses_nothing(letter: str) -> None:
    text = letter * 3000
    assert "".join(chunk.text for chunk in cut(Extracted(text=text), count, 50)) == text


@pytest.mark.parametrize("text", ["", " \n\n ", "---\n***"])
def test_a_text_without_words_has_no_chunks(text: str) -> None:
    assert cut(Extracted(text=text), count) == ()


def test_the_text_of_real_documents_is_cut_without_loss() -> None:
    """Structure comes from the parser; here is only running text with its line breaks."""
    text = (
        "Title\n=====\n\nA first\nparagraph, broken\nover lines.\n\n\tIndented.\n\nLast: 3.5 kg (ca.) of it."
    )
    chunks = cut(Extracted(text=text), count, 8)
    assert "".join(chunk.text for chunk in chunks).split() != []
    assert words_of(" ".join(chunk.text for chunk in chunks)) == words_of(text)


def test_a_row_as_wide_as_a_chunk_is_still_a_single_chunk() -> None:
    chunk = only(built(("table_row", " | ".join("abcdefg"))), 13)
    assert chunk.text == " | ".join("abcdefg")


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("## Prices { #prices }", "Prices"),
        ("# Use `Client` here #", "Use Client here"),
        ("Plans\n=====", "Plans"),
        ("### ``serve`` and **more**", "serve and more"),
        ("# f{x}", "f{x}"),
    ],
)
def test_a_heading_path_has_words_without_marks(heading: str, title: str) -> None:
    text = f"{heading}\n\nWhat stands below."
    blocks = (
        Block(kind="heading", start=0, end=len(heading), level=1),
        Block(kind="paragraph", start=len(heading) + 2, end=len(text)),
    )
    [chunk] = cut(Extracted(text=text, blocks=blocks), count_tokens=lambda words: len(words.split()))
    assert chunk.heading == (title,)


@pytest.mark.parametrize("line", ["a" + " " * 200_000 + "b", "**a " * 50_000], ids=["blanks", "stars"])
def test_a_hostile_heading_is_left_as_it_is(line: str) -> None:
    """Taking its marks off would take hours."""
    text = f"{line}\n\nBelow it."
    blocks = (
        Block(kind="heading", start=0, end=len(line), level=1),
        Block(kind="paragraph", start=len(line) + 2, end=len(text)),
    )
    [chunk] = cut(Extracted(text=text, blocks=blocks), count)
    assert chunk.heading == (line.strip(),)
