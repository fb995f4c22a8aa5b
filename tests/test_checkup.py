"""The check-up ends in findings, never in a traceback."""

from radgloss import checkup
from radgloss.settings import Settings


def test_a_home_that_does_not_exist_yet_is_no_obstacle(tmp_path, monkeypatch):
    monkeypatch.setenv("RADGLOSS_HOME", str(tmp_path / "not" / "made" / "yet"))
    found = checkup.examine(Settings({"model": "no-such-model"}))
    assert found["free_gib"] > 0
    assert found["model"] == "not usable"
    assert found["problems"]
