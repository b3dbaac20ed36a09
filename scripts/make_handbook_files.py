"""Write the two binary documents of the handbook, a DOCX and a PDF, from the text in this file.

The same text gives the same bytes on every run: dates are fixed and no random identifier is written. Run it
after an edit, from anywhere; `--check` writes nothing and fails if a file does not hold its text.

    python scripts/make_handbook_files.py [--check]

Needs python-docx and the development tool reportlab. Start reading at `main`.
"""

import argparse
import io
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from docx import Document
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import cm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

DOCUMENTS = Path(__file__).resolve().parents[1] / "src" / "footnote" / "handbook" / "documents"
WRITTEN = datetime(2024, 11, 1, 9, 0, tzinfo=UTC)

# Both texts are blocks between blank lines: "# " a title, "## " a heading, "- " an item, "| " a table,
# "<page>" a new page, and anything else a paragraph.

ONBOARDING = """
# Your first weeks at Vanewick

Welcome. This paper tells you what happens between the signature and your hundredth day, so that you can
spend your curiosity on better things. Owner: Leona Farrow, people team. Version of 1 October 2024.

## Before you start

Two weeks before your first day we send a form for your bank details and ask which keyboard you type on.
People who work from home receive their laptop by courier; everyone else finds it on the desk.

You are given a buddy from another team. Buddies are chosen because they are kind and know where things are.
They do not report on you, and you may ask them anything.

## The first week

| Day | What | With whom |
| Monday | Arrive at 09:30, badge, keys, tour, lunch on the company | Buddy |
| Tuesday | Set up accounts and the password manager | Security desk |
| Wednesday | Listen to customers for half a day | Customer Care |
| Thursday | Build a Perch at the workbench | Laboratory |
| Friday | Goals for the first ninety days | Team lead |

Everyone builds a station with their own hands, accountants too. It is yours to keep, and it is the first
entry in the list of stations that we may try new firmware on, unless you would rather not.

## Courses that everyone takes

| Course | To be finished by | Length |
| Information security | end of the second week | 45 minutes |
| Code of conduct | day 30 | 30 minutes |
| Handling personal data | day 60 | 40 minutes |
| Laboratory safety | before you enter the laboratory alone | 2 hours |

Accounts of people who have missed the security course are locked on the next Monday until they have taken
it. The courses are in the people portal and can be interrupted.

## The first three months

- After 30, 60 and 90 days you sit down with your team lead for an hour. Both of you write three lines
beforehand: what goes well, what does not, what is missing.

- In Duluth the first three months are a trial period, during which either side can part with two weeks'
notice. In Ghent there is no trial period, since the law has done away with it.

- Within the first year you travel to the other office once. The travel policy tells you how to book.

- On day 100 you tell Leona Farrow over coffee what you would change about these weeks. Most of this paper
comes from such coffees.

## Practical matters

Salaries arrive on the 25th of the month, or on the working day before. Your payslip is in the people
portal; questions about it go to Sunniva Drage.

Badges are made by Lorna Beech in Duluth and Joris Pauwel in Ghent. If you forget yours, sign in as a
visitor for the day.

In Ghent the company pays the season ticket for train and tram. In Duluth parking behind the boathouse is
free, first come, first served.
"""

ANNUAL_SUMMARY = """
# Vanewick in 2023: a summary of the year

For colleagues, lenders and the families of the founders. Audited figures. Signed by Ingrid Halloway and
Tomas Verbeke, 22 March 2024.

## The year in brief

Revenue reached $13.2M in 2023, 17 % more than the $11.3M of the year before. The year ended with an
operating loss of $0.4M, half of what we had feared in spring. No dividend was paid.

Two events shaped the year. In April the warehouse in Ghent opened; until then, every parcel for Europe was
sent across the ocean one by one. And in summer we learned, slowly, that many customers had stayed angry
with us after a return, because we gave them credit when they wanted their money.

At the end of December about 52,000 stations were connected, and 18,900 subscribers paid for a plan. We
employed 81 people.

## What went wrong

A batch of 600 Hubs left the factory with a weak antenna. All owners were written to, and 540 of them took
up the offer of an exchange. The cost of $48,000 was shared equally with the assembler.

We raised no prices in 2023, although hosting and radio licences had become much dearer. In hindsight we
waited a year too long.

<page>

## Figures by quarter

All figures in millions of dollars.

| 2023 | Q1 | Q2 | Q3 | Q4 | Year |
| Subscriptions | 1.98 | 2.19 | 2.37 | 2.50 | 9.04 |
| Hardware | 0.86 | 0.90 | 0.85 | 0.79 | 3.40 |
| Services | 0.18 | 0.19 | 0.19 | 0.20 | 0.76 |
| Revenue | 3.02 | 3.28 | 3.41 | 3.49 | 13.20 |

The third quarter of 2023 brought $3.41M, of which subscriptions made up $2.37M. The fourth quarter was
weaker in hardware than hoped: a storm closed the port of Antwerp for nine days in November, and containers
with Perch stations arrived after the holidays.

The Americas contributed $8.7M and Europe $4.5M. The gross margin for the year was 60 %.

## Where the money went

Wages took $6.1M, parts and assembly $3.3M, hosting and radio licences $1.4M, freight $0.9M. Two per cent of
revenue went into the laboratory's new wind tunnel, which was opened in September.

The tunnel, the racks in Ghent and a forklift were paid for with an equipment loan of $1.2M over four years.

<page>

## Customers

Customer Care closed 46,000 cases. Of first answers to Premium customers, 94 % were on time. Asked whether
their problem had been solved, 83 % of customers said yes.

## Waste and energy

Customers sent back 4,100 worn-out packs for recycling. Of the instruments that were returned to us, 61 %
were mended and sold again as refurbished; the rest were taken apart for spares.

Both offices run on electricity from wind and water. Freight between Brno and Ghent moved from lorry to rail
in October, which takes two days longer and saves about a third of the fuel.

## What we plan for 2024

- Revenue between $15M and $16M, and a year without a loss.

- New prices from February, and a fairer refund policy from March.

- Stainless or not, an answer to the complaints about Root probes in fertilised soil.

- Eleven more colleagues, most of them in engineering.
"""


