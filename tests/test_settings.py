"""Option beats environment beats config.toml beats default, and doctor can say which."""

import pytest

from radgloss.settings import Settings
from radgloss.types import InputRejected


@pytest.fixture
def home(tmp_path):
    (tmp_path / "config.toml").write_text('workers = 3\nmodel = "mine"\n')
    return {"RADGLOSS_HOME": str(tmp_path)}


def test_option_beats_environment_beats_file_beats_default(home):
    assert Settings({}, {})["workers"] == 1
    assert Settings({}, home)["workers"] == 3
    assert Settings({}, {**home, "RADGLOSS_WORKERS": "4"})["workers"] == 4
    assert Settings({"workers": 5}, {**home, "RADGLOSS_WORKERS": "4"})["workers"] == 5
    assert Settings({"workers": None}, home)["workers"] == 3


def test_each_setting_says_where_it_came_from(home):
    found = {s.name: s.source for s in Settings({"memory_gib": 1.0}, home).all()}
    assert found == {"model": "config.toml", "workers": "config.toml", "memory_gib": "option",
                     "log_level": "default",
                     "archive_watermark": "default", "archive_reserve_gb": "default",
                     "network": "default", "precision": "default"}  # fmt: skip


@pytest.mark.parametrize("text", ["colour = 1\n", "workers = [", 'workers = "many"\n'])
def test_a_bad_file_is_said_before_work_starts(tmp_path, text):
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(InputRejected) as error:
        Settings({}, {"RADGLOSS_HOME": str(tmp_path)})["workers"]
    assert error.value.code == "settings"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "loud"),
        ("WORKERS", "0"),
        ("MEMORY_GIB", "-1"),
        ("MEMORY_GIB", "inf"),
        ("ARCHIVE_WATERMARK", "75"),
        ("ARCHIVE_RESERVE_GB", "nan"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(tmp_path, name, value):
    with pytest.raises(InputRejected) as error:
        Settings({}, {"RADGLOSS_HOME": str(tmp_path), f"RADGLOSS_{name}": value})[name.lower()]
    assert error.value.code == "settings"


def test_an_option_that_makes_no_sense_is_refused_too(tmp_path):
    with pytest.raises(InputRejected):
        Settings({"workers": 0}, {"RADGLOSS_HOME": str(tmp_path)})["workers"]
