"""XML and HTML under limits: no document type, no entities, no network, bounded size, names without namespaces."""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree

from buyers.reading.unreadable import Unreadable

ELEMENTS_MOST = 2_000  # keeps the costliest XPath of an operator in milliseconds; a reply has dozens
_DECLARATION = re.compile(r"<\?xml[^>]*\?>\s*")
_FORBIDDEN = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)


# A parser keeps nothing from one document to the next, and making one costs as much as parsing a bid.
_XML: Final = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
)
_HTML: Final = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, huge_tree=False)


def parse_xml(text: str) -> Any:
    """The root element, with namespaces removed from names. Raises `Unreadable`."""
    if "<!" in text and _FORBIDDEN.search(text):
        raise Unreadable("the reply holds a document type")
    body = _DECLARATION.sub("", text, count=1) if text.startswith("<?xml") else text
    try:
        root = etree.fromstring(body.encode("utf-8", "surrogatepass"), _XML)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("the reply is not well-formed XML") from None
    _plain_names(root)
    return root


def _plain_names(root: Any) -> None:
    for count, element in enumerate(root.iter()):
        if count >= ELEMENTS_MOST:
            raise Unreadable(f"the reply has more than {ELEMENTS_MOST} elements")
        tag = element.tag
        if isinstance(tag, str) and tag[0] == "{":
            element.tag = tag[tag.index("}") + 1 :]
        for name in [name for name in element.attrib if name[0] == "{"]:
            plain = name[name.index("}") + 1 :]
            if plain not in element.attrib:
                element.set(plain, element.attrib[name])


def unwrap(root: Any) -> str | None:
    """A document carried as text: alone in the root it is returned; deeper down it is put in its element's place."""
    inner = (root.text or "").strip()
    if len(root) == 0:
        return inner if inner[:1] in ("<", "{", "[") and inner[-1:] in (">", "}", "]") else None
    for element in [leaf for leaf in root.iter() if len(leaf) == 0 and (leaf.text or "").lstrip()[:1] == "<"]:
        _graft(element)
    return None


def _graft(element: Any) -> None:
    """Escaped markup inside an element becomes its child; text that only looks like markup stays text."""
    try:
        child = parse_xml((element.text or "").strip())
    except Unreadable:
        return
    element.text = None
    element.append(child)


def parse_html(text: str) -> Any:
    """The root element of a page, as browsers would mend it. Raises `Unreadable`."""
    if _ENTITY.search(text):
        raise Unreadable("the reply declares entities")
    try:
        root = etree.fromstring(text.encode("utf-8", "surrogatepass"), _HTML)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise Unreadable("the reply is not HTML") from None
    if root is None:
        raise Unreadable("the reply is not HTML")
    if sum(1 for _ in root.iter()) > ELEMENTS_MOST:
        raise Unreadable(f"the reply has more than {ELEMENTS_MOST} elements")
    return root
