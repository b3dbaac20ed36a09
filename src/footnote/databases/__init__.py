"""Where documents and conversations are kept: one folder each, behind the stores of `footnote.interfaces`."""
