"""How people sign in: from where, by which way, and what the exchange asks of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


class Way(Enum):
    """How somebody proved who they are. Its value is kept, its word is told."""

    LINK = "link"
    PASSWORD = "password"
    PASSKEY = "passkey"
    SIGN_ON = "sign_on"

    @property
    def word(self) -> str:
        return {"link": "a sign-in link", "sign_on": "the company's sign-on"}.get(self.value, f"a {self.value}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sign-in comes from. `known` is what the browser keeps of an earlier one, `session` the one it has now."""

    ip: str = ""
    browser: str = ""
    known: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class SecurityRules:
    """`networks` are those from which the console may be used; none: all. They hold for the exchange's own people."""

    staff_second: bool = False
    session_hours: int = 12
    networks: tuple[Network, ...] = ()

    def lets_in(self, ip: str) -> bool:
        if not self.networks:
            return True
        try:
            address = ip_address(ip)
        except ValueError:
            return False
        return any(address in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class SignOn:
    """A company's OpenID Connect provider. `roles` are what values of the claim mean, the first that fits holds."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    role_claim: str = ""
    roles: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fixed:
    """What the settings file says of these, which nobody changes by a page. None: it says nothing."""

    staff_second: bool | None = None
    session_hours: int | None = None
    networks: tuple[Network, ...] | None = None

    def over(self, rules: SecurityRules) -> SecurityRules:
        return SecurityRules(
            rules.staff_second if self.staff_second is None else self.staff_second,
            rules.session_hours if self.session_hours is None else self.session_hours,
            rules.networks if self.networks is None else self.networks,
        )
