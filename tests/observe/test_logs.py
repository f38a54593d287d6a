"""Lines of the log: one JSON object each, whatever is written, by whom and from which thread."""

import json
import subprocess
import sys
from typing import Any

from tests.service_process import ROOT

SCRIPT = """
import logging, threading, warnings
from service.observe.logs import REQUEST_ID, start_logging
start_logging("learner", LEVEL, FORM)
log = logging.getLogger("hearthbeat.test")
log.debug("fine")
log.info("training of %s", "villa", extra={"outcome": "published", "seconds": 1.5})
REQUEST_ID.set(b"abc")
log.warning("a name \\x1b[31mred\\nand a second line")
logging.getLogger("some.library").info("chatter")
warnings.warn("old", RuntimeWarning, stacklevel=1)
try:
    1 / 0
except ZeroDivisionError:
    log.exception("it failed")
thread = threading.Thread(target=lambda: [][0], name="worker")
thread.start()
thread.join()
raise SystemError("the end")
"""


def _lines(level: str, form: str) -> list[str]:
    script = f"LEVEL, FORM = {level!r}, {form!r}\n{SCRIPT}"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (1, "") == (done.returncode, done.stdout)
    return done.stderr.splitlines()


def test_every_line_is_one_json_object() -> None:
    """With timestamp, level and event first; exceptions, warnings and dying threads among them."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in _lines("info", "auto")]
    assert {("timestamp", "level", "event")} == {tuple(line)[:3] for line in lines}
    assert {"learner"} == {line["process"] for line in lines}
    assert ["info", "warning", "warning", "error", "critical", "critical"] == [line["level"] for line in lines]
    training, name, _, failed, thread, end = lines
    assert ("training of villa", "published", 1.5) == (training["event"], training["outcome"], training["seconds"])
    assert "request_id" not in training
    assert ("abc", "a name \x1b[31mred\nand a second line") == (name["request_id"], name["event"])
    assert "ZeroDivisionError" in failed["exception"]
    assert ("worker", True) == (thread["thread_name"], "IndexError" in thread["exception"])
    assert "SystemError: the end" in end["exception"]
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_text_does_not_steer_the_terminal() -> None:
    """A name that a client chose neither begins a line nor changes colours."""
    text = "\n".join(_lines("debug", "text"))
    assert r"a name \x1b[31mred\nand a second line" in text
    assert "\x1b" not in text
    assert "fine" in text


def test_level() -> None:
    """What lies below it is not written."""
    assert ["critical", "critical"] == [json.loads(line)["level"] for line in _lines("error", "json")][-2:]
    assert "training of villa" not in "".join(_lines("error", "json"))
