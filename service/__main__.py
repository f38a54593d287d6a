"""The command line: ``hearthbeat serve`` and everything else that people and the service itself start.

Commands of other packages are mounted by name and imported when they are called, so that each starts quickly.
"""

import asyncio
import contextlib
import gc
import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter

from service import __version__
from service.contracts.errors import BadSetting, HearthbeatError
from service.observe.logs import start_logging
from service.settings import Settings, load_settings, parse_duration_s
from service.storage.shipped import bring_kernels

if TYPE_CHECKING:
    from service.api.access.gate import Gate

app = App(
    name="hearthbeat",
    help="Predicts which smart-home device will fail soon, and keeps learning while it predicts.",
    version=__version__,
)
app.command("simulator.commands.simulate:simulate", help="Stream a simulated fleet, with its outcomes, to a service.")
app.command("simulator.commands.scenarios:scenarios", help="List what may happen to a simulated fleet.")
app.command("simulator.commands.replay:replay", help="Stream a table of device telemetry to a service.")
app.command(
    "simulator.commands.demo:demo", help="Start a service, stream a small fleet through it, and show what it learns."
)
app.command(
    "simulator.commands.dataset:app",
    name="dataset",
    help="Make a data set of a simulated fleet, or the card of all of them.",
)
app.command(
    "service.api.commands.models:app",
    name="models",
    help="Export a version of a checkpoint from a running service, or import one.",
)
app.command("service.api.commands.forget:forget", help="Have a running service forget a home, or one device of it.")
app.command("service.jobs.upkeep.commands:backup", help="Copy the data of a service, also of one that runs.")
app.command("service.jobs.upkeep.commands:restore", help="Make a data folder of a backup.")
app.command("service.jobs.upkeep.commands:verify", help="Check a backup or a data folder.")
app.command("service.jobs.upkeep.commands:export", help="Write readings, risks, examples and outcomes as Parquet.")
app.command("service.api.commands.status:status", help="Show how a running service stands.")
app.command("service.settings.show:settings", help="Print the settings in force, and where each came from.")
app.command("service.api.commands.keys:app", name="keys", help="Make, list and revoke the keys of the API.")
app.command("benchmarks.command:app", name="bench", help="Run a benchmark, or all for a report; without a name, list.")
app.command(
    "benchmarks.crash.command:crash_test", help="Kill a service under load again and again, and check what is left."
)

_LOG = logging.getLogger("hearthbeat")
_DRAIN_S = 5.0
_GC_THRESHOLDS = (20_000, 20, 100)
_BACKLOG = 1024
_CONNECTIONS = 8192  # an idle or slow connection holds a place; the queue before the scorer is what pushes back


