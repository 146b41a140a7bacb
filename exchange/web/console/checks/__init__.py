"""What a lead has to pass: suppression, revocations, the screen and verifiers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.web.console._rights import SETTING, WATCHING, Rights
from exchange.web.console.checks import revocations, screen, suppression, verifier, verifiers

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {
        revocations: WATCHING,
        screen: WATCHING,
        suppression: WATCHING,
        verifier: SETTING,
        verifiers: Rights(),
    }
)
