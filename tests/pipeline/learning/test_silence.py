"""An outage of labels as a fleet lives through it: outcomes stop for more than a day, and come again."""

import msgspec
import pytest

from service.models.committee import ONLINE
from tests.pipeline.learning.test_learn import digest, run, total
from tests.pipeline.lockstep import LockStep
from tests.pipeline.streams import hourly

BEGIN, END, HOURS = 80, 116, 150


@pytest.fixture(scope="module")
def outage() -> tuple[LockStep, list[dict[str, str | None]], list[float], list[float]]:
    """The fleet afterwards; who was benched, the prior's risk, and the mean risk, hour by hour."""
    both = LockStep()
    benched, prior, risk = [], [], []
    for hour, (readings, outcomes) in enumerate(hourly(HOURS, devices=24, home_type="condo")):
        if not BEGIN <= hour < END:
            both.tell(*outcomes)
        receipt = both.read(readings)
        answers = receipt.risks
        assert isinstance(answers, list)
        risk.append(sum(answer.risk or 0.0 for answer in answers) / len(answers))
        members = both.members()
        benched.append({name: member.benched for name, member in members.items()})
        prior.append(members["prior"].risk)
    return both, benched, prior, risk


Outage = tuple[LockStep, list[dict[str, str | None]], list[float], list[float]]


def test_online_members_are_benched_and_come_back(outage: Outage) -> None:
    """With the reason in each answer; at its end all of them vote again."""
    _, benched, _, _ = outage
    during = benched[END - 1]
    assert {"silence"} == {during[name] for name in ONLINE}
    assert all(benched[BEGIN - 1][name] is None for name in ONLINE)
    assert all(benched[-1][name] != "silence" for name in ONLINE)


def test_risks_do_not_decay(outage: Outage) -> None:
    """What matures in a silence is not believed to be healthy: the prior stands still from then on."""
    both, benched, prior, risk = outage
    told = next(hour for hour in range(BEGIN, END) if benched[hour]["forest"] == "silence")
    before = sum(risk[BEGIN - 24 : BEGIN]) / 24
    assert told - BEGIN < 24
    assert prior[told] == prior[END - 1]
    assert sum(risk[told:END]) / (END - told) > 0.5 * before
    counts = both.counts()
    assert counts.unreported > 100
    assert counts.matured == counts.positive + counts.negative + counts.censored + counts.unreported


def test_the_journal_tells_when_and_why(outage: Outage) -> None:
    """Since when, how long, and who was benched for it; afterwards that it is over."""
    both, benched, _, _ = outage
    (begun, over) = both.journal("silence", "silence_over")
    assert ("silence", "silence_over") == (begun.kind, over.kind)
    assert begun.home_type is None
    assert begun.amount is not None
    assert "no outcome has arrived for" in begun.sentence
    told = [record for record in both.journal("benched") if record.seq == begun.seq]
    assert ONLINE == {record.member for record in told}
    assert all("no outcome has arrived since" in record.sentence for record in told)
    back = {record.member for record in both.journal("unbenched") if record.seq == over.seq}
    assert back
    assert "silence" not in benched[-1].values()


def test_a_replay_tells_the_same(outage: Outage) -> None:
    """The same log gives the same state and the same journal, byte for byte."""
    both = outage[0]
    again = both.replayed()
    assert digest(both.fold) == digest(again.fold)
    assert msgspec.json.encode(both.journal()) == msgspec.json.encode(again.journal())


def test_an_operators_advance_is_no_silence() -> None:
    """At the end of a stream event time is declared to have passed; that nothing failed then says nothing."""
    _, fold, store = run(hourly(100, devices=24), advance_h=72)
    assert 0 == total(fold).unreported
    assert 0 == total(fold).pending
    assert [] == [record for record in store.journal() if record.kind == "silence"]


def test_what_is_told_afterwards_is_not_learned_alone() -> None:
    """The failures of a silence arrive together when it is over: no flood of positives without negatives."""
    both, held = LockStep(), []
    for hour, (readings, outcomes) in enumerate(hourly(END + 1, devices=24, home_type="condo")):
        if BEGIN <= hour < END:
            held += outcomes
        else:
            both.tell(*outcomes, *held)
            held = []
        both.read(readings)
        if hour == END - 1:
            before = both.counts()
    after = both.counts()
    assert both.journal("silence_over")
    assert after.unreported >= before.unreported > 100
    assert after.positives_learned - before.positives_learned < 60
