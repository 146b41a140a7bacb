"""What is kept of a consumer, on paper and as JSON: what they are given who ask for a copy."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from exchange.flows.person_copy import KeptLead
from exchange.web.bills.paper import bring_letters, printed
from exchange.web.words import utc

_LINE = colors.HexColor("#d5d9e0")


def as_fields(exchange: str, leads: Sequence[KeptLead], at: int) -> dict[str, object]:
    """For programs. Instants are UTC."""
    return {
        "exchange": exchange,
        "made_at": utc(at),
        "leads": [
            {
                "lead_id": lead.id,
                "received_at": utc(lead.received_at),
                "seller": lead.seller,
                "about": lead.vertical,
                "values": lead.values,
                "added_by_vendors": lead.appended,
                "beside": lead.beside,
                "consent": lead.consent,
                "given_to": [{"company": each.name, "at": utc(each.at)} for each in lead.recipients],
            }
            for lead in leads
        ],
    }


def draw(exchange: str, leads: Sequence[KeptLead], at: int) -> bytes:
    """The PDF, A4."""
    bring_letters()
    text = ParagraphStyle("text", fontName="Bill", fontSize=8.6, leading=11.6)
    head = ParagraphStyle("head", parent=text, fontName="Bill-Bold", fontSize=11, leading=15, spaceBefore=10)
    title = ParagraphStyle("title", parent=head, fontSize=16, leading=21)
    story: list[Flowable] = [
        Paragraph(escape(printed(f"What {exchange} keeps of you")), title),
        Paragraph(escape(printed(f"Made {utc(at)}. Each request that reached us is told by itself.")), text),
    ]
    if not leads:
        story.append(Paragraph("Nothing is kept of you.", text))
    for lead in leads:
        story.append(Paragraph(escape(printed(f"{lead.vertical}, {utc(lead.received_at)}, by {lead.seller}")), head))
        for heading, told in (
            ("", lead.values),
            ("Added by vendors we asked", lead.appended),
            ("Beside", lead.beside),
            ("Consent", lead.consent),
            ("Given to", {each.name: utc(each.at) for each in lead.recipients} or {"nobody": ""}),
        ):
            if told:
                story += [Spacer(1, 2 * mm), _table(heading, told, text)]
    written = io.BytesIO()
    margins = {"leftMargin": 20 * mm, "rightMargin": 20 * mm, "topMargin": 18 * mm, "bottomMargin": 18 * mm}
    SimpleDocTemplate(written, pagesize=A4, title="What is kept of you", invariant=1, **margins).build(story)
    return written.getvalue()


def _table(heading: str, told: Mapping[str, str], text: ParagraphStyle) -> Table:
    bold = ParagraphStyle("bold", parent=text, fontName="Bill-Bold")
    rows = [[Paragraph(escape(printed(each)), text) for each in pair] for pair in told.items()]
    if heading:
        rows.insert(0, [Paragraph(heading, bold), Paragraph("", text)])
    table = Table(rows, colWidths=(48 * mm, 122 * mm))
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.25, _LINE)]))
    return table
