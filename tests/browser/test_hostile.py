"""Nothing that a document, a model or a file name says makes the browser ask anybody for anything.

Two walls, each tried without the other: the escaping with the browser's policy switched off, and the
policy with an image that is put into the page past the escaping.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.served import PATIENCE, Served, Sink, serving

pytestmark = pytest.mark.browser

PAYLOADS = (
    "![a]({0}/plain)",
    "![a](<{0}/pointed> 'title')",
    "!\\[a]({0}/escaped)",
    "![a][r]\n\n[r]: {0}/reference",
    "[![a]({0}/linked)](http://elsewhere.test/)",
    '<img src="{0}/html">',
    '<svg><image href="{0}/svg"/></svg>',
    '<iframe src="{0}/frame"></iframe>',
    "~~~\n```\n~~~\n![a]({0}/fences)\n```",
    "| a ` | ![a]({0}/table) ` |\n|---|---|\n| b ` | ![a]({0}/cell) ` |",
    ":red[![a]({0}/directive)]",
    "$\\includegraphics{{{0}/formula}}$",
    '<link rel="prefetch" href="{0}/prefetch">',
    "<style>@import url({0}/style)</style>",
    "<video src={0}/video autoplay></video>",
    "[innocent]({0}/hidden)",
)


def payloads(sink: Sink) -> str:
    return "\n\n".join(payload.format(sink.address) for payload in PAYLOADS)


@pytest.fixture
def unguarded(chromium: Browser) -> Iterator[Page]:
    """A tab in which no Content-Security-Policy holds."""
    context = chromium.new_context(bypass_csp=True, viewport={"width": 1360, "height": 860})
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield context.new_page()
    context.close()


def ask(page: Page, question: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")


def last_message(page: Page, text: str) -> None:
    expect(page.get_by_test_id("stChatMessage").last).to_contain_text(text)


def settled(page: Page, sink: Sink) -> list[str]:
    """What the sink has heard once everything that was going to load has loaded."""
    page.wait_for_load_state("networkidle")
    time.sleep(0.5)
    return sink.asked


def test_a_model_cannot_make_the_page_fetch_anything(
    unguarded: Page, sink: Sink, new_data: Callable[[], Path]
) -> None:
    with serving(new_data(), "--model", f"scripted:0.02|{payloads(sink)} finished") as served:
        unguarded.goto(served.address)
        ask(unguarded, "How long can a physical product be refunded?")
        last_message(unguarded, "finished")
        assert settled(unguarded, sink) == []
        for link in unguarded.get_by_test_id("stChatMessage").last.locator("a").all():
            assert link.inner_text() in unquote(link.get_attribute("href") or "")


def test_a_document_and_its_name_cannot_either(unguarded: Page, sink: Sink, served: Served) -> None:
    name = f"![n]({sink.address.replace('/', ':')}) <img src=x> **bold** `code`.md"
    text = (
        f"# Rules\n\n{payloads(sink)}\n\nThe zebra crossing opens at dawn ![q]({sink.address}/quote) daily.\n"
    )
    unguarded.goto(served.address)
    sidebar = unguarded.get_by_test_id("stSidebarUserContent")
    sidebar.get_by_text("Documents (").click()
    file = FilePayload(name=name, mimeType="text/markdown", buffer=text.encode())
    sidebar.locator("input[type=file]").set_input_files(file)
    expect(unguarded.get_by_test_id("stMainBlockContainer")).to_contain_text(f"{name} added")
    listed = sidebar.get_by_role("button").filter(has_text=name)
    expect(listed).to_have_text(name)
    listed.click()
    expect(unguarded.get_by_role("dialog")).to_contain_text("/prefetch")
    unguarded.keyboard.press("Escape")
    ask(unguarded, "When does the zebra crossing open?")
    footnote = unguarded.get_by_test_id("stChatMessage").last.get_by_role("button", name="[1]")
    expect(footnote).to_contain_text(name)
    footnote.click()
    panel = unguarded.get_by_role("dialog")
    expect(panel.locator(".stMarkdownColoredBackground").first).to_contain_text(f"![q]({sink.address}/quote)")
    panel.get_by_text("The whole document").click()
    expect(panel.get_by_test_id("stText")).to_contain_text("/prefetch")
    assert settled(unguarded, sink) == []


def test_a_question_becomes_a_title_and_stays_text(unguarded: Page, sink: Sink, served: Served) -> None:
    question = f"![t]({sink.address}/t) **x**"
    unguarded.goto(served.address)
    ask(unguarded, question)
    titles = unguarded.get_by_test_id("stSidebarUserContent").get_by_role("button").filter(has_text="![t](")
    expect(titles.first).to_contain_text(question[:30])
    assert settled(unguarded, sink) == []


def test_the_policy_stops_what_the_escaping_would_let_through(
    chromium: Browser, sink: Sink, served: Served
) -> None:
    page = chromium.new_page()
    page.goto(served.address)
    expect(page.get_by_test_id("stChatInput")).to_be_visible()
    blocked = page.evaluate(
        """async (address) => await new Promise(resolve => {
            document.addEventListener('securitypolicyviolation', event => resolve(event.violatedDirective));
            const image = new Image(); image.src = address + '/past-the-escaping';
        })""",
        sink.address,
    )
    assert blocked == "img-src"
    assert settled(page, sink) == []
    page.close()
