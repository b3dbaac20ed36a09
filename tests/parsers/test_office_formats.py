"""Formats of office programs, mail and books: what is said, in order, with pages and headings."""

import datetime
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from footnote.errors import DocumentRefused
from footnote.parsers import docx, eml, epub, msg, odf, pptx, rtf, xlsx
from footnote.testing.parser import check_extracted
from footnote.types import Extracted
from tests.parsers import made_files


def blocks(extracted: Extracted) -> list[tuple[str, int, str]]:
    check_extracted(extracted)
    return [(block.kind, block.level, extracted.text[block.start : block.end]) for block in extracted.blocks]


def pages(extracted: Extracted) -> dict[str, str]:
    return {page.label: extracted.text[page.start : page.end] for page in extracted.pages}


# --- Word ------------------------------------------------------------------------------------------------


def test_a_word_document_keeps_headings_lists_and_tables_in_order() -> None:
    assert blocks(docx.parse(made_files.docx_with_everything(), "h.docx")) == [
        ("heading", 1, "Handbook"),
        ("heading", 1, "Leave"),
        ("paragraph", 0, "Everyone has thirty days."),
        ("list_item", 1, "- Ask early"),
        ("list_item", 1, "1. Sign the form"),
        ("list_item", 1, "2. Hand it in"),
        ("table_header", 0, "Country | Days"),
        ("table_row", 0, "Norway | 25"),
        ("table_row", 0, "Malta | 27"),
        ("heading", 2, "Sick days"),
        ("paragraph", 0, "Call before nine."),
    ]


def run(words: str, more: str = "") -> str:
    return f'<w:r>{more}<w:t xml:space="preserve">{words}</w:t></w:r>'


def test_tracked_changes_count_as_accepted() -> None:
    change = f"<w:del>{run('ten')}</w:del><w:ins>{run('twelve')}</w:ins>"
    body = f"<w:p>{run('We pay ')}{change}{run(' euros.')}</w:p>"
    assert docx.parse(made_files.word(body), "a.docx").text == "We pay twelve euros."


def test_a_text_box_is_read_once_and_hidden_text_is_left_out() -> None:
    box = "<w:txbxContent><w:p>" + run("In the box") + "</w:p></w:txbxContent>"
    body = (
        f"<w:p>{run('Before')}<w:r><AlternateContent><Choice>{box}</Choice><Fallback>{box}</Fallback>"
        f"</AlternateContent></w:r>{run('secret', '<w:rPr><w:vanish/></w:rPr>')}</w:p>"
    )
    extracted = docx.parse(made_files.word(body), "a.docx")
    assert extracted.text == "Before\n\nIn the box"
    assert extracted.notes == ("left out 1 passages marked as hidden text",)


def test_footnotes_are_read_after_the_text() -> None:
    notes = (
        f'<w:footnotes xmlns:w="{made_files.WORD}"><w:footnote w:type="separator"><w:p/></w:footnote>'
        f"<w:footnote><w:p>{run('Since 2019.')}</w:p></w:footnote></w:footnotes>"
    )
    file = made_files.word(f"<w:p>{run('Rule')}</w:p>", footnotes=notes)
    assert docx.parse(file, "a.docx").text == "Rule\n\nSince 2019."


def test_a_word_style_in_a_circle_ends() -> None:
    styles = (
        f'<w:styles xmlns:w="{made_files.WORD}">'
        '<w:style w:styleId="a"><w:name w:val="A"/><w:basedOn w:val="b"/></w:style>'
        '<w:style w:styleId="b"><w:name w:val="heading 3"/><w:basedOn w:val="a"/></w:style></w:styles>'
    )
    body = f'<w:p><w:pPr><w:pStyle w:val="a"/></w:pPr>{run("Title")}</w:p>'
    assert blocks(docx.parse(made_files.word(body, styles=styles), "a.docx")) == [("heading", 3, "Title")]


# --- PowerPoint ------------------------------------------------------------------------------------------


