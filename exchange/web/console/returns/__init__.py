"""What buyers say afterwards: returns and their terms, dispositions and their words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.model.rights import Right
from exchange.web.console._rights import DECIDING, Rights
from exchange.web.console.returns import (
    disposition_words,
    dispositions,
    known_words,
    return_bulk,
    return_case,
    return_file,
    return_new,
    return_terms,
    returns,
)

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {
        disposition_words: DECIDING,
        dispositions: DECIDING,
        known_words: DECIDING,
        return_bulk: DECIDING,
        return_case: DECIDING,
        return_file: DECIDING,
        return_new: Rights(Right.RETURNS, Right.RETURNS),
        return_terms: Rights(),
        returns: DECIDING,
    }
)
