"""What a fresh clone installs and runs: pins that are complete and hashed, containers that hold no secret."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from tests.tidy.layers import imports
from tests.tidy.source import CODE, Source, read_all

ROOT = Path(__file__).parents[1]
RUNNING = ("postgres", "intake", "demo")
PINS = ("run", "dev", "build", "uv")


def pinned(name: str) -> dict[str, tuple[str, list[str]]]:
    """Package to its version and hashes, as requirements/<name>.txt says."""
    text = (ROOT / f"requirements/{name}.txt").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found: dict[str, tuple[str, list[str]]] = {}
    for line in lines:
        match = re.match(r"(?P<name>[\w.-]+)==(?P<version>[^\s;]+)", line)
        assert match, f"not pinned: {line[:80]}"
        found[canonicalize_name(match["name"])] = (match["version"], re.findall(r"--hash=sha256:[0-9a-f]{64}", line))
    return found


def asked(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("name", PINS)
def test_every_pin_has_its_hashes(name: str) -> None:
    assert [] == [package for package, (_, hashes) in pinned(name).items() if not hashes]


@pytest.mark.parametrize(("name", "extras"), [("run", [*RUNNING]), ("dev", [*RUNNING, "dev"])])
def test_what_the_project_asks_for_is_what_is_pinned(name: str, extras: list[str]) -> None:
    pins = pinned(name)
    unmet = [
        str(requirement)
        for requirement in asked(*extras)
        if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), ("0", []))[0])
    ]

    assert [] == unmet


@pytest.mark.parametrize("name", ["run", "build"])
def test_tests_run_on_the_versions_that_run_in_earnest(name: str) -> None:
    dev = pinned("dev")

    assert {} == {package: pin for package, pin in pinned(name).items() if package in dev and dev[package] != pin}


def foreign_imports(source: Source, installed: Mapping[str, list[str]]) -> set[str]:
    """The packages of others that a file imports, by the names they are installed under."""
    tops = {module.split(".")[0] for _, module in imports(source)} - set(CODE)
    return {canonicalize_name(installed.get(top, [top])[0]) for top in tops if top not in sys.stdlib_module_names}


@pytest.mark.parametrize(
    ("tops", "extras"), [(("exchange", "buyers", "verifiers"), [*RUNNING]), (("tests", "bench"), [*RUNNING, "dev"])]
)
def test_every_library_imported_is_asked_for_by_name(tops: tuple[str, ...], extras: list[str]) -> None:
    installed = packages_distributions()
    known = {canonicalize_name(requirement.name) for requirement in asked(*extras)}
    sources = (each for each in read_all() if each.suffix == ".py" and each.top in tops and "/build_" not in each.path)

    assert {} == {each.path: unasked for each in sources if (unasked := foreign_imports(each, installed) - known)}


def test_the_container_runs_without_rights_and_says_whether_it_is_well() -> None:
    last_stage = (ROOT / "Dockerfile").read_text("utf-8").split("\nFROM ")[-1]

    assert re.search(r"^USER (?!root|0)\w+", last_stage, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\n.*/health", last_stage, re.MULTILINE)
    assert "--require-hashes" in (ROOT / "Dockerfile").read_text("utf-8")


def test_compose_takes_every_secret_from_the_environment() -> None:
    services = YAML(typ="safe").load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    secrets = [
        value
        for service in services.values()
        for name, value in service["environment"].items()
        if re.search(r"PASSWORD|KEY|SECRET|URL", name)
    ]

    assert [] == [value for value in secrets if not re.search(r"\$\{\w+:\?", value)]
    assert {"exchange", "postgres"} == set(services)
    assert len(secrets) == 3
