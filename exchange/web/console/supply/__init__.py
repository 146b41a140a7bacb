"""Where leads come from: campaigns, files, feeds, forms and what media cost."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.model.rights import Right
from exchange.web.console._rights import Rights
from exchange.web.console.supply import campaigns, form, forms, importing, imports, media, source, sources, teach

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {
        campaigns: Rights(),
        form: Rights(),
        forms: Rights(),
        importing: Rights(),
        imports: Rights(),
        media: Rights(),
        source: Rights(),
        sources: Rights(),
        teach: Rights(change=Right.REVEAL),
    }
)
