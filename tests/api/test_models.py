"""Checkpoints over HTTP: what serves, versions, rollback, pins, trainings, and what is refused."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.contracts.events import Pinned, RolledBack, TrainingAsked
from tests.api.trained import BY, act, event_of, refused, versions_of
from tests.service_process import until

Answering = Callable[[str], dict[str, dict[str, Any]]]


def test_what_serves(http: httpx.Client) -> None:
    """The global checkpoint, then each home type, with the age of what it was trained to."""
    answer = http.get("/v1/models").json()
    assert [None, "global", "villa"] == [model["home_type"] for model in answer["models"]]
    for model in answer["models"]:
        assert ("own", 3, True, None) == (model["serves"], model["version"], model["loaded"], model["pin"])
        assert 7_200 < model["behind_s"] < 20_000
        assert 0 <= model["age_s"] < 3_600
        assert ("schedule", 64) == (model["by"], len(model["sha256"]))
    assert {"lag_events", "lag_s", "stale", "fault"} == answer["learner"].keys()
    assert (None, None) == (answer["learner"]["stale"], answer["learner"]["fault"])


def test_a_home_type_called_global_is_another(http: httpx.Client) -> None:
    """``global`` is the global checkpoint; with a tilde any name is that of a home type."""
    names = {name: http.get(f"/v1/models/{name}/versions").json() for name in ("global", "~global", "villa", "~villa")}
    assert [None, "global", "villa", "villa"] == [answer["home_type"] for answer in names.values()]
    assert names["villa"] == names["~villa"]
    digests = {name: answer["versions"][0]["sha256"] for name, answer in names.items()}
    assert 3 == len(set(digests.values()))


def test_a_version_says_what_it_was_made_of(http: httpx.Client, folder: Path) -> None:
    """The manifest of the file, which was read and verified for the answer."""
    answer = http.get("/v1/models/villa/versions/3").json()
    manifest = answer["manifest"]
    assert (None, "serving", 3) == (answer["damaged"], answer["version"]["state"], answer["version"]["version"])
    assert ("villa", 3, 7_200.0) == (manifest["home_type"], manifest["number"], manifest["horizon_s"])
    assert 0 < manifest["positives"] < manifest["samples"]
    assert manifest["seq_first"] < manifest["seq_last"] == answer["version"]["trained_to_seq"]
    assert manifest["trained_to"] == answer["version"]["trained_to"]
    assert manifest["quality"]["mode_recall"].keys() == {"heat"}
    assert {"scikit-learn", "numpy", "python"} == manifest["made_with"].keys()
    assert "temperature_c.raw" in manifest["features"]
    file = folder / "models" / "checkpoint-3@villa.npz"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == answer["version"]["sha256"]


def test_rollback_is_in_the_next_answer_and_in_the_log(http: httpx.Client, folder: Path, answering: Answering) -> None:
    """The version before it serves, and back; the receipt names the event, which says who and why."""
    back = act(http, "villa", "rollback")
    assert (2, "ada", "to see") == (back["model"]["version"], back["model"]["by"], back["model"]["why"])
    assert 2 == answering("villa")["checkpoint"]["version"]
    assert 3 == answering("global")["checkpoint"]["version"]
    event = event_of(folder, back["seq"])
    assert isinstance(event, RolledBack)
    assert ("villa", 2, "ada", "to see") == (event.home_type, event.version, event.by, event.why)
    assert ["archived", "serving"] == [versions_of(http, "villa")[n]["state"] for n in (3, 2)]
    assert (409, "conflict") == refused(http.post("/v1/models/villa/rollback", json=BY))
    assert (409, "conflict") == refused(http.post("/v1/models/villa/rollback", json=BY | {"version": 2}))
    assert 3 == act(http, "villa", "rollback", version=3)["model"]["version"]
    assert 3 == answering("villa")["checkpoint"]["version"]


def test_version_0_leaves_the_global_one(http: httpx.Client, answering: Answering) -> None:
    """A home type without a checkpoint of its own is served by the global one, and a second 0 has nothing to take."""
    model = act(http, "villa", "rollback", version=0)["model"]
    shared = http.get("/v1/models/global/versions/3").json()["version"]["sha256"]
    assert ("global", 3, shared) == (model["serves"], model["version"], model["sha256"])
    assert answering("villa")["checkpoint"]["risk"] is not None
    assert (409, "conflict") == refused(http.post("/v1/models/villa/rollback", json=BY | {"version": 0}))
    act(http, "villa", "rollback", version=3)


def test_pin_and_unpin_are_in_the_next_answer(http: httpx.Client, folder: Path, answering: Answering) -> None:
    """The member chosen answers alone, and then the committee again."""
    receipt = act(http, "villa", "pin", member="checkpoint")
    assert ("checkpoint", "ada", "to see") == tuple(receipt["model"]["pin"][name] for name in ("member", "by", "why"))
    weights = {name: member["weight"] for name, member in answering("villa").items()}
    assert weights == dict.fromkeys(weights, 0.0) | {"checkpoint": 1.0}
    assert isinstance(event_of(folder, receipt["seq"]), Pinned)
    assert act(http, "villa", "unpin")["model"]["pin"] is None
    assert 3 <= sum(member["weight"] > 0.0 for member in answering("villa").values())
    assert (409, "conflict") == refused(http.post("/v1/models/villa/unpin", json=BY))


def test_pins_that_cannot_be(http: httpx.Client) -> None:
    """Nobody of that name, or no committee at all."""
    answer = http.post("/v1/models/villa/pin", json=BY | {"member": "oracle"})
    assert (422, "refused-item") == refused(answer)
    assert ("unknown_member", "member") == (answer.json()["reason"], answer.json()["field"])
    assert (409, "conflict") == refused(http.post("/v1/models/global/pin", json=BY | {"member": "checkpoint"}))


@pytest.mark.parametrize("deed", ["refresh", "rollback", "pin", "unpin"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, None),
        ({"by": "ada"}, "why"),
        ({"by": "", "why": "x"}, "by"),
        ({"by": "ada", "why": "x" * 501}, "why"),
        ({"by": "ada\nroot", "why": "x"}, "by"),
        ({"by": "ada", "why": "x", "force": True}, "force"),
    ],
)
def test_who_and_why_are_asked_for(http: httpx.Client, deed: str, body: dict[str, Any], field: str | None) -> None:
    """Both, in bounded lines, and nothing beside them."""
    member = {"member": "checkpoint"} if deed == "pin" else {}
    answer = http.post(f"/v1/models/villa/{deed}", json=member | body)
    assert (422, "malformed-item") == refused(answer)
    assert field is None or field == answer.json()["field"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/none/versions",
        "/v1/models/none/versions/2",
        "/v1/models/villa/versions/1",
        "/v1/models/villa/versions/77",
        "/v1/models/villa/versions/77/file",
        "/v1/models/compare?home_type=villa&a=2&b=77",
        "/v1/jobs/none",
    ],
)
def test_what_is_not_known(http: httpx.Client, path: str) -> None:
    """A home type, a version or a training that is not there is a 404 that says so."""
    assert (404, "not-known") == refused(http.get(path))


@pytest.mark.parametrize("deed", ["refresh", "rollback", "pin", "unpin"])
def test_acts_on_what_is_not_known(http: httpx.Client, deed: str) -> None:
    """Nothing is done for a home type nobody has read, or with a version that is not there."""
    member = {"member": "checkpoint"} if deed == "pin" else {}
    assert (404, "not-known") == refused(http.post(f"/v1/models/none/{deed}", json=BY | member))
    assert (404, "not-known") == refused(http.post("/v1/models/villa/rollback", json=BY | {"version": 77}))


def test_refresh_trains_now(http: httpx.Client, folder: Path) -> None:
    """202 and a job, which ends with a version, though nothing is streamed; the wish and the version are in the log."""
    answer = http.post("/v1/models/global/refresh", json=BY)
    job = answer.json()
    assert (202, f"/v1/jobs/{job['job']}") == (answer.status_code, answer.headers["location"])
    assert ("ada", "to see", [None]) == (job["by"], job["why"], [each["home_type"] for each in job["targets"]])
    until(lambda: http.get(f"/v1/jobs/{job['job']}").json()["state"] == "done")
    ended = http.get(f"/v1/jobs/{job['job']}").json()
    assert job["asked_at"] <= ended["started_at"] <= ended["ended_at"]
    (target,) = ended["targets"]
    assert (4, 1.0) == (target["version"], target["progress"])
    assert target["state"] in ("published", "rejected")
    assert ended == http.get("/v1/jobs").json()["jobs"][0]
    assert "ada" == versions_of(http, "global")[4]["by"]
    seq = http.get("/health/ready").json()["seq"]
    kinds = [type(event_of(folder, n)) for n in range(seq - 3, seq + 1)]
    assert TrainingAsked in kinds


def test_refresh_beside_a_stream(http: httpx.Client, answering: Answering) -> None:
    """In lock-step the stream's own thread trains: readings that come meanwhile wait, and neither waits for ever."""
    job = act(http, "villa", "refresh")["job"]
    for _ in range(5):
        assert "checkpoint" in answering("villa")
    assert "done" == http.get(f"/v1/jobs/{job}").json()["state"]
    if versions_of(http, "villa")[3]["state"] != "serving":
        act(http, "villa", "rollback", version=3)


def test_versions_side_by_side(http: httpx.Client) -> None:
    """What differs by name, the measures with their difference."""
    answer = http.get("/v1/models/compare", params={"home_type": "villa", "a": 2, "b": 3}).json()
    assert (2, 3) == (answer["a"]["version"]["version"], answer["b"]["version"]["version"])
    assert {"number", "seq_last", "samples", "quality"} <= set(answer["differs"])
    assert "home_type" not in answer["differs"]
    gap = answer["quality"]["pr_auc"]
    assert gap["difference"] == pytest.approx(gap["b"] - gap["a"])
    assert "recall_at_1pct_far of heat" in answer["quality"]
    assert ([], [], 8 * 3600.0) == (answer["features_only_a"], answer["metrics_only_b"], answer["trained_between_s"])


def test_what_runs(http: httpx.Client) -> None:
    """The service's version and those of the libraries that its numbers come from."""
    answer = http.get("/version").json()
    assert {"river", "scikit-learn", "numpy"} <= answer["libraries"].keys()
    assert sys.version.split()[0] == answer["python"]
