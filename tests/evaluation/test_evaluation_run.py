"""Questions are asked as a user asks them, and judged by the documents."""

import io
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from footnote.backends.extractive import ExtractiveBackend
from footnote.errors import BackendRefused, BackendUnreachable, EvaluationError
from footnote.evaluation import report as reports
from footnote.evaluation.drawing import bar, drawn
from footnote.evaluation.gold import GoldEvidence, GoldQuestion, GoldSet
from footnote.evaluation.run import Result, Run, evaluate
from footnote.interfaces import Finished, LLMBackend, Piece, Prompt, Text
from footnote.knowledge import KnowledgeBase
from footnote.prompting import DECLINED
from footnote.types import Filters

Chatbots = Callable[..., tuple[Any, list[Any]]]

RETURNS = GoldEvidence(document="returns.md", quote="Hardware may be returned within 30 days of delivery.")
POSTAGE = GoldEvidence(document="returns.md", quote="The sender pays the postage.")
PREMIUM = GoldEvidence(document="prices.md", quote="The premium plan costs $49 a month.")

ASK_RETURNS = GoldQuestion(
    id="returns",
    question="Within how many days may hardware be returned after delivery?",
    kind="single",
    evidence=(RETURNS,),
    answer="30 days",
    paraphrase=False,
)
ASK_PREMIUM = GoldQuestion(
    id="premium",
    question="How much does the premium plan cost each month?",
    kind="single",
    evidence=(PREMIUM,),
    paraphrase=True,
)
ASK_COLOUR = GoldQuestion(
    id="colour", question="Which colour does the premium plan have?", kind="unanswerable"
)


def gold(*questions: GoldQuestion, retrieval_only: bool = False) -> GoldSet:
    return GoldSet(name="gold.jsonl", questions=questions, sha256="0", retrieval_only=retrieval_only)


def values(run: Run) -> dict[str, dict[str, float]]:
    return {one.question.id: dict(one.values["ours"]) for one in run.results}


class Says(LLMBackend):
    """Says one sentence, or fails as told."""

    name = "says"

    def __init__(self, text: str, failures: list[Exception | None] | None = None) -> None:
        self.text = text
        self.failures = failures or []

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        yield Text(text=self.text)
        yield Finished()


