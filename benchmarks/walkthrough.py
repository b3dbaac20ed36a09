"""Ten questions that a newcomer would ask of two projects' documentation, with the answers as they
come: `python -m benchmarks.walkthrough DATA`, where DATA is a data folder with both added.
"""

import asyncio
import sys
from pathlib import Path

from footnote.assemble import open_application
from footnote.settings import load

QUESTIONS = (
    "How do I declare an optional query parameter?",
    "How can I return a custom status code?",
    "How do I upload a file in FastAPI?",
    "What is the difference between async def and def for path operations?",
    "How do I add CORS support?",
    "How do I run Datasette on a SQLite file?",
    "What is the default page size in Datasette?",
    "How do I write a plugin for Datasette?",
    "How can I protect a Datasette table so that only some users see it?",
    "How do I deploy FastAPI to AWS Lambda?",
)


async def main() -> None:
    application = await open_application(load(data=Path(sys.argv[1])))
    for question in QUESTIONS:
        bot = await application.chatbot(saved=False)
        answer = await bot.answer(question)
        score = answer.evidence.score if answer.evidence else 0.0
        print(
            f"\n### {question}\n{answer.outcome}, evidence {score:.2f}, {answer.timings_ms['total']:.0f} ms\n"
        )
        print(answer.text)
        for one in answer.citations:
            print(f"  [{one.marker}] {one.verdict}: {one.document} {one.start}:{one.end}")
    await application.aclose()


if __name__ == "__main__":
    asyncio.run(main())
