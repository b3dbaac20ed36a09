"""The chat page: a Streamlit script inside an ASGI server of ours. Start with `server.py` and `page.py`.

The page holds no state of its own: conversations live in the database, answers are tasks of the
server, and a browser tab only looks at them.
"""
