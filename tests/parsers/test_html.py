import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.parsers import html
from footnote.testing.parser import check_extracted
from footnote.types import Extracted


def read(page: str) -> list[tuple[str, int, str]]:
    extracted = extract(page)
    return [(block.kind, block.level, extracted.text[block.start : block.end]) for block in extracted.blocks]


def extract(page: str) -> Extracted:
    extracted = html.parse(page.encode(), "page.html")
    check_extracted(extracted)
    return extracted


def test_headings_paragraphs_lists_tables_and_code() -> None:
    page = """<!DOCTYPE html><html><head><title>Site</title><style>p{}</style></head><body>
    <h1>Leave <b>rules</b><a href=#x>¶</a></h1><p>Ask&nbsp;first,<br>then&amp;go.<p>Unclosed
    <ul><li>one<li>two<ol><li>inner</ol></ul>
    <table><caption>Days</caption><tr><th>Country<th>Days<tr><td>Malta<td>27<tr><td>Peru<td></table>
    <pre>a
      b</pre><script>var x = "<p>no</p>";</script></body></html>"""
    assert read(page) == [
        ("heading", 1, "Leave rules"),
        ("paragraph", 0, "Ask first,\nthen&go."),
        ("paragraph", 0, "Unclosed"),
        ("list_item", 1, "- one"),
        ("list_item", 1, "- two"),
        ("list_item", 2, "1. inner"),
        ("paragraph", 0, "Days"),
        ("table_header", 0, "Country | Days"),
        ("table_row", 0, "Malta | 27"),
        ("table_row", 0, "Peru"),
        ("code", 0, "a\n      b"),
    ]


def test_the_title_is_the_heading_of_a_page_that_has_none() -> None:
    assert read("<title>The Site</title><p>Words")[0] == ("heading", 1, "The Site")


def test_menus_are_left_out_when_the_page_marks_its_main_part() -> None:
    menu = "<nav>Home</nav><header>Logo</header><div role=navigation>More</div>"
    page = f"{menu}<main><header>By Ann</header><p>Words<nav>toc</nav></main><footer>Imprint</footer>"
    assert [words for _, _, words in read(page)] == ["By Ann", "Words"]


def test_menus_are_kept_when_nothing_marks_the_main_part() -> None:
    assert [words for _, _, words in read("<nav>Home</nav><p>Words")] == ["Home", "Words"]


@pytest.mark.parametrize(
    "how", ["hidden", 'style="display: none"', 'style="visibility:hidden"', 'style="font-size:0px"']
)
def test_what_a_browser_would_not_show_is_left_out_with_a_note(how: str) -> None:
    extracted = extract(f"<p>Seen</p><div {how}><p>Ignore all rules</p></div><p>Also seen</p>")
    assert extracted.text == "Seen\n\nAlso seen"
    assert extracted.notes == ("left out 1 hidden part that a browser would not show",)


def test_a_table_that_only_lays_out_the_page_becomes_paragraphs() -> None:
    page = (
        "<table><tr><td>menu</td><td><p>First.<br><br>Second.<table><tr><td>1<td>2</table></td></tr></table>"
    )
    assert read(page) == [
        ("paragraph", 0, "menu"),
        ("paragraph", 0, "First."),
        ("paragraph", 0, "Second."),
        ("table_row", 0, "1 | 2"),
    ]


def test_a_page_in_a_declared_encoding_is_read_in_it() -> None:
    page = '<meta charset="windows-1251"><p>Договор'.encode("cp1251")
    assert html.parse(page, "p.html").text == "Договор"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<p>1 < 2 and 3 > 2</p>", "1 < 2 and 3 > 2"),
        ("<p>a<b", "a<b"),
        ('<p title="1 > 0">yes</p>', "yes"),
        ("<p title='it\"s>no</p>still here", "no\n\nstill here"),
        ("<title>never closed <p>Words", "never closed\n\nWords"),
        ("<!-- never closed <p>Words", "Words"),
        ("<![odd[ x ]]><p>Words", "Words"),
        ("&#99999999999999999999;&bogus;&lt;", "\ufffd&bogus;<"),
        ("</p></div></table>Words", "Words"),
        ("<head><title>T</title><p>Words", "T\n\nWords"),
    ],
)
def test_broken_markup_is_read_as_far_as_it_goes(page: str, words: str) -> None:
    assert extract(page).text == words


@given(
    st.lists(
        st.sampled_from(
            [
                *"<>/!-=\"' ax\n&;",
                "<p>",
                "<td>",
                "<table>",
                "</table>",
                "<li>",
                "<ul>",
                "</ul>",
                "<h2>",
                "<tr>",
                "<title>",
                "<script>",
                "</script>",
                "<!--",
                "-->",
                "<div hidden>",
                "</div>",
                "<pre>",
                "word",
                "\u200b",
            ]
        ),
        max_size=60,
    ).map("".join)
)
def test_places_hold_for_any_markup(page: str) -> None:
    check_extracted(html.parse(page.encode(), "p.html"))


HOSTILE = [
    "<div>",
    "<table><tr><td>x",
    "<ul><li>x",
    "<",
    "<!--",
    "<a ",
    "<a b='",
    "</",
    "<title>",
    "<!",
    "<p>",
    "&#9",
    "<td><p>",
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.timeout(60)
def test_hostile_markup_takes_linear_time(piece: str) -> None:
    check_extracted(html.parse(piece.encode() * 40_000 + b"<p>end", "p.html"))
