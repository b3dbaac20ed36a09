"""Serves the chat page where Streamlit starts it: `streamlit run streamlit_app.py`, Streamlit Community
Cloud, or `uvicorn streamlit_app:app`. On your own machine `footnote serve` does the same and says more."""

import streamlit

from footnote.settings import load
from footnote.ui.server import MIDDLEWARE, PAGE, ROUTES, living, set_flags, told

set_flags()
# `streamlit run` reads this file before it runs it, and looks for exactly such a line.
app = streamlit.App(PAGE, routes=ROUTES, middleware=MIDDLEWARE, lifespan=living(load()), on_script_error=told)
