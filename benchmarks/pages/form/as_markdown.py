"""Markdown: a page as a file that lies beside its pictures."""

from html import escape
from typing import Final

from benchmarks.markdown import code, plain
from benchmarks.pages.form.blocks import Bar, Block, Code, Fold, Grid, Heading, Items, Kind, Page, Paragraph, Pictures
from benchmarks.pages.form.style import DRAWING_STYLE

PLOTS: Final = "plots"
"""The folder beside the page in which its pictures are."""

_RULES: Final[dict[Kind, str]] = {"text": "---", "code": "---", "number": "---:", "bar": "---"}


def as_markdown(page: Page) -> tuple[str, dict[str, str]]:
    """The page, and its pictures as SVG by their paths beside it."""
    pictures: dict[str, str] = {}
    parts = [f"# {plain(page.title)}", *_blocks(page.blocks, pictures)]
    return "\n\n".join(parts) + "\n", pictures


def part_as_markdown(blocks: list[Block]) -> str:
    """A part of a page, without pictures."""
    return "\n\n".join(_blocks(blocks, {}))


def _blocks(blocks: list[Block], pictures: dict[str, str]) -> list[str]:
    return [part for block in blocks for part in _block(block, pictures)]


def _block(block: Block, pictures: dict[str, str]) -> list[str]:
    match block:
        case Heading(text, level):
            return [f"{'#' * level} {plain(text)}"]
        case Paragraph(text, kind):
            return [f"> **Note:** {plain(text)}" if kind == "warning" else plain(text)]
        case Items(entries):
            return [
                "\n".join(
                    f"- **{plain(term)}**: {plain(text)}" if term else f"- {plain(text)}" for term, text in entries
                )
            ]
        case Grid():
            return [_grid(block)]
        case Pictures(drawn):
            parts = []
            for picture in drawn:
                path = f"{PLOTS}/{picture.name}.svg"
                pictures[path] = _file(picture.svg)
                parts.append(f"![{plain(picture.caption)}]({path})")
            return parts
        case Code(lines):
            return ["```sh\n" + "\n".join(lines) + "\n```"]
        case Fold(title, inner):
            return [
                f"<details><summary>{escape(title, quote=False)}</summary>", *_blocks(inner, pictures), "</details>",
            ]  # fmt: skip


def _grid(grid: Grid) -> str:
    shown = [number for number, (_, kind) in enumerate(grid.head) if kind != "bar"]
    lines = [
        "| " + " | ".join(plain(grid.head[n][0]) for n in shown) + " |",
        "|" + "|".join(_RULES[grid.head[n][1]] for n in shown) + "|",
    ]
    for number, row in enumerate(grid.rows):
        cells = []
        for n in shown:
            cell = row[n]
            text = "" if isinstance(cell, Bar) else cell
            text = code(text) if grid.head[n][1] == "code" and text else plain(text)
            cells.append(
                f"**{text}**" if (number in grid.strong or (number, n) in grid.strong_cells) and text else text
            )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _file(svg: str) -> str:
    """A drawing that stands alone: it names its colours itself."""
    start, rest = svg.split(">", 1)
    return f'{start} xmlns="http://www.w3.org/2000/svg"><style>{DRAWING_STYLE}</style>{rest}\n'