async def test_a_question_that_finds_and_quotes_its_evidence_is_right(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    new, _ = chatbots()
    run = await evaluate(gold(ASK_RETURNS), knowledge, new)
    [result] = run.results
    found = result.values["ours"]
    assert found["recall@1"] == found["mrr"] == found["ndcg@5"] == found["document_recall@1"] == 1
    assert found["exact_quote"] == found["complete_quote"] == found["answer_match"] == found["right"] == 1
    assert found["citations_verified"] == 1
    assert found["wrong_refusals"] == 0
    assert (result.state, result.stage, result.found[0]) == ("answered", "right", "returns.md")
    assert result.evidence_in_hand
    assert result.values["words_only"]["recall@1"] == result.values["vectors_only"]["recall@1"] == 1
    assert run.problems == ()


async def test_refusals_are_right_or_wrong_by_what_the_documents_tell(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    new, _ = chatbots(threshold=1.1)
    found = values(await evaluate(gold(ASK_RETURNS, ASK_COLOUR), knowledge, new))
    assert (found["returns"]["wrong_refusals"], found["returns"]["right"]) == (1, 0)
    assert found["returns"]["exact_quote"] == 0
    assert found["returns"]["recall@5"] == 1, "what a declined turn found still counts for retrieval"
    assert (found["colour"]["right_refusals"], found["colour"]["right"]) == (1, 1)
    assert "recall@5" not in found["colour"]


async def test_an_unanswerable_question_that_is_answered_counts_against(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    new, _ = chatbots()
    run = await evaluate(gold(ASK_COLOUR), knowledge, new)
    assert values(run)["colour"]["answered_unanswerable"] == 1
    assert run.results[0].stage == "answered_anyway"


async def test_a_model_that_says_the_declining_sentence_has_declined(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    new, _ = chatbots(llm=Says(f"Sorry. {DECLINED.replace(chr(39), '’')}"))
    found = values(await evaluate(gold(ASK_RETURNS, ASK_COLOUR), knowledge, new))
    assert found["returns"]["wrong_refusals"] == found["colour"]["right_refusals"] == 1


async def test_a_footnote_on_another_sentence_is_no_gold_quote(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    # The extractive answerer quotes the first sentence; gold wants the second of the same passage.
    question = GoldQuestion(
        id="q", question=ASK_RETURNS.question, kind="single", evidence=(POSTAGE,), answer="The sender."
    )
    new, _ = chatbots(llm=Says("Hardware may be returned within 30 days of delivery. [1]"))
    [result] = (await evaluate(gold(question), knowledge, new)).results
    assert result.values["ours"]["recall@1"] == 1
    assert result.values["ours"]["exact_quote"] == result.values["ours"]["answer_match"] == 0
    assert result.stage == "other_sentence"


async def test_two_documents_count_by_halves(knowledge: KnowledgeBase, chatbots: Chatbots) -> None:
    question = GoldQuestion(
        id="both",
        question="How much does the premium plan cost each month?",
        kind="two_documents",
        evidence=(PREMIUM, GoldEvidence(document="absent.md", quote="It went up.")),
    )
    new, _ = chatbots()
    run = await evaluate(gold(question), knowledge, new)
    found = values(run)["both"]
    assert found["recall@5"] == found["document_recall@5"] == 0.5
    assert (found["exact_quote"], found["complete_quote"]) == (1, 0)
    assert not run.results[0].evidence_in_hand
    assert run.problems == ("both: there is no document absent.md.",)


async def test_a_follow_up_is_asked_after_its_history_by_a_chatbot_of_its_own(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    follow_up = GoldQuestion(
        id="free",
        question="And how much does the free plan cost?",
        kind="follow_up",
        history=(ASK_PREMIUM.question,),
        evidence=(GoldEvidence(document="prices.md", quote="The free plan costs nothing."),),
    )
    new, made = chatbots()
    asked: list[None] = []
    await evaluate(gold(follow_up, ASK_RETURNS), knowledge, new, asked=lambda: asked.append(None))
    said = [[m.content for m in bot.memory.messages if m.role == "user"] for bot in made]
    assert [ASK_PREMIUM.question, follow_up.question] in said
    assert [ASK_RETURNS.question] in said
    assert len(asked) == 2


async def test_a_quote_that_the_document_does_not_have_is_told(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    question = GoldQuestion(
        id="q",
        question="What is it?",
        kind="single",
        evidence=(GoldEvidence(document="prices.md", quote="It is $50."),),
    )
    new, _ = chatbots()
    run = await evaluate(gold(question), knowledge, new)
    assert run.problems == ("q: prices.md does not say “It is $50.”.",)
    assert (values(run)["q"]["recall@5"], values(run)["q"]["document_recall@5"]) == (0, 1)


async def test_a_quote_that_no_passage_holds_whole_is_told(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    sentences = [
        f"Rule {number} says that everybody counts item {number} twice a day." for number in range(60)
    ]
    await knowledge.add("rules.md", " ".join(sentences).encode())
    evidence = GoldEvidence(document="rules.md", quote=" ".join(sentences[1:59]))
    question = GoldQuestion(id="q", question="What does rule 30 say?", kind="single", evidence=(evidence,))
    new, _ = chatbots()
    run = await evaluate(gold(question), knowledge, new)
    assert len(run.problems) == 1
    assert "No passage of rules.md holds the whole" in run.problems[0]


async def test_a_document_is_known_by_the_end_of_its_path(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    await knowledge.add("manual/hub.md", b"The hub has four lamps on its front.")
    evidence = GoldEvidence(document="hub.md", quote="The hub has four lamps")
    question = GoldQuestion(
        id="q", question="How many lamps has the hub?", kind="single", evidence=(evidence,)
    )
    new, _ = chatbots()
    run = await evaluate(gold(question), knowledge, new)
    assert run.problems == ()
    assert values(run)["q"]["recall@1"] == 1


async def test_words_alone_and_vectors_alone_are_ranked_apart(
    blind: KnowledgeBase, chatbots: Chatbots
) -> None:
    new, _ = chatbots()
    [result] = (await evaluate(gold(ASK_PREMIUM), blind, new)).results
    places = {system: own["mrr"] for system, own in result.values.items()}
    assert places["words_only"] == 1
    assert places["vectors_only"] < 1


async def test_a_filter_leaves_only_its_collection(knowledge: KnowledgeBase, chatbots: Chatbots) -> None:
    await knowledge.add("other.md", b"Nothing of interest stands here.", collection="other")
    filters = Filters(collections=("other",))
    new, _ = chatbots(filters=filters)
    run = await evaluate(gold(ASK_RETURNS), knowledge, new, filters=filters)
    assert run.problems == ("returns: there is no document returns.md.",)
    assert run.conditions.documents == 1
    assert all(own["document_recall@5"] == 0 for own in run.results[0].values.values())


async def test_what_lies_outside_the_filter_takes_no_place_in_any_ranking(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    await knowledge.add("plans.md", b"One plan is called premium, and others are not.", collection="other")
    evidence = GoldEvidence(document="plans.md", quote="One plan is called premium")
    question = replace(ASK_PREMIUM, evidence=(evidence,))
    everything, _ = chatbots()
    run = await evaluate(gold(question), knowledge, everything)
    assert all(own["recall@1"] == 0 for own in run.results[0].values.values())
    filters = Filters(collections=("other",))
    new, _ = chatbots(filters=filters)
    run = await evaluate(gold(question), knowledge, new, filters=filters)
    assert all(own["recall@1"] == 1 for own in run.results[0].values.values())


async def test_a_follow_up_is_ranked_as_it_was_looked_up(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    follow_up = GoldQuestion(
        id="free",
        question="And in gold?",
        kind="follow_up",
        history=("How much does the premium plan cost?",),
        evidence=(PREMIUM,),
    )
    new, made = chatbots()
    [result] = (await evaluate(gold(follow_up), knowledge, new)).results
    assert result.looked_up != follow_up.question
    assert result.looked_up == made[-1].memory.messages[-1].metadata["rewritten_question"]
    assert result.values["words_only"]["recall@1"] == 1, "its own words are in no document"


async def test_without_documents_there_is_nothing_to_ask(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    new, _ = chatbots()
    with pytest.raises(EvaluationError, match="footnote add"):
        await evaluate(gold(ASK_RETURNS), knowledge, new, filters=Filters(collections=("absent",)))


async def test_a_beir_set_judges_each_document_once_and_asks_no_model(
    knowledge: KnowledgeBase, chatbots: Chatbots
) -> None:
    lines = "\n\n".join(
        f"The premium plan has part {n}. " + "More words follow here. " * 50 for n in range(8)
    )
    await knowledge.add("long.md", lines.encode())
    question = GoldQuestion(
        id="q",
        question="What does the premium plan have?",
        kind="query",
        evidence=(GoldEvidence(document="prices.md", grade=1), GoldEvidence(document="long.md", grade=2)),
    )
    new, made = chatbots(llm=Says("never", [BackendRefused("no")]))
    run = await evaluate(gold(question, retrieval_only=True), knowledge, new)
    [result] = run.results
    assert sorted(result.found) == ["holidays.md", "long.md", "prices.md", "returns.md"]
    assert result.values["ours"]["recall@5"] == 1
    assert result.state == "searched"
    assert "wrong_refusals" not in result.values["ours"]
    assert all(bot.stats["turns"] == 0 for bot in made)


# --- models that fail --------------------------------------------------------------------------------


async def test_a_model_that_fails_once_is_counted(knowledge: KnowledgeBase, chatbots: Chatbots) -> None:
    new, _ = chatbots(llm=Says("30 days. [1]", [BackendUnreachable("It is away.")]))
    run = await evaluate(gold(ASK_RETURNS, ASK_PREMIUM), knowledge, new)
    first, second = run.results
    assert (first.state, first.stage, first.reason) == ("failed", "failed", "It is away.")
    assert first.values["ours"]["failed"] == 1
    assert first.values["ours"]["recall@1"] == 1, "what was found before the failure counts"
    assert second.state == "answered"


async def test_a_model_that_keeps_failing_ends_the_run(knowledge: KnowledgeBase, chatbots: Chatbots) -> None:
    many = [
        GoldQuestion(id=str(n), question=ASK_RETURNS.question, kind="single", evidence=(RETURNS,))
        for n in range(9)
    ]
    llm = Says("", [BackendUnreachable("It is away.")] * 9)
    new, _ = chatbots(llm=llm)
    with pytest.raises(BackendUnreachable):
        await evaluate(gold(*many), knowledge, new)
    assert len(llm.failures) == 4


async def test_a_refused_key_ends_the_run_at_once(knowledge: KnowledgeBase, chatbots: Chatbots) -> None:
    llm = Says("", [BackendRefused("The key is not valid.")] * 9)
    new, _ = chatbots(llm=llm)
    with pytest.raises(BackendRefused):
        await evaluate(gold(ASK_RETURNS, ASK_PREMIUM), knowledge, new)
    assert len(llm.failures) == 8


# --- the report --------------------------------------------------------------------------------------


@pytest.fixture
async def run(knowledge: KnowledgeBase, chatbots: Chatbots) -> Run:
    new, _ = chatbots(llm=ExtractiveBackend())
    missing = GoldQuestion(
        id="absent",
        question="How long is the \x1b[31mwarranty?",
        kind="single",
        evidence=(GoldEvidence(document="warranty.md", quote="24 months"),),
        paraphrase=True,
    )
    return await evaluate(gold(ASK_RETURNS, ASK_PREMIUM, missing, ASK_COLOUR), knowledge, new)


async def test_a_report_gathers_figures_kinds_wordings_and_stages(run: Run) -> None:
    report = reports.report_of(run)
    assert report.figures["recall@5"].count == 3
    assert report.figures["recall@5"].value == pytest.approx(2 / 3)
    assert report.figures["right_refusals"].count == 1
    assert [(one.name, one.count) for one in report.kinds] == [("single", 3), ("unanswerable", 1)]
    assert [(one.name, one.count) for one in report.wordings] == [("same words", 1), ("other words", 2)]
    assert sum(report.stages.values()) == 4
    assert report.differences["words_only"]["recall@5"].value == 0
    assert [one.question.id for one in reports.worst(report.results, 5)] == ["absent"]
    assert [one.question.id for one in reports.boldest(report.results, 5)] == ["colour"]


async def test_the_threshold_table_falls_from_everything_to_less(run: Run) -> None:
    found = reports.abstention(run.results, run.conditions.threshold)
    assert found.thresholds[0].answerable == found.thresholds[0].unanswerable == 1
    # Of four questions the unanswerable one and the one about an absent document lack the gold.
    assert found.thresholds[0].risk == 0.5
    assert [one.in_force for one in found.thresholds].count(True) == 1
    for one, other in zip(found.thresholds, found.thresholds[1:], strict=False):
        assert (other.answerable or 0) <= (one.answerable or 0)
        assert (other.unanswerable or 0) <= (one.unanswerable or 0)


def test_the_threshold_table_is_that_counted_by_hand() -> None:
    def scored(question: GoldQuestion, score: float | None, in_hand: bool = False) -> Result:
        return Result(
            question=question,
            looked_up=question.question,
            state="answered",
            stage="right",
            values={"ours": {}},
            evidence_score=score,
            evidence_in_hand=in_hand,
        )

    found = reports.abstention(
        [
            scored(ASK_RETURNS, 0.9, in_hand=True),
            scored(ASK_PREMIUM, 0.4),
            scored(ASK_COLOUR, 0.4),
            scored(ASK_COLOUR, 0.1),
            scored(ASK_COLOUR, None),
        ],
        in_force=0.4,
    )
    rows = {one.threshold: one for one in found.thresholds}
    assert rows[0.4] == reports.Threshold(
        threshold=0.4, answerable=1, unanswerable=0.5, risk=2 / 3, in_force=True
    )
    assert rows[0.5] == reports.Threshold(threshold=0.5, answerable=0.5, unanswerable=0, risk=0)
    assert found.separation == 3.5 / 4
    assert found.unscored == 1


async def test_a_report_is_json(run: Run) -> None:
    told = json.loads(json.dumps(reports.as_json(reports.report_of(run))))
    assert told["gold"] == {
        "name": "gold.jsonl", "sha256": "0", "questions": 4, "answerable": 3, "retrieval_only": False
    }  # fmt: skip
    assert told["figures"]["recall@5"]["count"] == 3
    assert told["words_only"]["recall@1"]["value"] <= 1
    assert [one["id"] for one in told["questions"]] == ["returns", "premium", "absent", "colour"]
    assert told["questions"][0]["expected"] == [{"document": "returns.md", "quote": RETURNS.quote}]


async def test_a_drawn_report_names_the_misses_and_steers_no_terminal(run: Run) -> None:
    console = Console(file=io.StringIO(), width=110, force_terminal=False)
    for piece in drawn(reports.report_of(run)):
        console.print(piece)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "\x1b" not in text
    assert "words only" in text
    assert "warranty.md" in text
    assert "Answered, though the documents do not tell" in text
    assert "there is no document warranty.md" in text


def test_a_bar_is_as_long_as_its_share() -> None:
    assert bar(0, 8) == ""
    assert bar(1, 8) == "█" * 8
    assert bar(0.5, 8) == "████"
    assert len(bar(0.99, 8)) == 8
    assert bar(7, 8) == bar(1, 8)
