"""What anything that turns text into vectors must do. Inherit from `EmbedderContract`."""

import numpy as np
import pytest

from footnote.interfaces import Embedder

NEAR = ("How many days of holiday do I get?", "You get thirty days of holiday a year.")
FAR = ("The printer on the second floor is out of paper.", "Boil the pasta in salted water.")
QUESTION = "How long may a customer return a product?"
ANSWER = "A customer may return a product within fourteen days."


class EmbedderContract:
    """Give `embedder` as a fixture."""

    @pytest.fixture
    def embedder(self) -> Embedder:
        raise NotImplementedError("a contract test gives its own embedder")

    def test_it_names_its_model_and_says_its_sizes(self, embedder: Embedder) -> None:
        assert embedder.id.strip() == embedder.id != ""
        assert embedder.id == embedder.id
        assert embedder.dimensions > 0
        assert embedder.max_tokens > 0

    async def test_each_text_gets_a_row_of_unit_length(self, embedder: Embedder) -> None:
        vectors = await embedder.embed([*NEAR, *FAR], "document")
        assert vectors.shape == (4, embedder.dimensions)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)

    async def test_no_texts_give_no_rows(self, embedder: Embedder) -> None:
        vectors = await embedder.embed([], "document")
        assert vectors.shape == (0, embedder.dimensions)
        assert vectors.dtype == np.float32

    async def test_rows_stand_in_the_order_of_the_texts(self, embedder: Embedder) -> None:
        texts = ["short", ANSWER * 5, FAR[0], "a few more words", NEAR[1] * 2, FAR[1]]
        together = await embedder.embed(texts, "document")
        alone = [(await embedder.embed([text], "document"))[0] for text in texts]
        # The rows are unit vectors: a product is a cosine, and 1 only for the same text.
        nearest = np.argmax(np.stack(alone) @ together.T, axis=1)
        assert nearest.tolist() == list(range(len(texts)))

    async def test_a_text_means_the_same_whatever_is_embedded_beside_it(self, embedder: Embedder) -> None:
        [alone] = await embedder.embed([NEAR[0]], "document")
        beside = await embedder.embed(["x", *FAR, NEAR[0], ANSWER * 30, NEAR[0]], "document")
        assert alone @ beside[3] > 0.999
        assert alone @ beside[5] > 0.999

    @pytest.mark.parametrize("use", ["document", "query"])
    async def test_an_empty_text_has_a_vector(self, embedder: Embedder, use: str) -> None:
        vectors = await embedder.embed(["", " \n"], "document" if use == "document" else "query")
        assert vectors.shape == (2, embedder.dimensions)
        assert np.isfinite(vectors).all()

    async def test_similar_texts_are_nearer_than_unrelated_ones(self, embedder: Embedder) -> None:
        one, other, *unrelated = await embedder.embed([*NEAR, *FAR], "document")
        assert all(one @ other > one @ row for row in unrelated)

    async def test_a_question_is_nearest_to_its_answer(self, embedder: Embedder) -> None:
        [question] = await embedder.embed([QUESTION], "query")
        answers = await embedder.embed([*FAR, ANSWER, NEAR[1]], "document")
        assert int(np.argmax(answers @ question)) == 2

    async def test_a_text_far_longer_than_the_window_has_a_vector(self, embedder: Embedder) -> None:
        long = f"{ANSWER} " * 4000
        assert embedder.count_tokens(long) > embedder.max_tokens
        [vector] = await embedder.embed([long], "document")
        assert np.isclose(np.linalg.norm(vector), 1, atol=1e-4)

    async def test_any_script_and_broken_characters_have_a_vector(self, embedder: Embedder) -> None:
        texts = [
            "Größe und Maß",
            "退货期限是三十天",
            "عشرة أيام",
            "👩‍🚀🚀",
            "half a pair: \ud83d",
            "nul \x00 inside",
        ]
        vectors = await embedder.embed(texts, "document")
        assert np.isfinite(vectors).all()
        assert all(embedder.count_tokens(text) >= 0 for text in texts)

    def test_tokens_are_counted(self, embedder: Embedder) -> None:
        assert embedder.count_tokens("") == 0
        assert embedder.count_tokens("holiday") > 0
        assert embedder.count_tokens(f"{ANSWER} {ANSWER}") > embedder.count_tokens(ANSWER)
