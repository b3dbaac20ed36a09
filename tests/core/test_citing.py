"""A footnote is verified only when the source says it, and its quote is a slice of the source."""

import random
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from footnote.citing import Checked, check
from footnote.language.sentences import sentences
from footnote.testing.fakes import whole_passage
from footnote.types import Chunk, DocumentId, Passage

SOURCE = (
    "The warranty of the Perch camera lasts 24 months. Returns are free within 30 days of delivery. "
    "Batteries are not covered by the warranty. The premium plan costs $20 a month and includes 5 desks. "
    "At night the cellar cools down to -5 degrees. Revenue rose by 4.2 million in 2023."
)
PASSAGE = whole_passage("policy.txt", SOURCE)
SENTENCES = [SOURCE[start:end] for start, end in sentences(SOURCE)]


def verdict(answer: str, *passages: Passage) -> str:
    """The verdict of the only footnote of an answer."""
    [citation] = check(answer, passages or (PASSAGE,)).citations
    return citation.verdict


def quotes(answer: str, *passages: Passage) -> list[str]:
    return [citation.quote for citation in check(answer, passages or (PASSAGE,)).citations]


# --- what is true is verified ------------------------------------------------------------------


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize(
    "form", ["{} [1]", "{}[1]", "[1] {}", "- {} [1]", "* {} [1]", "3. {} [1]", "**{}** [1]"]
)
def test_a_true_quote_is_verified_however_the_answer_is_laid_out(sentence: str, form: str) -> None:
    assert verdict(form.format(sentence)) == "verified"


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_marker_before_the_full_stop_counts_for_its_sentence(sentence: str) -> None:
    assert verdict(f"{sentence[:-1]} [1].") == "verified"


def test_case_spaces_and_typographic_marks_do_not_matter() -> None:
    passage = whole_passage("a.txt", "It doesn’t cost “more” than 10–20 euros.")
    assert verdict('it doesn\'t  cost "more"\nthan 10-20 EUROS. [1]', passage) == "verified"


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4))
def test_every_sentence_of_a_quoting_answer_has_its_own_quote(chosen: list[str]) -> None:
    answer = " ".join(f"{sentence} [1]" for sentence in chosen)
    checked = check(answer, [PASSAGE])
    assert [citation.verdict for citation in checked.citations] == ["verified"] * len(chosen)
    assert [citation.quote for citation in checked.citations] == chosen
    assert checked.uncited_sentences == 0
    assert checked.text == answer


def test_two_markers_after_one_sentence_are_both_checked() -> None:
    other = whole_passage("other.txt", "Nothing of the kind.")
    checked = check("Returns are free within 30 days of delivery [1][2].", [PASSAGE, other])
    assert [(c.marker, c.verdict) for c in checked.citations] == [(1, "verified"), (2, "unsupported")]


def test_a_marker_within_a_sentence_ends_the_claim_it_stands_for() -> None:
    answer = (
        "Returns are free within 30 days of delivery [1] and batteries are not covered by the warranty [2]."
    )
    checked = check(answer, [PASSAGE, PASSAGE])
    assert checked.citations[0].verdict == "verified"
    assert checked.citations[1].quote == "Batteries are not covered by the warranty."


def test_what_follows_the_last_marker_of_a_sentence_belongs_to_its_claim() -> None:
    checked = check("According to [1], returns are free within 30 days of delivery.", [PASSAGE])
    [citation] = checked.citations
    assert citation.claim == "According to, returns are free within 30 days of delivery."
    assert citation.verdict == "partial"
    assert verdict("Returns are free within 30 days of delivery [1] and also after that.") != "verified"


def test_a_row_is_verified_with_the_names_of_its_header() -> None:
    text = "| Pro | 20 | 200 |"
    row = whole_passage("prices.md", text, lead_in="| Plan | Monthly | Yearly |")
    assert verdict("Plan: Pro; Monthly: 20; Yearly: 200 [1]", row) == "verified"
    assert verdict("Plan: Pro; Monthly: 200; Yearly: 20 [1]", row) != "verified"


def test_an_item_is_verified_with_the_words_that_introduce_its_list() -> None:
    item = whole_passage("a.md", "- returns\n- repairs", lead_in="These are free:")
    assert verdict("These are free: repairs [1]", item) == "verified"
    assert verdict("These are free: transport [1]", item) != "verified"


# --- what is changed is not ----------------------------------------------------------------------


