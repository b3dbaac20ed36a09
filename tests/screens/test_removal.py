"""What was removed is gone from every file, after real turns have spoken of it."""

from pathlib import Path

from footnote import loop
from footnote.assemble import open_application
from footnote.settings import load
from footnote.types import LOCAL

FACT = "The pump is serviced every 17 months in Vlattenhoven."
NAME = "zibbelquark.txt"


def test_a_removed_document_leaves_no_trace_after_answers_recalls_and_refusals(tmp_path: Path) -> None:
    data = tmp_path / "data"

    async def talk() -> None:
        application = await open_application(load(data=data))
        knowledge = application.knowledge_base()
        added = await knowledge.add(NAME, f"{FACT}\n".encode())
        bot = await application.chatbot()
        answers = [
            await bot.answer(question)
            for question in (
                "How often is the pump serviced?",
                "What did you say about the pump?",
                "Who paints the fence of the northern garden?",
            )
        ]
        assert [a.outcome for a in answers] == ["complete", "complete", "declined"]
        assert "Vlattenhoven" in answers[1].text, "the second answer repeats the first"
        assert answers[2].passages, "the refusal names what it looked at"
        citing = await knowledge.remove([added.document_id])
        assert {a.message_id for a in answers[:2]} <= set(citing)
        await application.database.conversations.delete_messages(LOCAL, citing)
        await application.aclose()

    loop.run(talk())
    for file in data.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert [word for word in (b"zibbelquark", b"Vlattenhoven") if word in content] == [], file
