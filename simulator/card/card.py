"""Card: a page that says what is in the data sets, how they are made and what they are good for, measured, with plots.

    world ─► curves, warning, lives ─► plots, tables, page ─► a folder

Everything in it follows from the code and a seed, so it is generated and never out of date.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from service import __version__
from simulator.arrays import DAY_S, SECOND
from simulator.errors import UsageError

if TYPE_CHECKING:
    from simulator.samples.panel import Panel


class Effort(Struct, frozen=True, kw_only=True):
    """How much is measured.

    Attributes:
        truth_homes: Homes whose hidden truth is counted.
        read_homes: Homes whose readings are measured.
        year_homes: Homes that are watched for a whole year.
        samples: Samples of each home type.
    """

    truth_homes: int
    read_homes: int
    year_homes: int
    samples: int


USUAL: Final = Effort(truth_homes=4_800, read_homes=640, year_homes=160, samples=25_000)
_HORIZON_US: Final = DAY_S * SECOND


def write_card(out: Path, seed: int, effort: Effort = USUAL) -> Path:
    """Measure fleets and write the card.

    Args:
        out: A folder, which is made if it is not there and gets README.md and the plots; or a Markdown file, which gets
            its plots beside it.
        seed: Seed of the fleets.
        effort: How much is measured.

    Returns:
        The page.

    Raises:
        UsageError: It cannot be written there, or matplotlib is absent.
    """
    alone = out.suffix == ".md"
    folder, name = (out.parent, out.name) if alone else (out, "README.md")
    prefix = f"{out.stem}-" if alone else ""
    _check(out, folder)
    text, pictures = _made(seed, effort, prefix)
    try:
        folder.mkdir(exist_ok=True)
        for picture, content in pictures.items():
            (folder / f"{prefix}{picture}").write_bytes(content)
        (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {folder / name}: {error.strerror or error}") from None
    return folder / name


def _check(out: Path, folder: Path) -> None:
    if find_spec("matplotlib") is None:
        raise UsageError("the plots need matplotlib: pip install 'hearthbeat[data]'")
    if out.suffix == ".md" and (out.is_dir() or not folder.is_dir()):
        raise UsageError(
            f"cannot write {out}: " + ("it is a folder" if out.is_dir() else f"there is no folder {folder}")
        )
    if out.suffix != ".md" and (not folder.parent.is_dir() or (folder.exists() and not folder.is_dir())):
        raise UsageError(f"{out} is no folder and cannot become one; a file's name ends with .md")


def _made(seed: int, effort: Effort, prefix: str) -> tuple[str, dict[str, bytes]]:
    # Compiled kernels and matplotlib take seconds to load: not before it is sure that they are needed.
    from simulator.card import plots
    from simulator.card.curves import count_failures, measure_days, measure_seasons
    from simulator.card.lives import typical_lives
    from simulator.card.page import page
    from simulator.card.tables import Measured
    from simulator.card.warning import measure_warnings
    from simulator.card.world import lead_times_h, make_world, what_is_told
    from simulator.samples.panel import plan_panel

    def planned(samples: int, homes: int) -> "Panel":
        return plan_panel(samples, horizon_us=_HORIZON_US, per_home_type=True, homes=homes)

    hidden = make_world(planned(effort.samples, effort.truth_homes), seed)
    panel = planned(effort.samples, effort.read_homes)
    read = make_world(panel, seed)
    told, mistaken = what_is_told(hidden)
    measured = Measured(
        seed=seed,
        version=__version__,
        world=hidden,
        days=measure_days(read),
        warnings=measure_warnings(panel, seed),
        leads_h=lead_times_h(hidden),
        told=told,
        mistaken=mistaken,
    )
    failing = count_failures(hidden)
    pictures = {
        "lives.png": plots.draw_lives(typical_lives(read)),
        "times.png": plots.draw_times(measured.days, measure_seasons(effort.year_homes, seed), failing),
        "failures.png": plots.draw_failures(failing),
        "leads.png": plots.draw_leads(measured.leads_h, told),
        "warnings.png": plots.draw_warnings(measured.warnings),
    }
    return page(measured, prefix), pictures