@app.command
def serve(
    *,
    config: Annotated[Path | None, Parameter(help="Settings file; else the one that HEARTHBEAT_CONFIG names.")] = None,
    host: str | None = None,
    port: int | None = None,
    data: Annotated[str | None, Parameter(help="Folder of log, models and examples.")] = None,
    horizon: Annotated[str | None, Parameter(help="How far ahead failures are foretold, such as 24h.")] = None,
    lockstep: Annotated[bool | None, Parameter(help="Learn all that is mature before a batch is scored.")] = None,
    baseline: Annotated[str | None, Parameter(help="auto, off, or a file made by train-baseline.")] = None,
) -> None:
    """Run the service until it is told to stop (Ctrl-C or SIGTERM).

    A flag goes before a HEARTHBEAT_* variable, and that before the settings file.
    """
    from service.storage.folder import check_folder

    try:
        settings = load_settings(
            config=config, host=host, port=port, data_dir=data, horizon=horizon, lockstep=lockstep, baseline=baseline
        )
        check_folder(settings)
        with _reserved_address(settings) as (address, port):
            gate = _gate(settings, address)
            with _kept_kernels(settings.folder.resolve() / "kernels"):
                status = asyncio.run(_serve(settings, gate, address, port))
    except (HearthbeatError, OSError) as error:
        print(f"hearthbeat: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    raise SystemExit(status)


@contextlib.contextmanager
def _kept_kernels(folder: Path) -> Iterator[None]:
    """Have compiled kernels kept in the data folder, and begin with those that an image brings.

    A start that is refused leaves no such folder behind where there was none.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        yield
        return
    there = next(place for place in (folder, *folder.parents) if place.exists())
    folder.parent.mkdir(parents=True, exist_ok=True)
    bring_kernels(folder)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    try:
        yield
    except (HearthbeatError, OSError):
        if there != folder:
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # not empty
                for place in folder.parents[: folder.parents.index(there)]:
                    place.rmdir()
        raise


@contextlib.contextmanager
def _reserved_address(settings: Settings) -> Iterator[tuple[str, int]]:
    """The numeric address and the port to listen on; asks for a free port if it is 0.

    The port stays bound meanwhile, so that until the server listens nobody else is given the same one.

    Raises:
        BadSetting: There is no such address, or it is not ours, or somebody listens there already.
    """
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", "it is no name of a machine")
        raise BadSetting(f"{settings.host!r} is no address: {why}", field="host") from None
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            detail = f"cannot listen on {settings.host}:{settings.port}: {error.strerror}"
            raise BadSetting(detail, field="port") from None
        yield str(address[0]), int(probe.getsockname()[1])


def _gate(settings: Settings, address: str) -> "Gate":
    from service.api.access.gate import Gate
    from service.storage.keys import KeyFile

    return Gate(KeyFile(settings.folder), settings, address)


async def _serve(settings: Settings, gate: "Gate", host: str, port: int) -> int:
    from granian.constants import Interfaces
    from granian.server.embed import Server

    from service.app import Runtime

    start_logging("service", settings.log_level, settings.log_format)
    runtime = Runtime(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    server = Server(
        runtime.application(gate),
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        backlog=_BACKLOG,
        backpressure=_CONNECTIONS,
        log_enabled=False,
        websockets=False,
    )
    serving = asyncio.create_task(server.serve())
    runtime.start()
    shown = f"[{host}]" if ":" in host else host
    print(f"hearthbeat {__version__} listens on http://{shown}:{port}, data in {settings.folder}", flush=True)
    announced = False
    while not (stop.is_set() or runtime.stop_requested.is_set() or serving.done()):
        if not announced and runtime.service.starting is None:
            announced = True
            # To look through all there is for what is not needed takes tens of milliseconds, and there is nothing:
            # what is there now stays, devices that come later do too.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*_GC_THRESHOLDS)
            print("ready", flush=True)
            _LOG.info("readings are taken", extra={"version": __version__, "address": f"http://{shown}:{port}"})
        try:
            await asyncio.wait_for(stop.wait(), 0.1)
        except TimeoutError:
            continue
    _LOG.info("stopping")
    runtime.stopping()
    runtime.waits.end()
    server.stop()  # type: ignore[no-untyped-call]  # granian leaves it untyped
    await asyncio.wait({serving}, timeout=_DRAIN_S)
    await asyncio.to_thread(runtime.stop)
    if runtime.failed is not None:
        _LOG.critical("hearthbeat: %s", runtime.failed)
        return 1
    _LOG.info("stopped")
    return 0


@app.command(show=False)
def learner(*, log_level: str = "info", log_format: str = "auto") -> None:
    """The learner's process; started by the service, which it serves over standard input and output."""
    from service.pipeline.learning.learner import main as learn

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the service ends the learner
    start_logging("learner", log_level, log_format)
    learn()


@app.command(show=False)
def trainer(*, log_level: str = "info", log_format: str = "auto", awaited: bool = False) -> None:
    """The trainer's process; started by the service, which it serves over standard input and output."""
    from service.jobs.training.worker import main as train

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the service ends the trainer
    start_logging("trainer", log_level, log_format)
    train(awaited=awaited)


@app.command
def train_baseline(
    *,
    out: Annotated[Path, Parameter(help="The model file to write.")],
    horizon: str = "24h",
    seed: int = 1,
    samples: int = 10_000,
    home_types: Annotated[bool, Parameter(help="Also train one for each home type, beside it.", negative="")] = False,
) -> None:
    """Train the baseline on simulated samples, for `serve --baseline FILE`."""
    from service.jobs.train_baseline import train_baseline as train
    from service.jobs.train_baseline import train_home_types

    try:
        made = {out: train(out, horizon_s=parse_duration_s(horizon), seed=seed, samples=samples)}
        if home_types:
            made |= train_home_types(out, horizon_s=parse_duration_s(horizon), seed=seed, samples=samples)
    except ValueError as error:
        print(f"hearthbeat: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    for file, manifest in made.items():
        print(f"{file}: {manifest.samples} samples, {manifest.positives} positive, {len(manifest.features)} features")


@app.command(name="compile")
def compile_kernels(*, out: Annotated[Path, Parameter(help="Folder for them; made if it is not there.")]) -> None:
    """Compile the kernels of scoring ahead of time, for an image; NUMBA_CPU_NAME=generic makes them run on any CPU."""
    out.mkdir(parents=True, exist_ok=True)
    os.environ["NUMBA_CACHE_DIR"] = str(out.resolve())
    from service.pipeline.scoring.warmup import warm_up

    warm_up()
    print(f"{out}: {len(list(out.rglob('*.nbi')))} kernels")


def main() -> None:
    """Entry point of the ``hearthbeat`` command; a wrong call ends with status 2."""
    try:
        app(exit_on_error=False)
    except CycloptsError:
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
