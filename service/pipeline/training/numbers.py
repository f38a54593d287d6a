"""Numbers of versions that are in the making: a training that runs and an import beside it must not get the same."""

from service.pipeline.versions import GLOBAL, Versions


class Numbers:
    """Numbers that were given out and stand in no event yet. Each call needs the ingest lock."""

    def __init__(self) -> None:
        self._out: dict[str, set[int]] = {}

    def take(self, home_type: str | None, versions: Versions) -> int:
        """The next number of a home type's versions (None: of the global ones)."""
        out = self._out.setdefault(home_type or GLOBAL, set())
        number = max(versions.next_number(home_type), max(out, default=0) + 1)
        out.add(number)
        return number

    def settle(self, home_type: str | None, number: int) -> None:
        """What became of a number stands in the log, or nothing came of it."""
        self._out.get(home_type or GLOBAL, set()).discard(number)
