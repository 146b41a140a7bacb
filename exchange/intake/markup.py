"""Pages of mails and feeds, read without scripts, pictures or the network: tables, and the lines a person sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from lxml import html
from lxml.etree import LxmlError

from exchange import limits

_TEXTS = frozenset({"address", "blockquote", "center", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "p", "pre"})
_TABLES = frozenset({"dd", "dl", "dt", "ol", "table", "tbody", "tfoot", "thead", "tr", "ul", "fieldset", "form"})
_PARTS = frozenset({"article", "body", "div", "footer", "header", "html", "main", "nav", "section"})
_BLOCKS = _TEXTS | _TABLES | _PARTS
_CELLS = frozenset({"td", "th"})
_BLOCK = ("\n", "\n")
_EDGES = MappingProxyType({"td": ("\t", ""), "th": ("\t", ""), "dt": ("\n", "\t"), "dd": ("", "\n")})
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript"})
_BOLD = ("strong", "b", "th")
_BLANKS = re.compile(r"[\s\u00a0\u200b]+")
ROWS = 2 * limits.FIELDS


@dataclass(frozen=True, slots=True)
class Row:
    """The texts of a row's cells that are not empty, and whether all of them are set as headings."""

    cells: tuple[str, ...]
    heading: bool


def page_of(text: str) -> html.HtmlElement | None:
    """The tree of a page; None when there is none in the text."""
    parser = html.HTMLParser(no_network=True, huge_tree=False, recover=True, remove_comments=True, remove_pis=True)
    try:
        return html.document_fromstring(text, parser=parser)
    except (LxmlError, ValueError):  # an empty text, or one with a character that XML forbids
        return None


def text_of_page(text: str) -> str:
    """The page as lines, as a person reads it. Cells of a row are parted by a tab, blank lines come one at a time."""
    page = page_of(text)
    lines = "".join(_seen(page)).split("\n") if page is not None else []
    told = ["\t".join(cell for each in line.split("\t") if (cell := _plain(each))) for line in lines]
    return "\n".join(line for at, line in enumerate(told) if line or (at and told[at - 1])).strip("\n")


def tables_of(page: html.HtmlElement) -> list[list[Row]]:
    """The rows of every table that holds no other table."""
    found = [table for table in page.iter("table") if next(table.iterdescendants("table"), None) is None]
    return [[_row(row) for row in table.iter("tr")][:ROWS] for table in found]


def definitions_of(page: html.HtmlElement) -> list[tuple[str, str]]:
    """The pairs of definition lists."""
    terms = [(term, term.getnext()) for term in page.iter("dt")]
    return [(_inside(term), _inside(told)) for term, told in terms if told is not None and told.tag == "dd"]


def _seen(element: html.HtmlElement) -> Iterator[str]:
    """Its text in the order of the page. A stack, and no recursion: hostile pages are nested deep."""
    stack: list[html.HtmlElement | str] = [element]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            yield node
        elif node.tag == "br":
            yield "\n"
        elif isinstance(node.tag, str) and node.tag not in _UNSEEN:
            before, after = _EDGES.get(node.tag, _BLOCK if node.tag in _BLOCKS else ("", ""))
            yield before
            stack.append(after)
            for child in reversed(node):
                stack += [_flat(child.tail), child]
            stack.append(_flat(node.text))


def _flat(text: str | None) -> str:
    """Breaks in the source of a page are no breaks on it."""
    return _BLANKS.sub(" ", text) if text else ""


def _plain(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()


def _inside(element: html.HtmlElement) -> str:
    return _plain("".join(_seen(element)))


def _row(row: html.HtmlElement) -> Row:
    told = [(cell, text) for cell in row if cell.tag in _CELLS and (text := _inside(cell))]
    return Row(tuple(text for _, text in told), bool(told) and all(_is_heading(*each) for each in told))


def _is_heading(cell: html.HtmlElement, text: str) -> bool:
    """Whether a cell is a `th`, or all of it is bold."""
    return any(text == _inside(each) for each in cell.iter(*_BOLD))
