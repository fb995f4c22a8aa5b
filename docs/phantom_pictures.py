"""Makes the pictures of docs/phantom.md: the same seeds, the same sheets.

python docs/phantom_pictures.py            # all of them, about four minutes of one core
python docs/phantom_pictures.py chest mr   # some

Each is a JPEG of at most 230 kB."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image

from radgloss.data.phantom.sheets import sheet, sheet_of_findings
from radgloss.data.phantom.study import make

PICTURES = Path(__file__).parent / "pictures"
MOST, WIDE = 230_000, 1300  # bytes, pixels
PATIENTS = {  # name: exam, seeds
    "ct": ("ct-abdomen", (2000005, 2000132)),
    "mr": ("mr-abdomen", (2000010, 2000015)),
    "us": ("us-abdomen", (2000004, 2000005)),
    "head": ("ct-head", (2000001, 2000002)),
}
FINDINGS = {  # name: exam
    "us-pelvis": "us-pelvis",
    "chest": "xr-chest",
    "abdomen-film": "xr-abdomen",
    "findings-ct": "ct-abdomen",
}
SEED = 2000100


def main(names: list[str]) -> None:
    """Draw the named pictures, or all."""
    for name in names or [*PATIENTS, *FINDINGS]:
        if name in PATIENTS:
            exam, seeds = PATIENTS[name]
            picture = sheet([make(seed, exam) for seed in seeds])
        else:
            picture = sheet_of_findings(FINDINGS[name], SEED)
        path = PICTURES / f"phantom-{name}.jpg"
        path.write_bytes(small(picture))
        print(path.name, path.stat().st_size)


def small(picture: Image.Image) -> bytes:
    """A JPEG that is as good as the limit of bytes allows."""
    picture.thumbnail((WIDE, 10_000), Image.Resampling.LANCZOS)
    for quality in range(88, 20, -6):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= MOST:
            break
    return out.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
