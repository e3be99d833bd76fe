"""Take the README's pictures from the notebooks' stored outputs: `make pictures`."""

import base64
import re
from pathlib import Path

import nbformat

HERE = Path(__file__).parent
# File name without its ending: (notebook, cell id).
PICTURES = {
    "convolution": ("01_convolution", "operation-animation"),
    "lenet": ("04_lenet", "drawn"),
    "feature_maps": ("04_lenet", "maps"),
    "lenet_alexnet": ("05_alexnet", "side-by-side"),
    "staircase": ("07_cats_vs_dogs", "study"),
}


def picture(notebook: str, cell_id: str) -> tuple[bytes, str, str]:
    """The bytes, file ending and alt text of the picture that a cell has stored."""
    path = HERE.parent / "notebooks" / f"{notebook}.ipynb"
    (cell,) = (c for c in nbformat.read(path, as_version=4).cells if c.id == cell_id)
    html = next(o.data["text/html"] for o in cell.outputs if "data" in o)
    alt = re.search(r'alt="([^"]*)"', html).group(1)
    kind, data = re.search(r"data:image/([a-z]+)[^,]*,([^\"']+)", html).groups()
    return base64.b64decode(data), kind, alt


if __name__ == "__main__":
    for name, place in PICTURES.items():
        content, ending, alt = picture(*place)
        (HERE / f"{name}.{ending}").write_bytes(content)
        print(f"![{alt}](docs/{name}.{ending})")
