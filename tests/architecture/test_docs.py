"""The docs name every setting, endpoint, command and decision there is, and no other."""

import os
import re
import subprocess
import sys
import typing
from pathlib import Path

import msgspec
import pytest

from service.api.problems import TYPES
from service.app import openapi_document
from service.contracts.events import Event, ReadingGroup, ReadingsLogged
from service.contracts.journal import JournalKind
from service.settings import Settings, load_settings
from service.settings.show import as_markdown
from service.settings.sources import NOT_SETTINGS
from simulator.commands.options import load_patterns
from simulator.scenarios import COLUMNS, SCENARIOS, row
from simulator.tables.mapping import load_mapping
from simulator.world.patterns import Patterns

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]

# Serves the document itself, so it does not stand in it.
SELF = "GET /schema/openapi.json"


def test_every_setting_is_documented() -> None:
    """The table in docs/settings.md is the one that ``hearthbeat settings --markdown`` prints."""
    page = (DOCS / "settings.md").read_text()

    assert as_markdown() == "\n".join(line for line in page.splitlines() if line.startswith("|")) + "\n"


def test_settings_files_in_the_docs_load(tmp_path: Path) -> None:
    """Every settings file that is shown is one, and changes something."""
    files = re.findall(r"^```toml\n(.*?)^```", (DOCS / "settings.md").read_text(), flags=re.MULTILINE | re.DOTALL)

    assert files
    for text in files:
        (tmp_path / "hearthbeat.toml").write_text(text)
        assert load_settings({}, config=tmp_path / "hearthbeat.toml") != Settings()


def test_variables_that_are_no_settings_are_documented() -> None:
    """docs/settings.md names each variable of the prefix that is for others."""
    page = (DOCS / "settings.md").read_text()

    assert [name for name in NOT_SETTINGS if f"`{name}`" not in page] == []


def test_every_endpoint_is_documented() -> None:
    """docs/api.md has one section for each operation of the OpenAPI document."""
    sections = re.findall(r"^## `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)`$", (DOCS / "api.md").read_text(), re.MULTILINE)
    operations = [
        f"{method.upper()} {path}"
        for path, item in openapi_document()["paths"].items()
        for method in item
        if method in {"get", "post", "put", "patch", "delete"}
    ]

    assert sorted({*sections} - {SELF}) == sorted({*operations} - {SELF})


def test_every_scope_is_documented() -> None:
    """Below the heading of each endpoint in docs/api.md stands the scope that the OpenAPI document says."""
    said = re.findall(
        r"^## `([A-Z]+) ([^`]+)`\n\n(?:Scope: `(\w+)`\.|Open: .*)$", (DOCS / "api.md").read_text(), re.MULTILINE
    )
    operations = {
        f"{method.upper()} {path}": "".join(operation["security"][0]["key"] if operation["security"] else [])
        for path, item in openapi_document()["paths"].items()
        for method, operation in item.items()
    }

    assert {f"{method} {path}": scope for method, path, scope in said} == operations | {SELF: "read"}


def test_every_problem_is_documented() -> None:
    """The table of types in docs/api.md has each, with its status."""
    rows = re.findall(r"^\| `/problems/([a-z-]+)` \| ([\d, ]+) \|", (DOCS / "api.md").read_text(), re.MULTILINE)

    assert sorted(kind for kind, _ in rows) == sorted(TYPES)
    assert [kind for kind, told in rows if str(TYPES[kind]) not in told] == []


def test_every_event_is_documented() -> None:
    """docs/events.md has one section for each event, and a row for each field."""
    sections = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", (DOCS / "events.md").read_text(), re.M | re.S))
    fields = {
        str(kind.__struct_config__.tag): {*kind.__struct_fields__}
        | {*(ReadingGroup.__struct_fields__ if kind is ReadingsLogged else ())}
        for kind in typing.get_args(Event)
    }

    assert {
        tag: {name for cell in re.findall(r"^\| (`.*?`) \|", text, re.M) for name in re.findall(r"`(\w+)`", cell)}
        for tag, text in sections.items()
    } == fields


def test_every_kind_of_decision_is_documented() -> None:
    """The journal's table in docs/committee.md has a row for each."""
    journal = (DOCS / "committee.md").read_text().split("\n## The journal\n", 1)[1]
    cells = re.findall(r"^\| (`.*?`) \|", journal, re.MULTILINE)[1:]

    assert sorted(kind for cell in cells for kind in re.findall(r"`(\w+)`", cell)) == sorted(
        typing.get_args(JournalKind)
    )


