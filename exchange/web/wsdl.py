"""`/soap.wsdl`: the calls that send leads, for programs that are generated from such a document."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from aiohttp import web

from exchange.intake.soap import OURS
from exchange.web.keys import MARKET
from exchange.web.pages import Page

_PATH = "/soap.wsdl"
_CALLS = ("ping", "post", "pingpost")
_BINDINGS = (("", "soap"), ("12", "soap12"))
_ANY = (
    '<xs:complexType><xs:sequence><xs:any minOccurs="0" maxOccurs="unbounded" processContents="skip"/>'
    "</xs:sequence></xs:complexType>"
)


def pages() -> tuple[Page, ...]:
    return (Page("GET", _PATH, show),)


async def show(request: web.Request) -> web.StreamResponse:
    text = "\n".join(_lines(request.app[MARKET].public_url))
    return web.Response(text=text, content_type="text/xml", headers={"Cache-Control": "no-cache"})


def _lines(address: str) -> Iterator[str]:
    """Any elements are taken, nested as they are: what a campaign wants is told by its vertical, not here."""
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        '<wsdl:definitions name="LeadExchange" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"'
        ' xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/"'
        f' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:our="{OURS}" targetNamespace="{OURS}">'
    )
    yield f'<wsdl:types><xs:schema targetNamespace="{OURS}" elementFormDefault="qualified">'
    yield from (f'<xs:element name="{name}">{_ANY}</xs:element>' for name in (*_CALLS, "response"))
    yield "</xs:schema></wsdl:types>"
    for name in (*_CALLS, "response"):
        yield f'<wsdl:message name="{name}"><wsdl:part name="parameters" element="our:{name}"/></wsdl:message>'
    for name in _CALLS:
        yield (
            f'<wsdl:portType name="{name}"><wsdl:operation name="{name}"><wsdl:input message="our:{name}"/>'
            '<wsdl:output message="our:response"/></wsdl:operation></wsdl:portType>'
        )
    for version, prefix in _BINDINGS:
        yield from (_binding(name, version, prefix) for name in _CALLS)
    yield '<wsdl:service name="LeadExchange">'
    for version, prefix in _BINDINGS:
        for name in _CALLS:
            where = quoteattr(f"{address}/api/v1/{name}")
            port = f'<wsdl:port name="{name}{version}" binding="our:{name}{version}">'
            yield f"{port}<{prefix}:address location={where}/></wsdl:port>"
    yield "</wsdl:service></wsdl:definitions>"


def _binding(name: str, version: str, prefix: str) -> str:
    body = f'<{prefix}:body use="literal"/>'
    return (
        f'<wsdl:binding name="{name}{version}" type="our:{name}">'
        f'<{prefix}:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>'
        f'<wsdl:operation name="{name}"><{prefix}:operation soapAction="{OURS}:{name}"/>'
        f"<wsdl:input>{body}</wsdl:input><wsdl:output>{body}</wsdl:output></wsdl:operation></wsdl:binding>"
    )
