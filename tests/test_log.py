"""The log is one JSON object a line, and every field that a room gives arrives."""

import ast
import json
import logging
from pathlib import Path

from radgloss import log

SOURCE = Path(__file__).parent.parent / "src" / "radgloss"


def test_a_line_is_json_with_level_room_and_fields(capsys):
    before = logging.root.handlers[:], logging.root.level
    try:
        log.configure("info")
        log.event("archive", "received", files=3)
        (line,) = capsys.readouterr().err.splitlines()
    finally:
        logging.root.handlers[:], logging.root.level = before
        logging.getLogger("radgloss").setLevel(logging.NOTSET)
    said = json.loads(line)
    assert {k: said[k] for k in ("level", "room", "message", "files")} == {
        "level": "INFO", "room": "archive", "message": "received", "files": 3,
    }  # fmt: skip


def test_no_room_gives_fields_that_the_log_would_drop():
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "extra":
                assert isinstance(node.value, ast.Dict)
                assert [ast.literal_eval(k) for k in node.value.keys] == ["fields"], path.name
