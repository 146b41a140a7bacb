"""What `exchange check` says of verifiers: their captured cases, and whether those in use are there and let in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exchange.bootstrap import Catalog
    from exchange.flows.shapes import Shapes
    from exchange.model.party import Campaign
    from exchange.model.verification import VerifierRule


def verifier_cases(catalog: Catalog, folder: Path) -> tuple[int, list[str]]:
    """How many captured exchanges there are, and what is wrong with them, hostile replies included."""
    from exchange.cases import BadCase, read_cases, run_verifier_cases

    problems: list[str] = []
    count = 0
    for place in sorted((folder / "verifiers").glob("*/cases")):
        cases = []
        for file in sorted(place.glob("*.yaml")):
            try:
                cases += read_cases(file.read_text(encoding="utf-8"), str(file))
            except (BadCase, OSError, UnicodeDecodeError) as error:
                problems.append(str(error))
        loaded = catalog.verifiers.get(place.parent.name)
        if loaded is None:
            continue
        count += len(cases)
        for result in run_verifier_cases(loaded.verifier, cases):
            problems += [f"{place}: {result.name}: {problem}" for problem in result.problems]
    return count, problems


def rules_in_use(campaigns: Iterable[Campaign], shapes: Shapes) -> Mapping[str, tuple[VerifierRule, ...]]:
    """The rules of every vertical and of every campaign that has its own, by where they stand."""
    found = {f"vertical {name}": vertical.verifiers for name, vertical in sorted(shapes.verticals.items())}
    return found | {f"campaign {each.id}": each.verifiers for each in campaigns if each.verifiers is not None}


def verifier_problems(campaigns: Iterable[Campaign], shapes: Shapes, whole: bool) -> Iterator[str]:
    """Verifiers that a rule names and that are not there, or lack a secret. Without one a vendor is always away."""
    from exchange.bootstrap import SECRET_PREFIX

    used: dict[str, str] = {}
    for where, rules in rules_in_use(campaigns, shapes).items():
        for rule in rules:
            if rule.verifier in shapes.verifiers:
                used.setdefault(rule.verifier, where)
            elif whole:
                yield f"{where}: no verifier is called {rule.verifier}"
    for name, where in used.items():
        for secret in shapes.verifiers[name].unset:
            yield f"{where}: verifier {name} needs the variable {SECRET_PREFIX}{secret.upper()}"
