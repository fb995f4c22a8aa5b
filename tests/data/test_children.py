"""Working processes do not run the caller's script again."""

import os
import subprocess
import sys
import time
from pathlib import Path

from radgloss.data.children import pool


def test_a_script_without_a_main_guard_runs_once(tmp_path):
    script = tmp_path / "plain.py"
    script.write_text(
        "from math import sqrt\n"
        "from radgloss.data.children import pool\n"
        "print('script')\n"
        "with pool(2) as children:\n"
        "    print(sum(children.map(sqrt, [4.0, 9.0])), __file__)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["script", f"5.0 {script}"], done.stderr


def test_the_main_module_is_as_before():
    main = sys.modules["__main__"]
    before = {k: vars(main).get(k) for k in ("__file__", "__spec__")}
    with pool(1) as children:
        assert children.submit(abs, -1).result() == 1
    assert {k: vars(main).get(k) for k in ("__file__", "__spec__")} == before


def test_children_end_with_a_parent_that_was_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, time\n"
        "from radgloss.data.children import pool\n"
        "children = pool(1)\n"
        "print(children.submit(os.getpid).result(), flush=True)\n"
        "children.submit(time.sleep, 600)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    until = time.monotonic() + 10
    while _works(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _works(child)


def _works(pid):
    """Whether a process runs; one that has ended and was not buried yet does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
