"""File formats: one module each, with `parse(data, name) -> Extracted` (the seam `Parse`).

Add one: a file here, and its row in `FORMATS`, which tells what the program reads without loading
every library. What parsers share is in `building/`. They run in a child process (`footnote.reading`),
never in the main one.
"""

_SOURCE_CODE = (
    "py pyi pyw js mjs cjs jsx ts tsx java kt kts scala groovy c h cc cpp cxx hh hpp hxx cs go rs swift m mm "
    "rb php pl pm lua r jl dart ex exs erl hs ml fs clj lisp el scm sql sh bash zsh fish ps1 bat cmd "
    "css scss sass less vue svelte tex bib sty cls xml xsd xsl svg yaml yml toml ini cfg conf properties env "
    "proto graphql tf cmake mk make dockerfile makefile gradle diff patch po tcl vb asm s f90 f95 sv v vhd"
)

FORMATS: dict[str, str] = {
    "pdf": "pdf",
    "docx": "docx docm dotx dotm",
    "pptx": "pptx pptm ppsx ppsm potx potm",
    "xlsx": "xlsx xlsm xltx xltm",
    "odf": "odt ott ods ots odp otp fodt fods fodp",
    "html": "html htm xhtml xht",
    "markdown": "md markdown mdown mkd mkdn mdx qmd rmd",
    "rst": "rst rest",
    "csv": "csv tsv tab",
    "json": "json jsonl ndjson geojson ipynb",
    "eml": "eml mht mhtml",
    "msg": "msg",
    "epub": "epub",
    "rtf": "rtf",
    "text": "txt text log asc srt vtt readme nfo",
    "source": _SOURCE_CODE,
}
"""Module name to the file endings that it reads, in lower case, without the dot."""

SUFFIXES: dict[str, str] = {suffix: module for module, row in FORMATS.items() for suffix in row.split()}
"""File ending to module name."""
