"""A YAML file named on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exchange.commands.terminal import Exit, Stop


def read_mapping(file: Path, begins: str) -> Mapping[str, Any]:
    """What the file says. One that cannot be read, or is no mapping, ends the command with exit 4.

    `begins` tells what such a file begins with.
    """
    from exchange.yaml_files import read_file, read_yaml

    problems: list[str] = []
    content = read_file(file, str(file), problems)
    document = read_yaml(content, str(file), problems) if content is not None else None
    if not problems and not isinstance(document, dict):
        problems.append(f"{file}: begins with {begins}.")
    if problems:
        raise Stop(Exit.CHECK_FAILED, f"{file} cannot be used:", problems)
    assert isinstance(document, dict)
    return document
