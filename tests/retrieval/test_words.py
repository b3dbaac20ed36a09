"""What text is indexed under, and what a question asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.language.words import detect_language, document_terms, fold, query_terms


@pytest.mark.parametrize(
    "name",
    ["max_retries", "v2.3.1", "e-1042", "user@host.com", "c++", "c#", "r&d", "foo.bar.baz", "2023-05-01"],
)
def test_an_identifier_is_kept_whole(name: str) -> None:
    assert name in document_terms(f"Set {name.upper()} before you start.", "en")


def test_an_identifier_is_also_found_by_its_parts() -> None:
    terms = document_terms("Raise max_retries; maxRetries is the same. See E-1042.", "en")
    assert {"max", "retri", "1042"} <= set(terms)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Straße", "STRASSE"),
        ("café", "cafe"),
        ("ＡＢＣ", "abc"),
        ("1,000", "1000"),
        ("1,234.50", "1234.50"),
        ("1.234.567", "1234567"),
        ("e-mail", "email"),
        ("well‑known", "well-known"),
        ("the hospital's", "hospital"),
        ("l'hôpital", "hopital"),
        ("Łódź", "lodz"),
        ("3,5", "3.5"),
        ("10kg", "10"),
    ],
)
def test_another_spelling_of_the_same_word_is_found(written: str, asked: str) -> None:
    wanted = {term for alternatives in query_terms(asked, ["en"]) for term in alternatives}
    assert wanted & set(document_terms(written, "en"))


@pytest.mark.parametrize(
    ("language", "written", "asked"),
    [
        ("en", "refunds are processed", "refund processing"),
        ("de", "die Rechnungen", "Rechnung"),
        ("es", "los documentos", "documento"),
        ("pl", "składki członkowskie", "składka członkowska"),
        ("fi", "taloissa", "talo"),
    ],
)
def test_another_ending_of_the_same_word_is_found(language: str, written: str, asked: str) -> None:
    indexed = set(document_terms(written, language))
    assert any(indexed & set(alternatives) for alternatives in query_terms(asked, [language]))


def test_a_collection_of_two_languages_is_asked_for_in_both() -> None:
    (alternatives,) = query_terms("Rechnungen", ["de", "en"])
    assert set(document_terms("Rechnung", "de")) & set(alternatives)
    assert set(document_terms("Rechnungen", "en")) & set(alternatives)


@pytest.mark.parametrize("text", ["退款政策", "返金ポリシー", "นโยบายการคืนเงิน", "환불정책"])
def test_scripts_without_spaces_are_pairs_of_characters(text: str) -> None:
    terms = document_terms(text, "")
    assert terms == [text[i : i + 2] for i in range(len(text) - 1)]


def test_a_lone_character_is_a_term() -> None:
    assert document_terms("水", "zh") == ["水"]


def test_latin_words_within_chinese_are_found() -> None:
    assert "iphone" in document_terms("我的iPhone坏了", "zh")


def test_grammar_words_are_left_out_of_a_question() -> None:
    assert query_terms("What is the refund policy?", ["en"]) == (("refund",), ("policy", "polici"))


def test_a_question_of_grammar_words_alone_keeps_them() -> None:
    assert query_terms("Who is it?", ["en"])


def test_a_german_article_is_no_content_word_but_an_english_verb_is() -> None:
    german = {t for a in query_terms("Wie hoch ist die Strafe?", ["de", "en"]) for t in a}
    english = {t for a in query_terms("When did the king die?", ["de", "en"]) for t in a}
    assert "die" not in german
    assert "die" in english


def test_an_acronym_is_no_pronoun() -> None:
    assert ("us",) in query_terms("What is the population of the US?", ["en"])


@given(st.text(max_size=300), st.sampled_from(["en", "de", "zh", "th", ""]))
def test_terms_hold_no_space_no_quote_and_no_capital(text: str, language: str) -> None:
    for term in document_terms(text, language):
        assert term
        assert '"' not in term
        assert not any(letter.isspace() for letter in term)
        assert not any("A" <= letter <= "Z" for letter in term)


@given(st.text(alphabet="abcdefgáéöüßłñ -_.@0123456789'", max_size=60))
def test_what_is_asked_in_the_words_of_a_text_is_found(text: str) -> None:
    indexed = set(document_terms(text, "en"))
    for alternatives in query_terms(text, ["en"]):
        assert indexed & set(alternatives)


@given(st.text(max_size=50))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The refund is paid within thirty days.", "en"),
        ("Die Erstattung erfolgt innerhalb von dreißig Tagen.", "de"),
        ("Zwrot pieniędzy następuje w ciągu trzydziestu dni.", "pl"),
        ("退款将在三十天内支付。", "zh"),
        ("12 | 30 | 45", ""),
        ("", ""),
    ],
)
def test_a_language_is_named_when_it_is_plain_and_else_not(text: str, language: str) -> None:
    assert detect_language(text) == language
