import ast
import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from radgloss import room
from radgloss.exchange import files, provenance
from radgloss.types import MACHINE_MARK, InputRejected
from radgloss.workflow.status import DRAFT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def folder(samples, tmp_path):
    """An output folder with a draft, a radiograph, an abstention and a rejection."""
    out = tmp_path / "out"
    for name in ("ct", "radiograph", "abstained"):
        draft, study = getattr(samples, name)
        files.write_all(draft, study, DRAFT, out / name, ["txt", "json", "html", "fhir"])
        provenance.write(draft, study, out / name)
    refused = InputRejected("no-pixels", "a.dcm", "an SR", "an image", "Send images.")
    files.write_rejection(refused, out / "refused", "Only a report")
    (tmp_path / "secret.txt").write_text("secret")
    return out


@pytest.fixture
def client(folder):
    with TestClient(room.create_app(folder), base_url="http://127.0.0.1") as opened:
        yield opened


def test_the_worklist_shows_every_study_with_its_state(client):
    page = client.get("/")
    assert page.status_code == 200
    assert page.text.count('<li class="row ') == 4
    for words in ("CT Abdomen", "DX Chest", "no draft: abstained", "distance 4.1",
                  "rejected", "an SR", "SYNTHETIC", "2 to check", MACHINE_MARK):  # fmt: skip
        assert words in page.text, words


def test_a_draft_s_page_has_a_way_back_and_its_downloads(client):
    page = client.get("/d/ct")
    assert '<a href="/">' in page.text
    assert '<a href="/d/ct/draft.fhir.json" download>' in page.text
    assert "36 mm cyst" in page.text


def test_a_rejected_study_has_a_page_with_its_reason(client):
    assert "an SR; wanted an image" in client.get("/d/refused").text


def test_downloads_are_the_files_and_never_shown_in_the_browser(client, folder):
    for name in ("draft.txt", "draft.json", "draft.html", "draft.fhir.json", "provenance.json"):
        answer = client.get(f"/d/ct/{name}")
        assert answer.content == (folder / "ct" / name).read_bytes()
        assert answer.headers["content-disposition"].startswith("attachment")


def test_a_folder_that_is_itself_a_draft_is_listed(folder):
    with TestClient(room.create_app(folder / "ct"), base_url="http://localhost:8765") as client:
        assert client.get("/").text.count('<li class="row ') == 1
        assert "36 mm cyst" in client.get("/d/-").text


def test_a_draft_without_its_page_is_shown_as_text(client, folder):
    (folder / "ct" / "draft.html").unlink()
    assert "There is a 36 mm cyst" in client.get("/d/ct").text


def test_an_empty_folder_says_how_to_fill_it(tmp_path):
    with TestClient(room.create_app(tmp_path), base_url="http://127.0.0.1") as client:
        assert "radgloss report" in client.get("/").text


def _status(app, path):
    """The status of a path that no client has tidied up first."""
    sent = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")], "server": ("127.0.0.1", 80), "root_path": "",
    }  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert b"secret" not in b"".join(m.get("body", b"") for m in sent)
    return sent[0]["status"]


@pytest.mark.parametrize(
    "path",
    [
        "/d/..", "/d/.", "/d/../secret.txt", "/d/ct/../../secret.txt", "/d/ct/../secret.txt",
        "/d/ct/..", "/d/ct/.", "/d/..\\secret.txt", "/d/\0", "/d/ct/other.txt", "/secret.txt",
        "/docs", "/openapi.json", "/d/.hidden", "/d/linked", "/d/ct/draft.dcm", "//d/ct",
        "/d//secret.txt", "/d/ct//draft.txt",
    ],
)  # fmt: skip
def test_nothing_outside_the_listed_files_is_served(folder, path):
    (folder / ".hidden").mkdir()
    shutil.copy(folder / "ct" / "draft.json", folder / ".hidden")
    (folder / "linked").symlink_to(folder / "ct")
    (folder / "ct" / "other.txt").write_text("secret")
    (folder / "ct" / "draft.dcm").symlink_to(folder.parent / "secret.txt")
    assert _status(room.create_app(folder), path) == 404
    assert _status(room.create_app(folder), "/d/ct") == 200


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_the_page_is_read_only(client, method):
    assert getattr(client, method)("/d/ct").status_code == 405


OTHERS = ["evil.example", "127.0.0.1.evil.example", "localhost.evil", "", "[::2]", "[", "0.0.0.0"]


