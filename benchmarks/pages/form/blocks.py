"""Blocks: what a page says, without how it looks."""

from typing import Literal

from msgspec import Struct


class Heading(Struct, frozen=True):
    """A heading of the second or third level; the page's title is the first."""

    text: str
    level: Literal[2, 3] = 2


class Paragraph(Struct, frozen=True):
    """Some sentences; ``lead`` is for the one that must be read, ``warning`` for one that must not be overlooked."""

    text: str
    kind: Literal["plain", "lead", "small", "warning"] = "plain"


class Items(Struct, frozen=True):
    """A list; each entry may have a term that it is about, which is empty otherwise."""

    entries: list[tuple[str, str]]


class Bar(Struct, frozen=True):
    """A bar in a cell: from and to as shares of the cell's width, and which direction is better."""

    start: float
    end: float
    better: Literal["higher", "lower"]


Kind = Literal["text", "number", "code", "bar"]
Cell = str | Bar


class Grid(Struct, frozen=True):
    """A table.

    Attributes:
        head: Its columns: title and kind. A column of bars is left out where none can be drawn.
        rows: Cells, as many as there are columns.
        strong: Numbers of rows that matter most.
        strong_cells: Likewise of cells, by row and column.
        shades: For a number's cell its shade from 0 to 1, by row and column; for tables read as a picture.
    """

    head: list[tuple[str, Kind]]
    rows: list[list[Cell]]
    strong: frozenset[int] = frozenset()
    strong_cells: frozenset[tuple[int, int]] = frozenset()
    shades: dict[tuple[int, int], float] = {}


class Picture(Struct, frozen=True):
    """A drawing.

    Attributes:
        name: Of a file without its suffix, made of letters, digits and dashes.
        svg: The drawing, which takes its colours from the page.
        caption: What it shows, in words.
    """

    name: str
    svg: str
    caption: str


class Pictures(Struct, frozen=True):
    """Drawings side by side, where there is room."""

    pictures: list[Picture]


class Code(Struct, frozen=True):
    """Commands for a shell."""

    lines: list[str]


class Fold(Struct, frozen=True):
    """What is shown on demand."""

    title: str
    blocks: list["Block"]


Block = Heading | Paragraph | Items | Grid | Pictures | Code | Fold


class Page(Struct, frozen=True):
    """A title and what stands below it."""

    title: str
    blocks: list[Block]
