"""How a message leaves, from the document: the certificate is the connection's, the proxy may be the contract's."""

from __future__ import annotations

from collections.abc import Callable

from buyers.mapping.document import Transport
from buyers.mapping.values import Facts, compile_value, secrets_of
from exchange.model.wire import Route

Way = Callable[[Facts], Route | None]


def compile_transport(transport: Transport) -> Way:
    """The route of a contract's messages; None is the straight way, with the system's authorities."""
    fixed = Route(certificate=transport.certificate, key_file=transport.key_file, ca_file=transport.ca_file)
    straight = fixed if any(fixed) else None
    if transport.proxy is None:
        return lambda facts: straight
    proxy = compile_value(transport.proxy)
    user = compile_value(transport.proxy_user) if transport.proxy_user is not None else _nothing
    password = compile_value(transport.proxy_password) if transport.proxy_password is not None else _nothing

    def way(facts: Facts) -> Route | None:
        by = proxy(facts)
        return fixed._replace(proxy=by, proxy_user=user(facts), proxy_password=password(facts)) if by else straight

    return way


def transport_secrets(transport: Transport) -> frozenset[str]:
    return frozenset().union(*(secrets_of(value) for value in transport.values))


def _nothing(_: Facts) -> str:
    return ""
