"""The steps of a page as the PDF that is faxed, and as the picture of it that is shown."""

from __future__ import annotations

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from reportlab.pdfgen.canvas import Canvas

from buyers.fax.fonts import BOLD, REGULAR, read_fonts
from buyers.fax.page import HEIGHT, MARGIN, WIDTH, Rule, Step


def as_pdf(steps: Sequence[Step]) -> bytes:
    """One page. The same steps are the same bytes: a fax that is sent again is the same fax."""
    read_fonts()
    paper = io.BytesIO()
    canvas = Canvas(paper, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1)
    canvas.setTitle("Lead")
    for step in steps:
        if isinstance(step, Rule):
            canvas.setLineWidth(step.thickness)
            canvas.line(MARGIN, HEIGHT - step.y, WIDTH - MARGIN, HEIGHT - step.y)
        else:
            canvas.setFont(BOLD if step.bold else REGULAR, step.size)
            canvas.drawString(step.x, HEIGHT - step.y, step.text)
    canvas.showPage()
    canvas.save()
    return paper.getvalue()


def as_svg(steps: Sequence[Step]) -> str:
    """The same page to look at. Each line has the width it has on paper, whatever font is there to show it."""
    drawn = "".join(_drawn(step) for step in steps)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        'aria-label="The page as it is faxed" font-family="DejaVu Sans, Verdana, sans-serif" fill="black">'
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="white"/>{drawn}</svg>'
    )


def _drawn(step: Step) -> str:
    if isinstance(step, Rule):
        x2, thickness = WIDTH - MARGIN, f"{step.thickness:g}"
        return f'<path d="M{MARGIN:g} {step.y:g}H{x2:g}" stroke="black" stroke-width="{thickness}"/>'
    if not step.text:
        return ""
    weight = ' font-weight="bold"' if step.bold else ""
    return (
        f'<text x="{step.x:.2f}" y="{step.y:.2f}" font-size="{step.size:g}"{weight} textLength="{step.width:.2f}" '
        f'lengthAdjust="spacingAndGlyphs">{escape(step.text)}</text>'
    )