def test_every_page_is_in_the_index() -> None:
    """docs/README.md links each page once."""
    pages = [*DOCS.glob("*.md"), *(DOCS / "tutorials").glob("*.md")]
    links = re.findall(r"^\| \[[^]]*\]\((?!\.\.)([^)]+)\)", (DOCS / "README.md").read_text(), re.MULTILINE)

    assert sorted(links) == sorted(
        [*(str(page.relative_to(DOCS)) for page in pages if page.name != "README.md"), "adr/README.md"]
    )


def test_every_status_and_body_is_in_the_openapi_document() -> None:
    """What docs/api.md tells of the statuses, health aside, whose bodies are no problems; and what a POST takes."""
    sections = dict(re.findall(r"^## `([A-Z]+ \S+)`\n(.*?)(?=^## |\Z)", (DOCS / "api.md").read_text(), re.M | re.S))
    silent = []
    for path, item in openapi_document()["paths"].items():
        for method, operation in item.items():
            name = f"{method.upper()} {path}"
            told = re.search(r"^Statuses: ([\d, ]+)\.$", sections[name], re.MULTILINE)
            assert told is not None, name
            statuses = {*told[1].split(", ")} - ({"503"} if path.startswith("/health") else set())
            if statuses - {*operation["responses"]} or (method == "post" and "requestBody" not in operation):
                silent.append(name)

    assert silent == []


def test_every_command_is_documented() -> None:
    """docs/commands.md has one section for each command that ``hearthbeat --help`` lists."""
    sections = re.findall(r"^## `([a-z-]+)`$", (DOCS / "commands.md").read_text(), flags=re.MULTILINE)
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    command = [sys.executable, "-m", "service", "--help"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    panel = result.stdout.split("Commands", 1)[1]
    assert sorted(sections) == sorted(re.findall(r"^│ ([a-z][a-z-]*) ", panel, flags=re.MULTILINE))


def test_mappings_in_the_docs_load(tmp_path: Path) -> None:
    """Every mapping shown in docs/replay.md is one."""
    mappings = re.findall(r"^```toml\n(.*?)^```", (DOCS / "replay.md").read_text(), flags=re.MULTILINE | re.DOTALL)

    assert mappings
    for text in mappings:
        (tmp_path / "mapping.toml").write_text(text)
        load_mapping(tmp_path / "mapping.toml")


def test_every_scenario_is_documented() -> None:
    """The table in docs/scenarios.md is the one that ``hearthbeat scenarios`` prints, row by row."""
    table = (DOCS / "scenarios.md").read_text().split("\n## Scenarios\n", 1)[1]
    rows = [
        tuple(cell.strip(" `") for cell in line.strip("|").split("|")) for line in re.findall(r"^\|.*", table, re.M)
    ]

    assert rows[0] == COLUMNS
    assert rows[2:] == [row(scenario) for scenario in SCENARIOS.values()]


def test_every_pattern_is_documented() -> None:
    """docs/scenarios.md tells of each pattern, and gives each key with the default that the code has."""
    page = (DOCS / "scenarios.md").read_text().split("\n## Scenarios\n", 1)[0]
    defaults = {
        f"{pattern.name}.{key.name}": str(getattr(pattern.default, key.name)).lower()
        for pattern in msgspec.structs.fields(Patterns)
        for key in msgspec.structs.fields(pattern.default)
    }

    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(Patterns.__struct_fields__)
    assert dict(re.findall(r"^\| `(\w+\.\w+)` \| `([^`]*)` \|", page, re.MULTILINE)) == defaults


def test_patterns_in_the_docs_load(tmp_path: Path) -> None:
    """Every patterns file shown in docs/scenarios.md is one, and changes something."""
    files = re.findall(r"^```toml\n(.*?)^```", (DOCS / "scenarios.md").read_text(), flags=re.MULTILINE | re.DOTALL)

    assert files
    for text in files:
        (tmp_path / "patterns.toml").write_text(text)
        assert load_patterns(tmp_path / "patterns.toml") != Patterns()


def test_every_turn_in_the_life_of_a_label_has_its_test() -> None:
    """The table in docs/labels.md has one row for each test of test_label_life.py, in its order."""
    life = (DOCS / "labels.md").read_text().split("## The label's whole life", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| ([a-z][^|]*) \|", life, flags=re.MULTILINE)[1:]
    tests = (ROOT / "tests/pipeline/learning/test_label_life.py").read_text()

    assert [re.sub(r"\W+", "_", row) for row in rows] == re.findall(r"^def test_(\w+)", tests, flags=re.MULTILINE)


def test_every_decision_is_in_the_index() -> None:
    """docs/adr/README.md links each decision record once, in order."""
    records = [path.name for path in sorted((DOCS / "adr").glob("[0-9]*.md"))]

    assert re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (DOCS / "adr/README.md").read_text()) == records


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that exists."""
    targets = re.findall(r"\]\((?!\w+:|#)([^)#]+)", page.read_text())

    assert [target for target in targets if not (page.parent / target).exists()] == []