def test_each_slide_is_a_page_with_title_text_table_and_notes() -> None:
    extracted = pptx.parse(made_files.pptx_with_two_slides(), "p.pptx")
    assert blocks(extracted) == [
        ("heading", 1, "Plan"),
        ("list_item", 1, "- Build the bridge"),
        ("list_item", 1, "- Test the bridge"),
        ("paragraph", 0, "Mention the budget."),
        ("heading", 1, "Costs"),
        ("table_header", 0, "Part | Price"),
        ("table_row", 0, "Steel | 9000"),
    ]
    assert pages(extracted)["2"] == "Costs\n\nPart | Price\nSteel | 9000"


# --- Excel -----------------------------------------------------------------------------------------------


def test_each_sheet_is_a_page_of_rows() -> None:
    file = made_files.xlsx_with(
        Prices=[
            ("Item", "Price", "Since"),
            ("Bolt", 1.5, datetime.date(2024, 3, 1)),
            ("Nut", 0.1 + 0.2, None),
        ],
        Staff=[("Name", "Starts"), ("Ann", datetime.time(8, 15)), (), ("Note", True)],
    )
    extracted = xlsx.parse(file, "x.xlsx")
    check_extracted(extracted)
    assert pages(extracted) == {
        "Prices": "Item | Price | Since\nBolt | 1.5 | 2024-03-01\nNut | 0.3",
        "Staff": "Name | Starts\nAnn | 08:15:00\n\nNote | TRUE",
    }
    assert extracted.blocks[0].kind == "table_header"


def test_formulas_without_a_saved_value_are_noted() -> None:
    extracted = xlsx.parse(made_files.xlsx_with(A=[("Sum", "=1+1")]), "x.xlsx")
    assert extracted.text == "Sum"
    assert "1 formulas have no saved value" in extracted.notes[0]


# --- OpenDocument, RTF -----------------------------------------------------------------------------------


def test_an_open_document_text() -> None:
    body = (
        '<text:h text:outline-level="2">Rules</text:h><text:p>Two<text:s/>words<text:tab/>here</text:p>'
        "<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>inner</text:p>"
        "</text:list-item></text:list></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell>"
        "<table:table-cell><text:p>B</text:p></table:table-cell></table:table-row></table:table>"
    )
    assert blocks(odf.parse(made_files.odt(body), "a.odt")) == [
        ("heading", 2, "Rules"),
        ("paragraph", 0, "Two words\there"),
        ("list_item", 1, "- one"),
        ("list_item", 2, "- inner"),
        ("table_row", 0, "A | B"),
    ]


def test_an_open_document_sheet_with_a_million_empty_repeats() -> None:
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    filled = "<table:table-cell><text:p>x</text:p></table:table-cell>"
    rows = "".join(
        f'<table:table-row table:number-rows-repeated="1048576">{cells}</table:table-row>'
        for cells in (empty, filled)
    )
    body = f'<table:table table:name="Prices">{rows}</table:table>'
    extracted = odf.parse(made_files.odt(body, "spreadsheet"), "a.ods")
    assert extracted.pages[0].label == "Prices"
    assert extracted.text.count("x") == 200


def test_rich_text() -> None:
    words = (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\*\generator Word}\pard\outlinelevel0 Rules\par"
        rb"\pard Caf\'e9 costs 3 \u8364? and {\v hidden }\{braces\}\emdash ok\par"
        rb"A\cell B\cell\row C\cell D\cell\row\pard end\par}"
    )
    assert blocks(rtf.parse(words, "a.rtf")) == [
        ("heading", 1, "Rules"),
        ("paragraph", 0, "Café costs 3 € and {braces}—ok"),
        ("table_header", 0, "A | B"),
        ("table_row", 0, "C | D"),
        ("paragraph", 0, "end"),
    ]


# --- mail ------------------------------------------------------------------------------------------------


def mail(subject: str = "Your order") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Shop <shop@example.org>"
    message["To"] = "ann@example.org"
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0000"
    message["Subject"] = subject
    return message


