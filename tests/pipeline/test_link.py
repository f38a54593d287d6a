"""The link to a learner that does not live long."""

import sys

from service.pipeline.link import LearnerLink
from tests.service_process import until

_PIPE_BYTES = 65_536


def test_a_learner_that_ends_before_it_listens_is_started_again() -> None:
    """Again and again, even if a part of what it was sent still waits for room in the pipe; its end is told."""
    link = LearnerLink([sys.executable, "-S", "-c", ""], bytes(_PIPE_BYTES + 1_000))
    link.start()
    until(lambda: link.restarts > 1)
    link.stop()
    assert "the learner ended with status 0; it is started again" == link.fault
