"""The code that verifies a webhook: the same on the page and in the documents, run by its own language."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from exchange.clock import SystemClock
from exchange.stages.webhooks import new_secret, signed_headers
from exchange.web.hooks import samples

DOCUMENT = Path(__file__).parents[2] / "docs/webhooks.md"
SECRET = new_secret(bytes(range(32)))
BODY = '{"type":"lead.sold","data":{"name":"Zoë"}}'
PROGRAMS = {
    "Python": ("sample.py", ["python3", "run.py"], "run.py"),
    "Node": ("sample.mjs", ["node", "run.mjs"], "run.mjs"),
    "PHP": ("sample.php", ["php", "run.php"], "run.php"),
}
RUN = {
    "Python": "import json, sys\nfrom sample import verified\n"
    "print(json.dumps([verified(s, h, b.encode()) for s, h, b in json.load(sys.stdin)]))\n",
    "Node": 'import { verified } from "./sample.mjs";\nimport { readFileSync } from "node:fs";\n'
    'const cases = JSON.parse(readFileSync(0, "utf8"));\n'
    "console.log(JSON.stringify(cases.map(([s, h, b]) => verified(s, h, Buffer.from(b)))));\n",
    "PHP": "<?php\nrequire 'sample.php';\n$cases = json_decode(file_get_contents('php://stdin'), true);\n"
    "echo json_encode(array_map(fn($c) => verified($c[0], $c[1], $c[2]), $cases));\n",
}


def cases(now_s: int) -> list[tuple[str, dict[str, str], str]]:
    """One that is good, one with two secrets, and four that are not."""
    headers = signed_headers((SECRET,), "evt_1", now_s, BODY.encode())
    both = signed_headers((new_secret(bytes(32)), SECRET), "evt_1", now_s, BODY.encode())
    old = signed_headers((SECRET,), "evt_1", now_s - 400, BODY.encode())
    return [
        (SECRET, headers, BODY),
        (SECRET, both, BODY),
        (SECRET, headers, BODY.replace("sold", "lost")),
        (SECRET, {**headers, "webhook-id": "evt_2"}, BODY),
        (SECRET, old, BODY),
        (new_secret(bytes(32)), headers, BODY),
    ]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_sample_runs_and_tells_a_forger(name: str, tmp_path: Path) -> None:
    file, command, runner = PROGRAMS[name]
    (tmp_path / file).write_text(dict(samples())[name])
    (tmp_path / runner).write_text(RUN[name])
    asked = json.dumps(cases(SystemClock().now() // 1_000))
    ran = subprocess.run(command, input=asked, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60)

    answers: Any = json.loads(ran.stdout or "null")
    assert [True, True, False, False, False, False] == answers, ran.stderr


def test_the_document_shows_the_same_code() -> None:
    text = DOCUMENT.read_text("utf-8")

    assert [] == [name for name, code in samples() if code not in text]