@pytest.mark.parametrize("host", [*OTHERS, "10.0.0.1:8765", "127.0.0.1@evil"])
def test_a_request_that_names_another_host_is_refused(client, host):
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "CT abdomen" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8765", "[::1]:8765"])
def test_this_machine_s_own_names_are_answered(client, host):
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/d/ct", "/d/refused", "/d/ct/draft.txt", "/nowhere"])
def test_every_answer_carries_a_strict_policy(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    if "unsafe-inline" in policy:
        assert policy.startswith("sandbox ")
        assert "allow-same-origin" not in policy


ATTACK = '"><script>x()</script>'


def test_no_word_that_came_in_becomes_markup(samples, tmp_path):
    draft, study = samples.abstained
    draft = replace(draft, why=ATTACK, origin=replace(draft.origin, when=ATTACK))
    place = tmp_path / "a'b&<i>"
    files.write_all(draft, replace(study, description=ATTACK), DRAFT, place, ["json"])
    provenance.write(draft, replace(study, description=ATTACK), place)
    files.write_rejection(InputRejected(*[ATTACK] * 5), tmp_path / "no", ATTACK)
    with TestClient(room.create_app(tmp_path), base_url="http://127.0.0.1") as client:
        for path in ("/", "/d/no", "/d/a'b&<i>"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "<script" not in answer.text
            assert "<i>" not in answer.text


@pytest.mark.parametrize("content", ["{", '{"kind": "radgloss-draft", "schema": 99}', "\ud800"])
def test_a_broken_draft_is_a_row_that_says_so(client, folder, content):
    (folder / "ct" / "draft.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    page = client.get("/").text
    assert page.count('<li class="row ') == 4
    assert page.count('<li class="row unreadable') == 1
    assert client.get("/d/ct").status_code == 200


def test_odd_provenance_does_not_break_the_list(client, folder):
    for odd in ("[]", '{"study": 5}', '{"study": {"modalities": 7}}', "{" * 9999, ""):
        (folder / "ct" / "provenance.json").write_text(odd)
        assert client.get("/").text.count('<li class="row ') == 4


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputRejected) as refused:
        room.create_app(tmp_path / "nowhere")
    assert refused.value.code == "no-folder"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org", ""])
def test_only_this_machine_may_be_served(tmp_path, host):
    with pytest.raises(InputRejected) as refused:
        room.serve(tmp_path, host)
    assert refused.value.code == "not-loopback"


def test_a_port_in_use_is_said(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputRejected) as refused:
        room.serve(tmp_path, port=taken.getsockname()[1])
    assert refused.value.code == "port-in-use"


@pytest.fixture
def address(folder):
    """The room served for real, on a free port, in a thread that ends with the test run."""
    told = []
    threading.Thread(
        target=room.serve, args=(folder,), kwargs={"port": 0, "ready": told.append}, daemon=True
    ).start()
    for _ in range(100):
        if told:
            break
        time.sleep(0.05)
    return told[0]


def test_serving_tells_its_address_and_answers(address):
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert b"Worklist" in answer.read()


def test_an_interrupt_ends_it_without_a_traceback(folder):
    code = (
        "import pathlib; from radgloss import room; "
        f"room.serve(pathlib.Path({str(folder)!r}), port=0)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as served:
        assert "http://127.0.0.1:" in served.stdout.readline()
        time.sleep(0.5)
        served.send_signal(signal.SIGINT)
        _, said = served.communicate(timeout=20)
    assert served.returncode == 0
    assert "Traceback" not in said


@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
def test_a_reader_goes_from_the_list_to_a_draft_and_back(address):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        said, asked = [], []
        page.on("console", lambda m: said.append(m.text))
        page.on("request", lambda r: asked.append(r.url))
        page.goto(address)
        page.click("text=DX Chest")
        page.hover("#s2")
        assert page.locator(".box.lit").count() == 1
        page.click("text=Worklist")
        assert page.url == address
        browser.close()
    assert said == []
    assert all(u.startswith((address, "data:")) for u in asked)


def test_the_room_knows_no_model():
    banned = {"models", "nn", "checkpoint", "engine", "train"}
    for file in Path(room.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert not (name.startswith("radgloss.") and name.split(".")[1] in banned)


def test_the_provenance_is_json_a_machine_can_read(client):
    record = json.loads(client.get("/d/ct/provenance.json").text)
    assert record["kind"] == "radgloss-provenance"
