"""The guide to a new vertical, followed word by word from an empty folder to a sold test lead."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.cli.home import exchange, start
from tests.cli.test_serve import free_port

GUIDE = (Path(__file__).parents[2] / "docs" / "adding-a-vertical.md").read_text("utf-8").partition("\n## Before")[0]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[str]:
    return [text for name, text in BLOCK.findall(GUIDE) if name == kind]


def lines() -> Iterator[list[str]]:
    """The words of every line that is typed, in their order."""
    for text in blocks("console"):
        for line in text.replace("\\\n", " ").splitlines():
            yield shlex.split(line.removeprefix("$ "))


def typed(folder: Path, command: str, *more: str) -> str:
    """Type each line of the guide that begins so."""
    said = []
    for words in lines():
        if " ".join(words).startswith(command):
            ran = exchange("--data", folder, *words[1:], *more)
            assert ran.code == 0, ran.err
            said.append(ran.out)
    assert said, command
    return "".join(said)


def curl(words: list[str], port: int, key: str) -> str:
    real = [word.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("ck_test_…", key) for word in words]
    return subprocess.run([*real, "--silent"], capture_output=True, text=True, check=True, timeout=30).stdout


def test_the_guide_leads_to_a_sold_lead_and_a_form(tmp_path: Path) -> None:
    vertical, form = blocks("yaml")
    typed(tmp_path, "exchange init")
    file = tmp_path / "config" / "verticals" / "pest_control.yaml"
    file.write_text(vertical, "utf-8")
    assert "pest_control" in typed(tmp_path, "exchange check")
    assert "pest_control leads" in typed(tmp_path, "exchange campaign add")
    key = typed(tmp_path, "exchange key create").split()[0]
    (tmp_path / "config" / "forms").mkdir()
    (tmp_path / "config" / "forms" / "pests.yaml").write_text(form, "utf-8")

    port = free_port()
    with start("--data", tmp_path, "serve", "--port", str(port)) as serving:
        assert serving.stdout is not None
        while "Ready in" not in serving.stdout.readline():
            assert serving.poll() is None
        ping, post = (curl(words, port, key) for words in lines() if words[0] == "curl")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/f/pests", timeout=10) as reply:
            page = reply.read().decode()
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(30) == 0

    assert ping.startswith("status=accepted&ping_id=png_")
    assert post.startswith("status=accepted&lead_id=ld_") and "price=17.50" in post
    assert "Accepted the post." in exchange("--data", tmp_path, "why", "7135550142").out
    assert "Who can rid you of them?" in page and "Bed bugs" in page
    file.write_text(vertical.replace("wildlife", "wildlife, wasps"), "utf-8")
    applied = exchange("--data", tmp_path, "vertical", "apply", file, "--yes")
    assert (0, True) == (applied.code, "pest_control is in force: version 1." in applied.out)
