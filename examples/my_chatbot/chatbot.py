"""A conversation about a folder of documents, with a model that can be exchanged.

    python chatbot.py FOLDER
    python chatbot.py FOLDER --model local "What does the premium plan cost?" "And for a year?"

The second question needs the first one's answer: it is looked up together with what came before.
The hosted and the local model answer with the next version of Footnote; chosen today, they are said
to be missing, and the answers are quotes.
"""

import argparse
import os
from pathlib import Path

from knowledge_base import add_folder

from footnote import (
    Answer,
    Chatbot,
    ExtractiveBackend,
    KnowledgeBase,
    LLMBackend,
    OllamaBackend,
    OpenAIBackend,
)
from footnote.errors import BackendError

SYSTEM_PROMPT = "You answer briefly and kindly."
MODELS = ("hosted", "local", "extractive")


def language_model(name: str, api_key: str | None = None) -> LLMBackend:
    """The model of that name, or the offline answerer, with a sentence of why, when it does not answer."""
    if name == "extractive":
        return ExtractiveBackend()
    model: LLMBackend
    if name == "hosted":
        model = OpenAIBackend(api_key=api_key or os.environ.get("OPENAI_API_KEY"))
    else:
        model = OllamaBackend()
    try:
        model.complete([{"role": "user", "content": "Say yes."}], max_tokens=5)
    except BackendError as error:
        print(f"The {name} model is not available, so answers are quotes from the documents. ({error})")
        return ExtractiveBackend()
    return model


def make_chatbot(kb: KnowledgeBase, model: LLMBackend) -> Chatbot:
    return Chatbot(llm=model, knowledge_base=kb, system_prompt=SYSTEM_PROMPT, max_turns=10)


def footnotes(answer: Answer) -> list[str]:
    """A line for each footnote: what the check said, where it stands, and the quote."""
    return [
        f"[{one.marker}] {one.verdict}: {one.document}: “{' '.join(one.quote.split())}”"
        for one in answer.citations
    ]


def ask(bot: Chatbot, question: str) -> None:
    answer = bot.ask(question)
    if answer.rewritten_question:
        print(f"  (looked up as: {answer.rewritten_question})")
    print(answer.text)
    for line in footnotes(answer):
        print(f"  {line}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Talk about a folder of documents.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", nargs="*", help="asked one after the other; without any, type them")
    parser.add_argument("--model", choices=MODELS, default="extractive")
    given = parser.parse_intermixed_args()

    kb = KnowledgeBase()
    print(f"{add_folder(kb, given.folder)} documents are in.")
    bot = make_chatbot(kb, language_model(given.model))
    for question in given.questions:
        print(f"\nyou: {question}")
        ask(bot, question)
    while not given.questions:
        try:
            question = input("\nyou: ").strip()
        except EOFError:
            break
        if question:
            ask(bot, question)
    print(f"\n{bot.get_stats()}")


if __name__ == "__main__":
    main()