def blocks(text: str) -> list[tuple[str, str]]:
    """The blocks of a text as (mark, content), the lines of a paragraph joined; a table keeps its lines."""
    found = []
    for block in text.strip().split("\n\n"):
        if block.startswith("| "):
            found.append(("|", block))
            continue
        mark, _, rest = block.partition(" ")
        marked = mark in {"#", "##", "-", "<page>"}
        found.append((mark if marked else "", " ".join((rest if marked else block).split())))
    return found


def rows(table: str) -> list[list[str]]:
    """The cells of a table, row by row."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def onboarding_docx() -> bytes:
    """The welcome paper for new colleagues as a DOCX file."""
    document = Document()
    properties = document.core_properties
    properties.title, properties.author = "Your first weeks at Vanewick", "Vanewick Instruments"
    properties.last_modified_by, properties.comments = "Vanewick Instruments", ""
    properties.created = properties.modified = WRITTEN.replace(tzinfo=None)
    for mark, content in blocks(ONBOARDING):
        match mark:
            case "#":
                document.add_heading(content, level=0)
            case "##":
                document.add_heading(content, level=1)
            case "-":
                document.add_paragraph(content, style="List Bullet")
            case "|":
                header, *body = rows(content)
                table = document.add_table(rows=1 + len(body), cols=len(header), style="Light Grid Accent 1")
                for row, values in zip(table.rows, [header, *body], strict=True):
                    for cell, value in zip(row.cells, values, strict=True):
                        cell.text = value
            case _:
                document.add_paragraph(content)
    written = io.BytesIO()
    document.save(written)
    return redated(written.getvalue())


def redated(archive: bytes) -> bytes:
    """The same zip archive with fixed dates, because python-docx stamps its members with the current time."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(fixed, "w") as target:
        for name in source.namelist():
            member = zipfile.ZipInfo(name, date_time=WRITTEN.timetuple()[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            target.writestr(member, source.read(name))
    return fixed.getvalue()


def annual_summary_pdf() -> bytes:
    """The summary of the year 2023 as a PDF file of three pages."""
    styles = getSampleStyleSheet()
    grid = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("ALIGN", (1, 0), (-1, -1), "RIGHT")])
    story: list[Flowable] = []
    for mark, content in blocks(ANNUAL_SUMMARY):
        match mark:
            case "#":
                story.append(Paragraph(content, styles["Title"]))
            case "##":
                story.append(Paragraph(content, styles["Heading2"]))
            case "-":
                story.append(Paragraph(content, styles["BodyText"], bulletText="•"))
            case "|":
                story += [Spacer(0, 0.3 * cm), Table(rows(content), style=grid), Spacer(0, 0.3 * cm)]
            case "<page>":
                story.append(PageBreak())
            case _:
                story.append(Paragraph(content, styles["BodyText"]))
    written = io.BytesIO()
    SimpleDocTemplate(
        written,
        pagesize=A4,
        title="Vanewick in 2023: a summary of the year",
        author="Vanewick Instruments",
        invariant=1,
        pageCompression=0,
    ).build(story, onFirstPage=number_page, onLaterPages=number_page)
    return written.getvalue()


def number_page(canvas: Canvas, template: BaseDocTemplate) -> None:
    """Print the number of the page at its foot."""
    canvas.setFont("Helvetica", 9)
    canvas.drawCentredString(A4[0] / 2, 1.2 * cm, f"Vanewick in 2023, page {template.page}")


def unpacked(content: bytes) -> bytes | dict[str, bytes]:
    """What a file holds, whichever library compressed it: the members of a zip archive, else the bytes."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def main() -> int:
    """Write both files, or with `--check` compare them; returns the exit status, 1 where a file differs."""
    parser = argparse.ArgumentParser(description="Write the DOCX and the PDF of the handbook.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail where a file differs")
    check = parser.parse_args().check
    status = 0
    for name, content in [
        ("onboarding.docx", onboarding_docx()),
        ("annual-summary-2023.pdf", annual_summary_pdf()),
    ]:
        path = DOCUMENTS / name
        if not check:
            path.write_bytes(content)
        elif not path.exists() or unpacked(path.read_bytes()) != unpacked(content):
            print(
                f"{name} does not hold its text: run {Path(__file__).name} without --check.", file=sys.stderr
            )
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
