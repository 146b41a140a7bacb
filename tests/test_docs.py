"""The documents keep up with the product: what it has is named in them, and what they name it has."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer
from PIL import Image
from pydantic import BaseModel
from pydantic_settings import BaseSettings

from docs.take_pictures import MOST_BYTES, PICTURES, PLACE, SIZE, Picture
from exchange.fields import field_types
from exchange.model.reason import Reason

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "exchange/README.md", "buyers/README.md")
COMMAND = re.compile(r"^\s*(?:\$ )?(make|exchange)\s+([a-z][\w-]*)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)")
BACKTICKED = re.compile(r"`((?:exchange|buyers|config|docs|tests|bench|requirements)/[\w./-]*)`")


def documents() -> list[Path]:
    return [*(ROOT / name for name in READMES), *sorted((ROOT / "docs").glob("*.md"))]


def everything_said() -> str:
    return "\n".join(path.read_text("utf-8") for path in documents())


def unsaid(names: Iterable[str], text: str) -> list[str]:
    """The names that no document holds as a word of its own."""
    return [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]


def module(name: str) -> ModuleType | None:
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


def settings() -> Iterator[str]:
    """Every setting by its own name, nested ones too."""

    def names(model: type[BaseModel]) -> Iterator[str]:
        for name, field in model.model_fields.items():
            yield name
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                yield from names(field.annotation)

    home = module("exchange.settings")
    for value in vars(home).values() if home else ():
        if isinstance(value, type) and issubclass(value, BaseSettings) and value.__module__ == "exchange.settings":
            yield from names(value)


def commands() -> list[str]:
    """Every command that does something: `exchange serve`, `exchange key create`."""
    cli = module("exchange.cli")
    app = next((value for value in vars(cli).values() if isinstance(value, typer.Typer)), None) if cli else None
    return list(below("exchange", app)) if app else []


def below(path: str, app: typer.Typer) -> Iterator[str]:
    for command in app.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "").replace("_", "-")
        yield f"{path} {name}"
    for group in app.registered_groups:
        if group.typer_instance:
            yield from below(f"{path} {group.name or group.typer_instance.info.name}", group.typer_instance)


def connectors() -> list[str]:
    table = getattr(importlib.import_module("buyers"), "connectors", None)
    return sorted(table()) if table else []


def job_kinds() -> set[str]:
    """The kinds that any code queues: literals given to JobRow, and the constants of the module that names them."""
    kinds = set()
    for path in (ROOT / "exchange").rglob("*.py"):
        text = path.read_text("utf-8")
        if "JobRow(" not in text and not path.match("flows/jobs.py"):
            continue
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "JobRow":
                given = [word.value for word in node.keywords if word.arg == "kind"] or node.args[2:3]
                kinds |= {str(kind.value) for kind in given if isinstance(kind, ast.Constant)}
        if path.match("flows/jobs.py"):
            constants = [node for node in tree.body if isinstance(node, ast.Assign)]
            kinds |= {value for node in constants if (value := getattr(node.value, "value", "")) and is_public(node)}
    return kinds


def is_public(assignment: ast.Assign) -> bool:
    return not ast.unparse(assignment.targets[0]).startswith("_")


def row(reason: Reason) -> str:
    again = "yes" if reason.again else "no"
    return f"| {reason.number} | `{reason.slug}` | {reason.sentence} | {reason.fixer} | {again} |"


def test_every_reason_has_its_row_in_the_list_of_reasons() -> None:
    rows = [line for line in (ROOT / "docs/reasons.md").read_text("utf-8").splitlines() if re.match(r"\| \d", line)]

    assert [row(reason) for reason in Reason] == rows


def test_numbers_and_slugs_of_reasons_are_used_once_and_rise() -> None:
    numbers = [reason.number for reason in Reason]

    assert sorted(set(numbers)) == numbers
    assert len(numbers) == len({reason.slug for reason in Reason})


def test_every_setting_is_documented() -> None:
    assert [] == unsaid(settings(), everything_said())


def test_every_command_is_documented() -> None:
    assert [] == unsaid(commands(), everything_said())


def test_every_field_type_is_documented() -> None:
    assert [] == unsaid(field_types(), everything_said())


def test_every_connector_is_documented_beside_the_connectors() -> None:
    assert [] == unsaid(connectors(), (ROOT / "buyers/README.md").read_text("utf-8"))


def test_every_room_of_the_house_is_named_in_its_readme() -> None:
    house = ROOT / "exchange"
    rooms = {path.parent.name for path in house.rglob("*.*") if path.is_file()} - {"exchange", "__pycache__"}
    told = (house / "README.md").read_text("utf-8")

    assert [] == sorted(room for room in rooms if f"{room}/" not in told)


def test_every_document_is_a_link_of_the_readme() -> None:
    linked = {target for target, _ in LINK.findall((ROOT / "README.md").read_text("utf-8"))}

    assert [] == [path.name for path in sorted((ROOT / "docs").glob("*.md")) if f"docs/{path.name}" not in linked]


def test_every_kind_of_job_is_documented() -> None:
    assert [] == unsaid(sorted(job_kinds()), everything_said())


def test_what_is_missing_is_found() -> None:
    assert ["cap_full", "key"] == unsaid(["cap_full", "serve", "key"], "`exchange serve`, cap_fully, api-key")


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_that_documents_show_exist(path: Path) -> None:
    blocks = "\n".join(re.findall(r"```(?:console|sh|bash)\n(.*?)```", path.read_text("utf-8"), re.DOTALL))
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    known = {command.split()[1] for command in commands()}
    shown = COMMAND.findall(blocks)

    assert [] == [name for tool, name in shown if tool == "make" and name not in targets]
    assert [] == [name for tool, name in shown if tool == "exchange" and known and name not in known]


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_that_documents_name_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    linked = [path.parent / target for target, _ in LINK.findall(text)]
    named = [ROOT / target for target in BACKTICKED.findall(text)]

    assert [] == [str(target.relative_to(ROOT)) for target in [*linked, *named] if not target.exists()]


def test_every_picture_is_taken_by_the_script_and_shown_once() -> None:
    shown = re.findall(r"!\[[^\]]+\]\((?:docs/)?pictures/([\w-]+\.webp)\)", everything_said())

    assert sorted(shown) == sorted(picture.file.name for picture in PICTURES)
    assert sorted(shown) == sorted(file.name for file in PLACE.iterdir())


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_every_picture_has_the_one_size_and_is_small(picture: Picture) -> None:
    with Image.open(picture.file) as image:
        assert ("WEBP", (SIZE["width"], SIZE["height"])) == (image.format, image.size)
    assert picture.file.stat().st_size <= MOST_BYTES


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "screenshots"])
def test_the_commands_of_the_readme_are_targets_that_make_can_plan(target: str) -> None:
    plan = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (0, "") == (plan.returncode, plan.stderr)


def test_the_installed_package_has_the_version_of_the_change_log() -> None:
    version = importlib.import_module("exchange").__version__
    log = (ROOT / "CHANGELOG.md").read_text("utf-8")

    assert "## [Unreleased]" in log
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