@given(st.sampled_from([s for s in SENTENCES if re.search(r"\d", s)]), st.data())
def test_a_changed_number_is_never_verified(sentence: str, data: st.DataObject) -> None:
    digits = [found.start() for found in re.finditer(r"\d", sentence)]
    position = data.draw(st.sampled_from(digits))
    digit = data.draw(st.sampled_from("0123456789"))
    assume(digit != sentence[position])
    changed = sentence[:position] + digit + sentence[position + 1 :]
    for form in ("{} [1]", "- {} [1]", "1. {} [1]"):
        assert verdict(form.format(changed)) != "verified"


@pytest.mark.parametrize(
    "changed",
    [
        "5 degrees.",
        "At night the cellar cools down to 5 degrees.",
        "Revenue rose by 4.2.",
        "Revenue rose by 4.2 billion in 2023.",
        "The premium plan costs 20 a month and includes 5 desks.",
        "20 a month.",
        "The premium plan costs €20 a month and includes 5 desks.",
        "Revenue rose by 4,2 million in 2023.",
    ],
)
def test_a_number_without_its_sign_or_its_unit_is_not_verified(changed: str) -> None:
    assert verdict(f"{changed} [1]") != "verified"


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("The field has 10² plots.", "The field has 102 plots."),
        ("Take 1½ spoons.", "Take 11 2 spoons."),
        ("It cools down to −5 degrees.", "5 degrees."),
        ("Prices rose by 5 %.", "Prices rose by 5."),
        ("It costs 5 €.", "It costs 5."),
        ("2. Switch off the power.", "3. Switch off the power."),
        ("It lies between 3 and 15 days.", "It lies between 3 and 1."),
    ],
)
def test_a_number_that_only_looks_alike_is_not_verified(source: str, claim: str) -> None:
    assert verdict(f"{claim} [1]", whole_passage("a.txt", source)) != "verified"


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("Batteries are not covered.", "Batteries are covered."),
        ("Never feed the dogs.", "Feed the dogs."),
        ("Not all repairs are free.", "All repairs are free."),
        ("We don’t refund custom orders.", "We do refund custom orders."),
        ("You mustn’t open the case.", "open the case."),
        ("Do not open the case if it is not dry.", "open the case if it is not dry."),
        ("Das gilt nicht.", "Das gilt."),
        ("Dat is niet zo duur.", "zo duur."),
        ("Repairs are free unless the seal is broken.", "Repairs are free."),
        ("It is false that repairs are free.", "repairs are free."),
    ],
)
def test_a_dropped_negation_is_never_verified(source: str, claim: str) -> None:
    assert verdict(f"{source} [1]", whole_passage("a.txt", source)) == "verified"
    assert verdict(f"{claim} [1]", whole_passage("a.txt", source)) != "verified"


@given(st.sampled_from(SENTENCES), st.sampled_from(["not", "never", "no", "hardly"]), st.data())
def test_an_added_negation_is_never_verified(sentence: str, negation: str, data: st.DataObject) -> None:
    words = sentence.split()
    position = data.draw(st.integers(0, len(words)))
    changed = [*words[:position], negation, *words[position:]]
    assume(" ".join(changed).casefold() not in SOURCE.casefold())
    assert verdict(f"{' '.join(changed)} [1]") != "verified"


@given(st.sampled_from(SENTENCES), st.randoms(use_true_random=False))
def test_words_in_another_order_are_never_verified(sentence: str, chance: random.Random) -> None:
    words = sentence[:-1].split()
    shuffled = words[:]
    chance.shuffle(shuffled)
    assume([w.casefold() for w in shuffled] != [w.casefold() for w in words])
    assert verdict(f"{' '.join(shuffled)}. [1]") != "verified"


def test_words_of_two_places_put_together_are_not_verified() -> None:
    assert verdict("Returns are free within 24 months. [1]") != "verified"


def test_a_claim_that_the_passage_does_not_touch_has_no_quote() -> None:
    [citation] = check("Penguins swim. [1]", [PASSAGE]).citations
    assert (citation.verdict, citation.quote) == ("unsupported", "")
    assert citation.start == citation.end


# --- markers --------------------------------------------------------------------------------------


def test_made_up_markers_are_removed_and_counted() -> None:
    checked = check("Returns are free within 30 days of delivery [1][7]. Dogs may fly [0].", [PASSAGE])
    assert checked.text == "Returns are free within 30 days of delivery [1]. Dogs may fly."
    assert checked.unknown_markers == 2
    assert [citation.marker for citation in checked.citations] == [1]
    assert any("2 footnotes pointed to no passage" in notice for notice in checked.notices(True))


