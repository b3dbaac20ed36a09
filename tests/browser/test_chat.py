"""What a person sees and does on the chat page, in a real browser against a real server."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.served import Served, serving

pytestmark = pytest.mark.browser

QUESTION = "How long can a physical product be refunded?"
ANSWER = "Physical goods are refundable within 30 days of delivery."
SLOW = "0.15|" + " ".join(f"word{number}" for number in range(60)) + " done."


@pytest.fixture(scope="module")
def slow(new_data: Callable[[], Path]) -> Iterator[Served]:
    """A server whose answers take nine seconds."""
    with serving(new_data(), "--model", f"scripted:{SLOW}") as running:
        yield running


def ask(page: Page, question: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")


def answers(page: Page) -> Locator:
    """The answers, without the questions: only they carry our sign."""
    return page.get_by_test_id("stChatMessage").filter(has=page.locator("img"))


def main(page: Page) -> Locator:
    return page.get_by_test_id("stMainBlockContainer")


def sidebar(page: Page) -> Locator:
    return page.get_by_test_id("stSidebarUserContent")


def metric(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=name).get_by_test_id("stMetricValue")


def footnote(page: Page, number: int = 1) -> Locator:
    return answers(page).last.get_by_role("button", name=f"[{number}]").first


def highlighted(page: Page) -> Locator:
    return page.get_by_role("dialog").locator(".stMarkdownColoredBackground")


def test_an_answer_carries_a_footnote_that_opens_the_source_at_the_quote(page: Page, served: Served) -> None:
    page.goto(served.address)
    ask(page, QUESTION)
    expect(answers(page).last).to_contain_text(ANSWER)
    expect(footnote(page)).to_contain_text("refund-policy.md")
    expect(footnote(page)).to_contain_text("✓ verified")
    footnote(page).click()
    panel = page.get_by_role("dialog")
    expect(highlighted(page).first).to_have_text(ANSWER)
    expect(highlighted(page).first).to_be_in_viewport()
    expect(panel).to_contain_text("The source says this word for word.")
    with page.expect_download() as downloading:
        panel.get_by_role("button", name="Download the original").click()
    assert ANSWER.encode() in Path(downloading.value.path()).read_bytes()
    panel.get_by_text("The whole document").click()
    expect(panel.get_by_test_id("stText")).to_contain_text(ANSWER)


def test_the_page_uses_the_width_and_starts_with_what_to_ask(page: Page, served: Served) -> None:
    page.goto(served.address)
    expect(main(page)).to_contain_text("5 documents ready.")
    expect(main(page).get_by_role("button")).to_have_count(3)
    width = main(page).bounding_box()
    assert width is not None
    assert width["width"] > 1000
    main(page).get_by_role("button", name="What was Q3 2024 revenue?").click()
    expect(answers(page).last).to_contain_text("$4.2M")


def test_a_file_that_is_uploaded_can_be_asked_about(page: Page, served: Served, tmp_path: Path) -> None:
    (tmp_path / "parking.md").write_text("# Parking\n\nVisitors park on level B of the garage.\n")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    page.goto(served.address)
    sidebar(page).get_by_text("Documents (").click()
    sidebar(page).locator("input[type=file]").set_input_files(
        [tmp_path / "parking.md", tmp_path / "broken.pdf"]
    )
    expect(main(page)).to_contain_text("parking.md added: 1 passage.")
    expect(main(page)).to_contain_text("broken.pdf was refused.")
    ask(page, "Where do visitors park?")
    expect(answers(page).last).to_contain_text("Visitors park on level B of the garage.")
    footnote(page).click()
    expect(highlighted(page).first).to_have_text("Visitors park on level B of the garage.")


def test_a_document_is_read_and_downloaded_by_a_click_on_its_name(page: Page, served: Served) -> None:
    page.goto(served.address)
    sidebar(page).get_by_text("Documents (").click()
    sidebar(page).get_by_role("button", name="refund-policy.md").click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_test_id("stText")).to_contain_text(ANSWER)
    with page.expect_download() as downloading:
        panel.get_by_role("button", name="Download the original").click()
    assert ANSWER.encode() in Path(downloading.value.path()).read_bytes()
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)


def test_a_quote_from_a_file_of_code_is_set_as_code(page: Page, served: Served, tmp_path: Path) -> None:
    (tmp_path / "oven.py").write_text(
        'def heat(oven):\n    """Heat the oven to 220 degrees."""\n    oven.on()\n'
    )
    page.goto(served.address)
    sidebar(page).get_by_text("Documents (").click()
    sidebar(page).locator("input[type=file]").set_input_files(tmp_path / "oven.py")
    expect(main(page)).to_contain_text("oven.py added")
    ask(page, "To how many degrees is the oven heated?")
    expect(footnote(page)).to_contain_text("oven.py")
    footnote(page).click()
    expect(highlighted(page).first).to_contain_text("220 degrees")
    expect(highlighted(page).first).to_have_css("font-family", re.compile("mono|Code"))
    page.keyboard.press("Escape")
    ask(page, QUESTION)
    expect(footnote(page)).to_contain_text("refund-policy.md")
    footnote(page).click()
    expect(highlighted(page).first).to_have_text(ANSWER)
    expect(highlighted(page).first).not_to_have_css("font-family", re.compile("mono|Code"))


def test_the_verdict_of_a_footnote_is_in_sight_on_a_narrow_screen(
    page: Page, served: Served, tmp_path: Path
) -> None:
    name = "the rules of the house for guests who stay for more than a week.md"
    (tmp_path / name).write_text("Guests feed the parrot at sunset.\n")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(served.address)
    page.get_by_test_id("stChatInput").locator("input[type=file]").first.set_input_files(tmp_path / name)
    expect(page.get_by_test_id("stChatInput")).to_contain_text("week.md")
    page.get_by_test_id("stChatInputTextArea").fill("When do guests feed the parrot?")
    page.get_by_test_id("stChatInputSubmitButton").click()
    expect(footnote(page)).to_contain_text(name)
    expect(footnote(page).get_by_text("✓ verified")).to_be_in_viewport(ratio=0.9)


def test_a_file_and_a_question_can_be_sent_together(page: Page, served: Served, tmp_path: Path) -> None:
    (tmp_path / "canteen.txt").write_text("The canteen closes at 14:30 on Fridays.\n")
    page.goto(served.address)
    page.get_by_test_id("stChatInput").locator("input[type=file]").first.set_input_files(
        tmp_path / "canteen.txt"
    )
    expect(page.get_by_test_id("stChatInput")).to_contain_text("canteen.txt")
    page.get_by_test_id("stChatInputTextArea").fill("When does the canteen close on Fridays?")
    # Enter does nothing while the file is still on its way; the button waits.
    page.get_by_test_id("stChatInputSubmitButton").click()
    expect(answers(page).last).to_contain_text("The canteen closes at 14:30 on Fridays.")


def test_an_answer_goes_on_while_nobody_looks(page: Page, slow: Served) -> None:
    page.goto(slow.address)
    ask(page, QUESTION)
    expect(answers(page).last).to_contain_text("word3")
    page.reload()
    expect(answers(page).last).to_contain_text("word3")
    expect(answers(page).last).not_to_contain_text("done.", timeout=1)
    expect(answers(page).last).to_contain_text("word59 done.")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    expect(answers(page)).to_have_count(1)


def test_stop_keeps_the_half_answer_and_says_so(page: Page, slow: Served) -> None:
    page.goto(slow.address)
    ask(page, QUESTION)
    expect(answers(page).last).to_contain_text("word3")
    page.get_by_role("button", name="Stop").click()
    expect(answers(page).last).to_contain_text("The answer was stopped before its end.")
    expect(answers(page).last).to_contain_text("word3")
    expect(answers(page).last).not_to_contain_text("done.")
    page.reload()
    expect(answers(page).last).to_contain_text("The answer was stopped before its end.")
    expect(answers(page).last).to_contain_text("word3")
    answers(page).last.get_by_role("button", name="Ask again").click()
    expect(answers(page)).to_have_count(2)
    expect(answers(page).last).to_contain_text("word59 done.")


def test_a_question_typed_meanwhile_is_answered_next(page: Page, slow: Served) -> None:
    page.goto(slow.address)
    ask(page, QUESTION)
    expect(answers(page).last).to_contain_text("word3")
    ask(page, "What was Q3 2024 revenue?")
    expect(main(page)).to_contain_text("Asked next, when this answer is done")
    page.get_by_role("button", name="Stop").click()
    expect(answers(page)).to_have_count(2)
    expect(answers(page).last).to_contain_text("word3")
    page.get_by_role("button", name="Stop").click()
    expect(answers(page).last).to_contain_text("The answer was stopped before its end.")


def test_nothing_of_an_earlier_moment_stays_beside_a_growing_answer(page: Page, slow: Served) -> None:
    page.goto(slow.address)
    ask(page, QUESTION)
    expect(answers(page).last).to_contain_text("word3")
    # Not waited for: when the answer is done, all of an earlier moment is gone.
    assert page.get_by_test_id("stMetric").count() == 4
    ask(page, "What was Q3 2024 revenue?")
    expect(main(page)).to_contain_text("Asked next, when this answer is done")
    page.get_by_role("button", name="Stop").click()
    expect(answers(page)).to_have_count(2)
    expect(answers(page).last).to_contain_text("word3")
    assert page.get_by_test_id("stMetric").count() == 4
    assert page.get_by_test_id("stChatMessage").count() == 4
    assert page.get_by_text("Asked next").count() == 0
    assert page.get_by_text("Ask again").count() == 0
    page.get_by_role("button", name="Stop").click()
    expect(answers(page).last).to_contain_text("The answer was stopped before its end.")


def test_another_tab_sees_the_same_conversation(page: Page, served: Served) -> None:
    page.goto(served.address)
    ask(page, QUESTION)
    expect(answers(page).last).to_contain_text(ANSWER)
    other = page.context.new_page()
    other.goto(page.url)
    expect(answers(other).last).to_contain_text(ANSWER)
    expect(metric(other, "Questions asked")).to_have_text("1")
    expect(metric(other, "Searches")).to_have_text("1")


def test_a_conversation_is_found_again_and_can_be_cleared(page: Page, served: Served) -> None:
    question = "How fast does premium support answer?"
    page.goto(served.address)
    ask(page, question)
    expect(metric(page, "Questions asked")).to_have_text("1")
    sidebar(page).get_by_role("button", name="New conversation").click()
    expect(answers(page)).to_have_count(0)
    expect(metric(page, "Questions asked")).to_have_text("0")
    sidebar(page).get_by_role("button", name=question).first.click()
    expect(answers(page)).to_have_count(1)
    expect(footnote(page)).to_be_visible()
    sidebar(page).get_by_role("button", name="Delete this conversation").click()
    sidebar(page).get_by_role("button", name="Delete for good").click()
    expect(answers(page)).to_have_count(0)
    expect(sidebar(page).get_by_role("button", name=question)).to_have_count(0)


def test_what_the_documents_do_not_say_is_declined_calmly(page: Page, served: Served) -> None:
    page.goto(served.address)
    ask(page, "Who won the 1998 football world cup?")
    expect(answers(page).last).to_contain_text("I don't have that information in your documents.")
    expect(main(page).get_by_test_id("stAlert")).to_have_count(0)
    closest = answers(page).last.get_by_test_id("stExpander")
    expect(closest).to_contain_text("The closest I found, which is not an answer")
    expect(closest.get_by_role("button").first).to_be_visible()
    closest.get_by_role("button").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Download the original")


def test_a_removed_document_leaves_no_quote_behind(page: Page, served: Served, tmp_path: Path) -> None:
    (tmp_path / "lockers.md").write_text("The lockers are emptied every thirtieth of June.\n")
    page.goto(served.address)
    sidebar(page).get_by_text("Documents (").click()
    sidebar(page).locator("input[type=file]").set_input_files(tmp_path / "lockers.md")
    expect(main(page)).to_contain_text("lockers.md added")
    ask(page, "When are the lockers emptied?")
    expect(footnote(page)).to_contain_text("lockers.md")
    entry = sidebar(page).locator('[class*="st-key-document-"]').filter(has_text="lockers.md")
    entry.get_by_role("button").last.click()
    entry.get_by_role("button", name="Remove", exact=True).click()
    expect(main(page)).to_contain_text("lockers.md is gone. 1 saved answer cites it.")
    footnote(page).click()
    expect(page.get_by_role("dialog")).to_contain_text("was removed")
    expect(highlighted(page)).to_have_count(0)
    page.keyboard.press("Escape")
    main(page).get_by_role("button", name="Delete those answers").click()
    expect(answers(page).last).not_to_contain_text("thirtieth")
