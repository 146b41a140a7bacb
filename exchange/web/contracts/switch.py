"""What the form of a switch holds; `switch.html` draws it."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.flows.pausing import Switch


def switch_in(form: Mapping[str, str]) -> Switch:
    return Switch(form.get("for", ""), form.get("day", ""), form.get("reason", ""))
