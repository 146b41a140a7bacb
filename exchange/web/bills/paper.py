"""A money document on paper: A4, letters embedded, its rows over as many pages as they need."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from exchange.web.bills.told import Told

_INK, _DIM, _LINE = colors.HexColor("#141a24"), colors.HexColor("#5b6477"), colors.HexColor("#d5d9e0")
_FACES = (("Bill", "Vera.ttf"), ("Bill-Bold", "VeraBd.ttf"))  # reportlab brings them; they have a true minus sign
_WIDTH_MM = 170


def draw(bill: Told) -> bytes:
    """The PDF. It takes some tens of milliseconds of a core."""
    bring_letters()
    text = ParagraphStyle("text", fontName="Bill", fontSize=8.4, leading=11.6, textColor=_INK)
    right = ParagraphStyle("right", parent=text, alignment=TA_RIGHT)
    bold = ParagraphStyle("bold", parent=text, fontName="Bill-Bold")
    bold_right = ParagraphStyle("bold-right", parent=bold, alignment=TA_RIGHT)
    title = ParagraphStyle("title", parent=bold, fontSize=17, leading=22, spaceBefore=8, spaceAfter=6)

    def cell(words: str, style: ParagraphStyle = text) -> Paragraph:
        return Paragraph(escape(printed(words)), style)

    parties = [[_stack(bill.sender, cell, bold), _stack(bill.receiver, cell, bold)]]
    rows = [
        [cell("What", bold), cell(bill.group_word, bold), cell("Entries", bold_right), cell("Amount", bold_right)],
        *(
            [cell(row.what), cell(row.group), cell(f"{row.entries:,}", right), cell(row.amount, right)]
            for row in bill.rows
        ),
    ]
    sums = [[cell(label, right), cell(amount, right)] for label, amount in bill.after]
    sums.append([cell(bill.total[0], bold_right), cell(bill.total[1], bold_right)])
    story: list[Flowable] = [
        _table(parties, (95, 75)),
        cell(f"{bill.title} {bill.number}", title),
        _table([[cell(label), cell(value)] for label, value in bill.heading], (40, 130)),
        Spacer(1, 5 * mm),
    ]
    if bill.before:
        story += [_ruled([[cell(label), cell(amount, right)] for label, amount in bill.before]), Spacer(1, 5 * mm)]
    story += [_ruled(rows, (50, 62, 22, 36), head=True), _table(sums, (134, 36)), Spacer(1, 6 * mm)]
    story += [cell(line) for note in bill.notes for line in note.split("\n")]
    return _built(bill, story)


def bring_letters() -> None:
    """`Bill` and `Bill-Bold`, to be embedded."""
    for name, file in _FACES:
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, file))


def _built(bill: Told, story: list[Flowable]) -> bytes:
    def number(canvas: Any, paper: Any) -> None:
        canvas.setFont("Bill", 7)
        canvas.setFillColor(_DIM)
        canvas.drawString(20 * mm, 10 * mm, printed(f"{bill.title} {bill.number}"))
        canvas.drawRightString(A4[0] - 20 * mm, 10 * mm, f"Page {paper.page}")

    written = io.BytesIO()
    paper = SimpleDocTemplate(
        written,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=printed(f"{bill.title} {bill.number}"),
        author=printed(bill.sender[0] if bill.sender else ""),
        lang="en",
        invariant=1,  # the same document is the same bytes
    )
    paper.build(story, onFirstPage=number, onLaterPages=number)
    return written.getvalue()


def _stack(lines: Sequence[str], cell: Any, first: ParagraphStyle) -> list[Paragraph]:
    return [cell(line, first) if place == 0 else cell(line) for place, line in enumerate(lines)]


def _table(rows: Sequence[Sequence[Any]], widths_mm: Sequence[float]) -> Table:
    rules = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0), *_TIGHT]
    return Table(rows, [width * mm for width in widths_mm], style=TableStyle(rules))


def _ruled(rows: Sequence[Sequence[Any]], widths_mm: Sequence[float] = (134, 36), *, head: bool = False) -> Table:
    rules: list[Any] = [("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE), ("LEFTPADDING", (0, 0), (-1, -1), 2), *_TIGHT]
    if head:
        rules.append(("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#f1f3f6")))
    return Table(rows, [width * mm for width in widths_mm], repeatRows=int(head), style=TableStyle(rules))


_TIGHT: tuple[Any, ...] = (
    ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
)
_STROKES = MappingProxyType(dict(zip("ŁłĐđĦħŦŧıŒœ", "LlDdHhTtiOo", strict=True)))  # no mark can be taken off these
_KNOWN = frozenset("−–—’‘“”•…€™")


def printed(text: str) -> str:
    """What these letters can show: Latin ones whole, others without their marks, the rest as a question mark."""
    return "".join(each if _shown(each) else _folded(each) for each in text)


def _shown(letter: str) -> bool:
    return letter in _KNOWN or ord(letter) < 0x100


def _folded(letter: str) -> str:
    first = _STROKES.get(letter) or unicodedata.normalize("NFKD", letter)[:1]
    return first if first and _shown(first) else "?"
