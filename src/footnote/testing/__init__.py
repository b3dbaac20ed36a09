"""Contract suites: what every implementation of a seam must do, as test classes to inherit from.

They need pytest with pytest-asyncio in its `auto` mode. Start reading at `document_store.py`.
`fault_server` is for clients of language models, and needs nothing.
"""
