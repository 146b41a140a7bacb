"""How many bytes something has, for people."""

from __future__ import annotations

_STEP = 1_024
_UNITS = ("KB", "MB", "GB")


def size_text(count: int) -> str:
    """`141 bytes`, `3.2 KB`, `1,302.5 GB`."""
    if count < _STEP:
        return f"{count:,} bytes"
    value = float(count)
    for unit in _UNITS:
        value /= _STEP
        if value < _STEP or unit == _UNITS[-1]:
            break
    return f"{value:,.1f} {unit}"
