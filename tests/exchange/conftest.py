import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def samples():
    """The sample drafts and studies of `examples/sample_draft.py`, made once."""
    made = runpy.run_path(str(ROOT / "examples" / "sample_draft.py"))
    return SimpleNamespace(
        main=made["main"],
        ct=(made["ct_draft"](), made["ct_study"]()),
        radiograph=(made["radiograph_draft"](), made["radiograph_study"]()),
        abstained=(made["abstained_draft"](), made["ct_study"]()),
    )
