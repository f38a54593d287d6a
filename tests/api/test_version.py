"""The release: one version, wherever it is told."""

import re
import tomllib

import httpx

from tests.service_process import ROOT


def test_version_and_changelog_agree(client: httpx.Client) -> None:
    """The package, the newest release in the changelog and ``GET /version``; what comes next stands above it."""
    headings = re.findall(r"^## \[(.+)\](?: - \d{4}-\d\d-\d\d)?$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert headings[:2] == ["Unreleased", version]
    assert client.get("/version").json()["version"] == version