def test_a_made_up_marker_makes_no_footnote_at_all() -> None:
    checked = check("Returns are free within 30 days of delivery [2].", [PASSAGE])
    assert checked.citations == ()
    assert checked.notices(True)


def test_a_marker_that_comes_together_when_another_is_removed_is_removed_too() -> None:
    checked = check("Dogs may fly [[9]8]. [ [9]1]", [PASSAGE])
    assert checked.text == "Dogs may fly. [1]"
    assert checked.unknown_markers == 3


def test_numbers_in_code_are_no_markers() -> None:
    answer = (
        "Write `items[0]` and\n```\nfirst = items[7]\n```\nReturns are free within 30 days of delivery. [1]"
    )
    checked = check(answer, [PASSAGE])
    assert checked.text == answer
    assert checked.unknown_markers == 0


@pytest.mark.parametrize(
    "written",
    "[1, 2]|[1,2]|[1][2]|[1; 2]|[1-2]|[1–2]|[1, 2, 2]|[１，２]|［1］［2］|［1，2］|【1】【2】|"
    "【1, 2】|【1、2】|【1†lines 3-5】【2†source】".split("|"),
)
def test_markers_as_models_write_them_are_understood(written: str) -> None:
    checked = check(f"Returns are free within 30 days of delivery {written}.", [PASSAGE, PASSAGE])
    assert checked.text == "Returns are free within 30 days of delivery [1][2]."
    assert [(one.marker, one.verdict) for one in checked.citations] == [(1, "verified"), (2, "verified")]
    assert checked.unknown_markers == 0


def test_a_range_of_markers_stands_for_each_of_them() -> None:
    assert check("Dogs may fly [1-3, 5].", [PASSAGE] * 5).text == "Dogs may fly [1][2][3][5]."


@pytest.mark.parametrize(
    "written",
    [
        *"[2019, 2020]|[2019-2020]|【2019】|[1, 9]|[0, 1]|[7, 8]|[1-9]|[0-9]|[3-1]|[2-2]|[1,]".split("|"),
        *"[1, a]|[-1, 1]|[ 1 ]|[1.2]|[[1, 2], [2, 1]]|`items[1, 2]`|``a ` b[1, 2]``|`x` and ``[1, 2]``".split(
            "|"
        ),
        "\n```\nitems[1, 2]\n```\n",
        "\n~~~\nitems[1, 2]\n~~~\n",
        "\n````\n```\n[1, 2]\n```\n````\n",
        "\n```python\nitems[1, 2] + items[7]",
    ],
)
def test_what_only_looks_like_markers_stays_as_it_is(written: str) -> None:
    answer = f"The committee met twice {written}"
    checked = check(answer, [PASSAGE, PASSAGE, PASSAGE])
    assert (checked.text, checked.citations, checked.unknown_markers) == (answer, (), 0)


def test_the_references_of_a_quoted_paper_are_not_taken_for_markers() -> None:
    paper = whole_passage(
        "paper.txt", "Penguins swim better than they fly [1, 2]. Emperors dive deepest【3】."
    )
    answer = "Penguins swim better than they fly [1, 2]. [1] Emperors dive deepest【3】. [1, 3]"
    checked = check(answer, [paper, PASSAGE, PASSAGE])
    assert checked.text == "Penguins swim better than they fly [1, 2]. [1] Emperors dive deepest【3】. [1][3]"
    assert [(one.marker, one.verdict) for one in checked.citations][:2] == [(1, "verified"), (1, "verified")]


def test_a_backtick_that_is_not_closed_hides_no_marker_in_the_next_line() -> None:
    assert check("A ` alone.\nDogs may fly [1, 2].", [PASSAGE] * 2).text == "A ` alone.\nDogs may fly [1][2]."


def test_a_made_up_marker_is_removed_in_whatever_brackets() -> None:
    checked = check("Dogs may fly 【9】.", [PASSAGE])
    assert (checked.text, checked.unknown_markers) == ("Dogs may fly.", 1)


@given(
    st.one_of(
        st.text(alphabet="[]【】［］123 ,-–`~\n9a、(", max_size=40),
        st.lists(
            st.sampled_from(
                [*SENTENCES, "[1, 2]", "【1】", "[9", "]", "[1", ", 2]", "`", "```", "\n", "[1-2]"]
            ),
            max_size=12,
        ).map("".join),
    )
)
def test_an_answer_with_its_markers_understood_is_understood_as_it_is(answer: str) -> None:
    once = check(answer, [PASSAGE, PASSAGE])
    again = check(once.text, [PASSAGE, PASSAGE])
    assert again.text == once.text
    assert again.citations == once.citations
    assert again.unknown_markers == 0


