"""Files of every format, made on the spot."""

import io
import zipfile
from collections.abc import Mapping, Sequence

import docx
import openpyxl
import pptx
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(pages: Sequence[Sequence[str]], *, size: float = 11, password: str | None = None) -> bytes:
    """A page for each list of lines; a line that begins with "# " is set larger."""
    out = io.BytesIO()
    lock = StandardEncryption(password, canPrint=0) if password else None
    canvas = Canvas(out, pagesize=(595, 842), encrypt=lock, invariant=1)
    for lines in pages:
        height = 780.0
        for line in lines:
            is_title = line.startswith("# ")
            canvas.setFont("Helvetica", size * 1.8 if is_title else size)
            canvas.drawString(72, height, line.removeprefix("# "))
            height -= 3 * size if is_title else 1.3 * size
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def zipped(parts: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def word(body: str, **more: str) -> bytes:
    """A Word file with this XML as its body; `more` are further parts below `word/`, by stem."""
    relations = "".join(
        f'<Relationship Id="r{stem}" Type="http://x/{stem}" Target="{stem}.xml"/>' for stem in more
    )
    parts: dict[str, bytes | str] = {
        "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
        "word/_rels/document.xml.rels": f"<Relationships>{relations}</Relationships>",
    }
    return zipped(parts | {f"word/{stem}.xml": content for stem, content in more.items()})


def saved(document: object) -> bytes:
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def docx_with_everything() -> bytes:
    document = docx.Document()
    document.add_heading("Handbook", level=0)
    document.add_heading("Leave", level=1)
    document.add_paragraph("Everyone has thirty days.")
    document.add_paragraph("Ask early", style="List Bullet")
    document.add_paragraph("Sign the form", style="List Number")
    document.add_paragraph("Hand it in", style="List Number")
    table = document.add_table(rows=3, cols=2)
    for row, cells in zip(table.rows, [("Country", "Days"), ("Norway", "25"), ("Malta", "27")], strict=True):
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    document.add_heading("Sick days", level=2)
    document.add_paragraph("Call before nine.")
    return saved(document)


def pptx_with_two_slides() -> bytes:
    show = pptx.Presentation()
    first = show.slides.add_slide(show.slide_layouts[1])
    first.shapes.title.text = "Plan"
    first.placeholders[1].text = "Build the bridge\nTest the bridge"
    first.notes_slide.notes_text_frame.text = "Mention the budget."
    second = show.slides.add_slide(show.slide_layouts[5])
    second.shapes.title.text = "Costs"
    table = second.shapes.add_table(2, 2, 0, 0, 4_000_000, 1_000_000).table
    for row, cells in enumerate([("Part", "Price"), ("Steel", "9000")]):
        for column, words in enumerate(cells):
            table.cell(row, column).text = words
    return saved(show)


def xlsx_with(**sheets: Sequence[Sequence[object]]) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    return saved(workbook)


def epub(chapters: Mapping[str, str], **more: str) -> bytes:
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    parts: dict[str, bytes | str] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": "<container><rootfiles>"
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        "OEBPS/book.opf": '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        f"<dc:title>A Book</dc:title></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>",
    }
    parts |= {f"OEBPS/{name}": content for name, content in chapters.items()}
    return zipped(parts | {f"META-INF/{stem}.xml": content for stem, content in more.items()})


def odt(body: str, kind: str = "text") -> bytes:
    content = (
        '<office:document-content xmlns:office="urn:o" xmlns:text="urn:t" xmlns:table="urn:tb" '
        f'xmlns:draw="urn:d"><office:body><office:{kind}>{body}</office:{kind}></office:body>'
        "</office:document-content>"
    )
    return zipped({"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": content})