def test_a_mail_with_two_bodies_and_an_attachment() -> None:
    message = mail("Größe ändern")
    message.set_content("Dear Ann,\n\nit left today.\n")
    message.add_alternative("<p>HTML form</p>", subtype="html")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="bill.pdf")
    extracted = eml.parse(message.as_bytes(), "m.eml")
    assert blocks(extracted) == [
        ("heading", 1, "Größe ändern"),
        (
            "paragraph",
            0,
            "From: Shop <shop@example.org>\nTo: ann@example.org\nDate: Mon, 02 Mar 2026 10:00:00 +0000",
        ),
        ("paragraph", 0, "Dear Ann,"),
        ("paragraph", 0, "it left today."),
    ]
    assert extracted.notes == ("attachments were not read, add them as files of their own: bill.pdf",)


def test_a_mail_with_only_html_is_read_as_a_page() -> None:
    message = mail()
    message.set_content("<ul><li>one<li>two</ul>", subtype="html")
    assert blocks(eml.parse(message.as_bytes(), "m.eml"))[2:] == [
        ("list_item", 1, "- one"),
        ("list_item", 1, "- two"),
    ]


def test_a_mail_attached_to_a_mail_is_read_with_it() -> None:
    inner, outer = mail("The first"), mail("The answer")
    inner.set_content("Question")
    outer.set_content("Answer")
    outer.add_attachment(inner)
    said = [
        (kind, level, words)
        for kind, level, words in blocks(eml.parse(outer.as_bytes(), "m.eml"))
        if "From" not in words
    ]
    assert said == [
        ("heading", 1, "The answer"),
        ("paragraph", 0, "Answer"),
        ("heading", 2, "The first"),
        ("paragraph", 0, "Question"),
    ]


def test_a_mail_with_a_broken_date_and_charset_is_still_read() -> None:
    raw = (
        b"From: <<<a@b\nDate: not a date\nSubject: =?bogus?q?x?=\n"
        b"Content-Type: text/plain; charset=nonsense\n\nWords"
    )
    assert "Words" in eml.parse(raw, "m.eml").text


# --- books -----------------------------------------------------------------------------------------------


def test_a_book_is_read_in_the_order_of_its_spine() -> None:
    book = made_files.epub(
        {"z.xhtml": "<title/><h1>One</h1><p>First.</p>", "a b.xhtml": "<h1>Two</h1><p>Then.</p>"}
    )
    assert blocks(epub.parse(book, "b.epub")) == [
        ("heading", 1, "A Book"),
        ("heading", 1, "One"),
        ("paragraph", 0, "First."),
        ("heading", 1, "Two"),
        ("paragraph", 0, "Then."),
    ]


def test_a_locked_book_is_refused_and_locked_fonts_are_not() -> None:
    def lock(part: str) -> str:
        return f'<e xmlns:c="urn:c"><c:CipherReference URI="{part}"/></e>'

    chapters = {"a.xhtml": "<p>Words</p>"}
    assert "Words" in epub.parse(made_files.epub(chapters, encryption=lock("OEBPS/f.otf")), "b.epub").text
    with pytest.raises(DocumentRefused) as refused:
        epub.parse(made_files.epub(chapters, encryption=lock("OEBPS/a.xhtml")), "b.epub")
    assert refused.value.reason == "encrypted"


# --- damage ----------------------------------------------------------------------------------------------

WHOLE: dict[str, tuple[Callable[[bytes, str], Extracted], bytes]] = {
    "docx": (docx.parse, made_files.docx_with_everything()),
    "pptx": (pptx.parse, made_files.pptx_with_two_slides()),
    "xlsx": (xlsx.parse, made_files.xlsx_with(A=[("Item", "Price"), ("Bolt", 2)])),
    "odt": (odf.parse, made_files.odt("<text:p>Words</text:p>")),
    "epub": (epub.parse, made_files.epub({"a.xhtml": "<p>Words</p>"})),
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_cut_file_is_damaged(kind: str, share: float) -> None:
    parse, data = WHOLE[kind]
    with pytest.raises(DocumentRefused) as refused:
        parse(data[: int(len(data) * share)], f"a.{kind}")
    assert refused.value.reason == "damaged"


def test_a_cut_outlook_message_is_damaged() -> None:
    with pytest.raises(DocumentRefused) as refused:
        msg.parse(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "a.msg")
    assert refused.value.reason == "damaged"
