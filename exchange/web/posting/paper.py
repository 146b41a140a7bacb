"""The posting instructions on paper."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle, XPreformatted

from exchange.model.spec import FieldLine, Spec
from exchange.stages.spec_changes import day
from exchange.web.posting.words import Shown

_INK, _DIM, _LINE = colors.HexColor("#141a24"), colors.HexColor("#5b6477"), colors.HexColor("#d5d9e0")
_CODE_CHARACTERS = 92
_TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=9, leading=12.5, textColor=_INK)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=7.6, leading=9.8)
_HEAD = ParagraphStyle("head", parent=_TEXT, fontName="Helvetica-Bold", fontSize=12, leading=16, spaceBefore=12)
_TITLE = ParagraphStyle("title", parent=_HEAD, fontSize=18, leading=22, spaceBefore=0)
_CODE = ParagraphStyle("code", parent=_TEXT, fontName="Courier", fontSize=7.6, leading=9.6, leftIndent=4)


class Leaflet(NamedTuple):
    """What is printed. `base` is where the calls are; `sample` a request that runs."""

    exchange: str
    spec: Spec
    version: str
    base: str
    sample: str
    answers: Sequence[Shown]
    codes: Mapping[str, str]
    test_values: Sequence[tuple[str, str, str]]
    rules: Sequence[str]
    postbacks: Sequence[str]


def draw(leaflet: Leaflet) -> bytes:
    """The PDF, A4. It takes some tens of milliseconds of a core."""
    spec = leaflet.spec
    title = spec.title
    story: list[Flowable] = [
        Paragraph(escape(title), _TITLE),
        Paragraph(f"Posting instructions of {escape(leaflet.exchange)}. {leaflet.version}.", _TEXT),
        Paragraph("Endpoints", _HEAD),
        _table(
            [
                [f"POST {leaflet.base}/ping", "get a price; nothing personal is needed"],
                [f"POST {leaflet.base}/post", f"sell the lead, within {spec.hold_ms // 1000} s at the ping's price"],
                [f"POST {leaflet.base}/pingpost", "both in one call"],
                [f"GET {leaflet.base}/leads/{{lead_id}}", "status and money"],
            ],
            (110, 60),
        ),
        Paragraph("Fields", _HEAD),
        _table(
            [["Field", "Ping", "Post", "Takes", "Example"], *(_field(line) for line in spec.fields)],
            (36, 15, 15, 72, 32),
            head=True,
        ),
        Paragraph("A request that runs", _HEAD),
        _code(leaflet.sample),
        Paragraph("Answers", _HEAD),
    ]
    for shown in leaflet.answers:
        story += [Paragraph(escape(shown.title), _TEXT), _code(shown.body), Spacer(1, 2 * mm)]
    story += [
        Paragraph("Codes of problems", _HEAD),
        _table([[code, what] for code, what in leaflet.codes.items()], (36, 134)),
        Paragraph("Test values", _HEAD),
        _table([["ZIP", "test_outcome", "What happens"], *map(list, leaflet.test_values)], (20, 34, 116), head=True),
        Paragraph("Filters and caps", _HEAD),
        *(Paragraph(escape(rule), _TEXT) for rule in leaflet.rules),
        Paragraph("Postbacks", _HEAD),
        *(Paragraph(escape(line), _TEXT) for line in leaflet.postbacks),
    ]
    written = io.BytesIO()
    paper = SimpleDocTemplate(
        written, pagesize=A4, leftMargin=20 * mm, rightMargin=20 * mm, topMargin=18 * mm, bottomMargin=18 * mm,
        title=title, author=leaflet.exchange, subject=f"Posting instructions, {leaflet.version}", lang="en",
    )  # fmt: skip
    paper.build(story, onFirstPage=_number, onLaterPages=_number)
    return written.getvalue()


def _field(line: FieldLine) -> list[str]:
    takes = [line.rule + (f": {', '.join(line.allowed)}" if line.allowed else "")]
    takes += [f"Also read as {', '.join(line.aliases)}"] if line.aliases else []
    takes += line.notes
    takes += [f"Required from {day(line.required_from)}"] if line.required_from is not None else []
    takes += [f"{value} until {day(at)} only" for value, at in line.retiring]
    return [line.name, _word(line.ping), _word(line.post), ". ".join(part.rstrip(".") for part in takes), line.example]


def _word(presence: str) -> str:
    return "not sent" if presence == "absent" else presence


def _table(rows: Sequence[Sequence[str]], widths_mm: Sequence[float], *, head: bool = False) -> Table:
    cells = [[Paragraph(escape(_printed(text)), _SMALL) for text in row] for row in rows]
    rules: list[Any] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    if head:
        rules.append(("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#f1f3f6")))
    return Table(cells, [width * mm for width in widths_mm], repeatRows=int(head), style=TableStyle(rules))


def _code(text: str) -> Flowable:
    lines = [line[at : at + _CODE_CHARACTERS] for line in text.split("\n") for at in _cuts(line)]
    return XPreformatted(escape(_printed("\n".join(lines))), _CODE)


def _cuts(line: str) -> range:
    return range(0, max(len(line), 1), _CODE_CHARACTERS)


def _printed(text: str) -> str:
    """What the built-in letters can show; the rest as a question mark."""
    return text.encode("cp1252", "replace").decode("cp1252")


def _number(canvas: Any, paper: Any) -> None:
    canvas.setFont("Helvetica", 7.5)
    canvas.setFillColor(_DIM)
    canvas.drawRightString(A4[0] - 20 * mm, 10 * mm, f"{paper.page}")
