"""Nothing opens a network socket unless the command is about the network: children included."""

import os
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

FILES = Path(pydicom.__file__).parent / "data" / "test_files"

# Of every Python that finds it on its path: one line for each socket that is not of this machine's
# own kind (Unix, netlink), and for each name that is looked up.
GUARD = """
import os, socket, sys

def watch(event, args):
    network = event == "socket.__new__" and args[1] in (socket.AF_INET, socket.AF_INET6)
    if network or event in ("socket.getaddrinfo", "socket.gethostbyname"):
        with open(TOLD, "a") as told:
            print(event, args[1:], file=told)
        raise OSError("no network here")

sys.addaudithook(watch)
with open(TOLD + ".pids", "a") as pids:
    print(os.getpid(), file=pids)
"""
SAY = """
import sys
from typer.testing import CliRunner
from radgloss.cli import app
for line in sys.argv[1:]:
    done = CliRunner().invoke(app, line.split("|"))
    assert done.exit_code == 0, (line, done.output, done.exception)
"""


@pytest.fixture
def watched(tmp_path):
    (tmp_path / "guard").mkdir()
    told = f"TOLD = {str(tmp_path / 'told')!r}\n"
    (tmp_path / "guard" / "sitecustomize.py").write_text(told + GUARD)
    paths = (str(tmp_path / "guard"), os.environ.get("PYTHONPATH", ""))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)),
           "RADGLOSS_HOME": str(tmp_path / "home")}  # fmt: skip

    def run(code, *words):
        return subprocess.run([sys.executable, "-c", code, *words], env=env, capture_output=True,
                              text=True, check=False)  # fmt: skip

    return run


def test_the_watch_sees_a_socket(watched, tmp_path):
    assert watched("import socket; socket.socket()").returncode != 0
    assert watched("import socket; socket.getaddrinfo('localhost', 80)").returncode != 0
    assert watched("import socket; socket.socketpair()").returncode == 0
    assert len((tmp_path / "told").read_text().splitlines()) == 2


def test_reports_labels_index_search_and_phantoms_open_no_network_socket(watched, tmp_path):
    study, index = FILES / "CT_small.dcm", tmp_path / "index"
    done = watched(
        SAY,
        f"inspect|{study}",
        f"report|-i|{study}|-o|{tmp_path / 'draft'}",
        f"label|-i|{study}|--label|pleural effusion",
        f"index|-i|{study}|-o|{index}",
        f"search|pleural effusion|--index|{index}",
        f"phantom|-n|1|--seed|2000007|--exam|ct-head|-o|{tmp_path / 'phantoms'}",
        "doctor",
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "told").exists(), (tmp_path / "told").read_text()
    assert (tmp_path / "draft" / "draft.html").is_file()
    assert len(set((tmp_path / "told.pids").read_text().split())) > 1  # reading children, too
