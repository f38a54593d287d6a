"""HTML: a page as one file. Nothing is loaded from anywhere, nothing runs, and whatever a name holds is text."""

from html import escape
from typing import Final

from benchmarks.pages.form.blocks import (
    Bar,
    Block,
    Cell,
    Code,
    Fold,
    Grid,
    Heading,
    Items,
    Kind,
    Page,
    Paragraph,
    Pictures,
)
from benchmarks.pages.form.style import PAGE_STYLE

# The browser itself is told to load nothing.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def as_html(page: Page) -> str:
    """The whole file."""
    title = escape(page.title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        f"<title>{title}</title>\n<style>{PAGE_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        + _blocks(page.blocks)
        + "\n</main>\n</body>\n</html>\n"
    )


def _blocks(blocks: list[Block]) -> str:
    return "\n".join(_block(block) for block in blocks)


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text, kind):
            return f"<p>{escape(text)}</p>" if kind == "plain" else f'<p class="{kind}">{escape(text)}</p>'
        case Items(entries):
            return _items(entries)
        case Grid():
            return _grid(block)
        case Pictures(pictures):
            drawn = "\n".join(
                f"<figure><figcaption>{escape(picture.caption)}</figcaption>{picture.svg}</figure>"
                for picture in pictures
            )
            return f'<div class="pictures">\n{drawn}\n</div>'
        case Code(lines):
            return f"<pre><code>{escape(chr(10).join(lines))}</code></pre>"
        case Fold(title, blocks):
            return f"<details><summary>{escape(title)}</summary>\n{_blocks(blocks)}\n</details>"


def _items(entries: list[tuple[str, str]]) -> str:
    if any(term for term, _ in entries):
        inner = "\n".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in entries)
        return f"<dl>\n{inner}\n</dl>"
    inner = "\n".join(f"<li>{escape(text)}</li>" for _, text in entries)
    return f"<ul>\n{inner}\n</ul>"


def _grid(grid: Grid) -> str:
    head = "".join(f'<th class="{kind}" scope="col">{escape(title)}</th>' for title, kind in grid.head)
    rows = []
    for number, row in enumerate(grid.rows):
        cells = zip(row, grid.head, strict=True)
        inner = "".join(
            _cell(cell, kind, grid.shades.get((number, column)), strong=(number, column) in grid.strong_cells)
            for column, (cell, (_, kind)) in enumerate(cells)
        )
        rows.append(f'<tr class="strong">{inner}</tr>' if number in grid.strong else f"<tr>{inner}</tr>")
    body = "\n".join(rows)
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    return f'<div class="scroll">{table}</div>'


def _cell(cell: Cell, kind: Kind, shade: float | None, *, strong: bool) -> str:
    if isinstance(cell, Bar):
        return f'<td class="bar">{_bar(cell)}</td>'
    text = f"<code>{escape(cell)}</code>" if kind == "code" and cell else escape(cell)
    if shade is not None:
        # Never so dark that the letters on it could not be read.
        return f'<td class="{kind} shaded" style="background:rgba(var(--shade),{0.45 * shade:.2f})">{text}</td>'
    return f'<td class="{kind} best">{text}</td>' if strong else f'<td class="{kind}">{text}</td>'


def _bar(bar: Bar) -> str:
    start, width = 100.0 * bar.start, max(0.4, 100.0 * (bar.end - bar.start))
    place = f'x="{start:.1f}%" width="{width:.1f}%" height="100%"'
    return f'<svg aria-hidden="true"><rect class="{bar.better}" {place}/></svg>'