def test_one_footnote_and_one_sentence_are_told_in_the_singular() -> None:
    checked = check("Penguins swim. Returns are free within 30 days of delivery [1][7].", [PASSAGE])
    assert checked.notices(True) == [
        "1 footnote pointed to no passage and was removed.",
        "1 sentence of this answer carries no footnote.",
    ]


@given(
    st.lists(
        st.sampled_from([*SENTENCES, "[1]", "[2]", "[9]", "\n\n", "- x", "`[3]`", "Oh", "?"]), max_size=12
    )
)
def test_every_known_marker_is_checked_once_and_no_unknown_one_stays(parts: list[str]) -> None:
    answer = " ".join(parts)
    checked = check(answer, [PASSAGE, PASSAGE])
    known = [int(part[1]) for part in parts if part in ("[1]", "[2]")]
    assert [citation.marker for citation in checked.citations] == known
    assert checked.unknown_markers == parts.count("[9]")
    assert "[9]" not in checked.text
    assert checked.text.split() == [word for word in answer.split() if word != "[9]"]


def test_sentences_without_a_footnote_are_counted_and_told() -> None:
    checked = check(
        "Penguins swim. Returns are free within 30 days of delivery. [1] They also dive.", [PASSAGE]
    )
    assert checked.uncited_sentences == 2
    assert any("2 sentences" in notice for notice in checked.notices(True))


def test_a_marker_carries_the_sentences_before_it_that_its_passage_states_too() -> None:
    checked = check(f"{SENTENCES[0]} {SENTENCES[1]} [1]", [PASSAGE])
    assert checked.uncited_sentences == 0
    assert checked.notices(True) == []


def test_an_answer_without_any_footnote_is_told_to_be_uncited() -> None:
    assert any("uncited" in notice for notice in check("Penguins swim.", [PASSAGE]).notices(True))
    assert check("Penguins swim.", []).notices(False) == []
    assert Checked(text="No.", citations=()).notices(False) == []


# --- offsets --------------------------------------------------------------------------------------


@given(
    before=st.text(max_size=30),
    body=st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=3),
    chosen=st.sampled_from(SENTENCES),
)
def test_a_quote_is_a_slice_of_the_document_wherever_the_passage_lies_in_it(
    before: str, body: list[str], chosen: str
) -> None:
    text = " ".join(body)
    document = before + text + " The end."
    chunk = Chunk(text=text, start=len(before), end=len(before) + len(text), page="2")
    passage = Passage(
        chunk=chunk, document="a.pdf", document_id=DocumentId("d1"), sha256="f00", collection="c"
    )
    [citation] = check(f"{chosen} [1]", [passage]).citations
    assert citation.quote == document[citation.start : citation.end]
    assert (citation.document, citation.document_id, citation.sha256) == ("a.pdf", "d1", "f00")
    assert (citation.page, citation.collection) == ("2", "c")
    if chosen in body:
        assert citation.quote == chosen


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_answer_about_any_text_can_be_checked(answer: str, text: str) -> None:
    passage = whole_passage("a.txt", text)
    for citation in check(f"{answer} [1]", [passage]).citations:
        assert citation.quote == text[citation.start : citation.end]


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("2**8 is 256 and 2**10 is 1024.", "28 is 256 and 210 is 1024."),
        ("cat log.txt | sort | uniq -c", "cat log.txt – sort – uniq -c"),
        ("Then handlers[name](event) is called.", "Then handlersname is called."),
        ("- 40 °C is the lowest it stands.", "40 °C is the lowest it stands."),
        ("If the seal is intact, you get a full refund.", "You get a full refund."),
        ("Minus 5 degrees is the minimum.", "5 degrees is the minimum."),
        ("There is no fee.", "No."),
    ],
)
def test_what_the_source_does_not_say_in_these_words_is_not_verified(source: str, claim: str) -> None:
    [citation] = check(f"{claim} [1]", [whole_passage("a.md", source)]).citations
    assert citation.verdict != "verified"


def test_the_contrary_of_the_source_is_not_even_partly_there() -> None:
    source = whole_passage("a.md", "Digital goods cannot be returned within 30 days.")
    [citation] = check("Digital goods can be returned within 30 days. [1]", [source]).citations
    assert citation.verdict == "unsupported"
