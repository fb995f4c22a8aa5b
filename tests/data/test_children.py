"""Working processes do not run the caller's script again."""

import subprocess
import sys

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
