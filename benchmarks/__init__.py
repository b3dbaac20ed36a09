"""Measurements of speed and quality; `make bench` and `make quality` print them."""
