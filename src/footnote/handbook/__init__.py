"""The handbook of Vanewick Instruments, a made-up maker of weather stations, with gold questions.

`documents/` is what a newcomer chats with first. `questions.jsonl` asks about it, one JSON object a line:
some questions have an answer and the sentences that prove it, some have none in any document.
"""
