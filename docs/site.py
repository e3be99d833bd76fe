"""The notebooks as pages that stand alone: `make site` writes them to ``site/``.

Pictures, animations and widgets are in the notebooks' stored outputs already. What
nbconvert's own page would fetch is left out: formulas become MathML, which browsers
draw and screen readers read without a script.
"""

import html
import sys
from pathlib import Path

import nbformat
from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

ROOT = Path(__file__).parent.parent
NOTHING = "data:text/javascript,"  # in place of the scripts that would be fetched
# A font made for formulas: in others, brackets, braces and sums do not grow.
STYLE = """\
<style>
  math {
    font-family: "Latin Modern Math", "STIX Two Math", "Cambria Math",
      "DejaVu Math TeX Gyre", math;
    font-size: 1.1em;
  }
  details { margin: 0.5em 0 1em }
  @media print {
    pre { white-space: pre-wrap !important; overflow-wrap: anywhere }
    table { max-width: 100%; font-size: 80% }
    img, svg, table, .cnnlib { break-inside: avoid }
    h1, h2, h3 { break-after: avoid }
    img { min-width: 0 !important }
  }
</style>
"""
INDEX = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Convolutional neural networks</title>
<style>
  :root {{ color-scheme: light dark; font: 1.25rem/1.6 system-ui, sans-serif }}
  body {{ max-width: 40rem; margin: 3rem auto; padding: 0 1rem }}
</style>
<h1>Convolutional neural networks</h1>
<p>Seven notebooks, as they ran. To run and change them, follow the README.</p>
<ol>
{items}
</ol>
</html>
"""


class Formulas(IPythonRenderer):
    """Markdown to HTML, its formulas to MathML."""

    def block_math(self, body: str) -> str:
        return spaced(convert(body, display="block"))

    def inline_math(self, body: str) -> str:
        return spaced(convert(body))


def spaced(formula: str) -> str:
    """MathML with the thin space that TeX puts after "log"."""
    return formula.replace("<mi>log</mi>", '<mi>log</mi><mspace width="0.17em"/>')


class PageExporter(HTMLExporter):
    """nbconvert's page of a notebook, without anything to be fetched."""

    def __init__(self, **settings):
        super().__init__(require_js_url=NOTHING, mathjax_url=NOTHING, **settings)

    @pass_context
    def markdown2html(self, context, source: str) -> str:
        renderer = Formulas(escape=False, anchor_link_text=self.anchor_link_text)
        return MarkdownWithMath(renderer=renderer).render(source)


def title(notebook) -> str:
    """The heading that a notebook begins with."""
    return notebook.cells[0].source.splitlines()[0].lstrip("# ")


def fold_solutions(notebook) -> None:
    """Put the solutions' cells into folds, as JupyterLab shows them."""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code" and "solution" in tags:
            code = cell.source.partition("\n")[2]
            source = f"<details><summary>Solution</summary>\n\n```python\n{code}\n```\n"
            cell.update(cell_type="markdown", source=f"{source}\n</details>")
            for name in ("outputs", "execution_count"):
                del cell[name]


def write(folder: Path) -> list[Path]:
    """A page for each notebook and one that lists them; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    pages, items = [], []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        page = folder / f"{path.stem}.html"
        fold_solutions(notebook)
        resources = {"metadata": {"name": title(notebook)}}
        body, _ = PageExporter().from_notebook_node(notebook, resources)
        body = body.replace("</head>", f"{STYLE}</head>", 1)
        page.write_text(body, encoding="utf-8")
        pages.append(page)
        text = html.escape(title(notebook))
        items.append(f'<li><a href="{page.name}">{text}</a></li>')
    index = folder / "index.html"
    index.write_text(INDEX.format(items="\n".join(items)), encoding="utf-8")
    return [index, *pages]


if __name__ == "__main__":
    print(*write(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "site")), sep="\n")
