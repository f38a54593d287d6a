"""The newest blocks that hold a number of examples, the same for every backend."""

from collections.abc import Iterable

from service.contracts.ports import MaturedExamples


def newest_of(newest_first: Iterable[MaturedExamples], examples: int) -> list[MaturedExamples]:
    """As many blocks as hold at least ``examples`` examples (or all), oldest first."""
    out: list[MaturedExamples] = []
    count = 0
    for block in newest_first:
        if count >= examples:
            break
        out.append(block)
        count += len(block.label)
    return out[::-1]
