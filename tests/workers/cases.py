"""The fault matrix: each thing that may go wrong while mail goes out, as a Case.

How each is counted stands in `tests.workers.trial`.
"""

from __future__ import annotations

import time
from datetime import timedelta

from syndication import recover
from syndication.sandbox.ses import Rule, Wrong
from tests.sink import GREYLISTING, Fault
from tests.workers.installation import wait_until
from tests.workers.trial import Case, Kind, Trial

POSTGRES = (Kind.VALKEY, Kind.RABBITMQ)
BROKERS = POSTGRES


def killed(times: int) -> Case:
    def breaks(trial: Trial) -> None:
        for _ in range(times):
            trial.flows()
            trial.kill(trial.workers[0])
            trial.work()

    return Case(name=f"kill -9, {times} times at random moments", breaks=breaks)


def killed_with_connections(times: int) -> Case:
    case = killed(times)
    return Case(name=f"{case.name}, four connections each", breaks=case.breaks, connections=4, delay=0.03)


def _suspended(trial: Trial) -> None:
    """All of a worker sleeps for longer than its lease, another one goes on, and then it wakes up."""
    trial.flows()
    sleeper = trial.workers[0]
    trial.stop(sleeper)
    trial.work()
    time.sleep(trial.case.lease.total_seconds() + 2)
    trial.go_on(sleeper)
    time.sleep(1)


def _journals_lost(trial: Trial) -> None:
    """A worker dies and its journals with it: nobody can tell how far it came."""
    trial.flows()
    trial.kill(trial.workers[0])
    trial.exposed += trial.in_flight
    trial.installation.lose_journals()


def _all_notes_lost(trial: Trial) -> None:
    """The whole folder goes: nobody sends before the operator has looked and said that this is the true database."""
    trial.flows()
    trial.kill(trial.workers[0])
    trial.exposed += trial.in_flight
    trial.installation.lose_journals(witness=True)
    before = trial.sink.count()
    trial.work()
    time.sleep(6)
    assert trial.sink.count() == before, "mail went out while the database was in doubt"
    recover.recover(trial.house.ports, trial.house.setup)


def _journals_lost_under_way(trial: Trial) -> None:
    """The journals are deleted while their owners live: they begin new ones, and then one of them dies."""
    trial.flows()
    trial.installation.lose_journals()
    trial.flows()
    trial.kill(trial.workers[0])
    trial.exposed += trial.in_flight


def _other_host_name(trial: Trial) -> None:
    trial.flows()
    other = trial.work(host="host-2")
    trial.flows(20)
    trial.kill(other)
    trial.exposed += trial.in_flight


def _other_machine(trial: Trial) -> None:
    """A worker of a second machine dies. Nobody here can read its journal, so its slice is uncertain, until it is
    started again there: then its own journal tells what became of all but the mails in flight."""
    trial.flows()
    there = trial.installation.elsewhere("host-2")
    house = there.open()
    recover.recover(house.ports, house.setup)  # the operator's word that it is the same database
    house.close()
    other = trial.work(there, host="host-2")
    trial.flows(30)
    trial.stop(trial.workers[0])
    trial.flows(10)
    slice_there = trial.in_flight
    trial.kill(other)
    trial.go_on(trial.workers[0])
    trial.finish()
    assert trial.balance.uncertain <= slice_there + trial.bound
    trial.work(there, host="host-2")
    assert wait_until(lambda: trial.balance.uncertain <= trial.bound, 20), trial.balance


def _database_restarted(trial: Trial) -> None:
    assert trial.ground.postgres is not None
    for end in (trial.ground.postgres.stop, trial.ground.postgres.kill):
        trial.flows()
        end()
        time.sleep(1)
        trial.ground.postgres.start()


def _broker_emptied(trial: Trial) -> None:
    for _ in range(3):
        trial.flows()
        trial.empty_broker()


def _broker_stopped(trial: Trial) -> None:
    assert trial.ground.broker is not None
    trial.flows()
    trial.ground.broker.stop()
    time.sleep(2)
    trial.ground.broker.start()


def _broker_half_open(trial: Trial) -> None:
    assert trial.cable is not None
    trial.flows()
    trial.cable.blackhole(new=False)


def _clock_ahead(trial: Trial) -> None:
    trial.flows()
    trial.work(ahead=timedelta(hours=1))


def _issue_stopped(trial: Trial) -> None:
    """Our own fault stops the Issue at once; when it is repaired and the operator lets it go on, all is sent."""
    ends = time.monotonic() + 20
    while trial.issue_now.held is None:
        assert time.monotonic() < ends, trial.told
        time.sleep(0.1)
    time.sleep(2)
    refused = sum(1 for entry in trial.sink.entries() if entry.kind == "refused")
    assert refused <= 2 * trial.installation.processes * trial.installation.connections, refused
    trial.sink.break_as()
    time.sleep(0.2)
    assert trial.house.store.resume_issue(trial.issue.id, trial.house.ports.clock.now())


def _answers(name: str, *faults: Fault) -> Case:
    return Case(name=name, faults=faults)


KILLED = killed(3)
SUSPENDED = Case(name="SIGSTOP past the lease, then SIGCONT", breaks=_suspended, delay=0.02, lease=timedelta(seconds=3))
JOURNALS_LOST = Case(name="journals deleted after a kill", breaks=_journals_lost, lease=timedelta(seconds=3))
ALL_NOTES_LOST = Case(name="journals and witness deleted", breaks=_all_notes_lost, lease=timedelta(seconds=3))
JOURNALS_LOST_UNDER_WAY = Case(
    name="journals deleted under way, then a kill", breaks=_journals_lost_under_way, lease=timedelta(seconds=3)
)
OTHER_HOST = Case(name="a second host name, killed", breaks=_other_host_name, delay=0.03, lease=timedelta(seconds=3))
OTHER_MACHINE = Case(
    name="a second machine, killed, and back again",
    breaks=_other_machine,
    kinds=POSTGRES,
    delay=0.03,
    lease=timedelta(seconds=3),
)
CUT_BEFORE_MAIL = _answers("cut before MAIL", Fault(at="mail", do="cut", every=17))
CUT_AFTER_RCPT = _answers("cut after RCPT", Fault(at="after-rcpt", do="cut", every=17))
CUT_AT_DATA = _answers("cut instead of 354", Fault(at="data", do="cut", every=17))
CUT_IN_DATA = _answers("cut in the midst of DATA", Fault(at="body", do="cut", every=17))
CUT_AFTER_DOT = _answers(
    "cut after the final dot",
    Fault(at="dot", do="cut", recipient="[02468]@", every=23),
    Fault(at="dot", do="cut", recipient="[13579]@", every=23, taken=False),
)
GREYLISTED = _answers("greylisting", GREYLISTING)
ANSWER_421 = _answers("421", Fault(at="rcpt", do="421 4.3.2 shutting down", every=29))
ANSWER_451 = _answers("451", Fault(at="dot", do="451 4.3.0 try again later", every=29))
ANSWER_452 = _answers("452", Fault(at="rcpt", do="452 4.2.2 mailbox full", recipient="3@", times=1))
ANSWER_550 = _answers("550", Fault(at="rcpt", do="550 5.1.1 no such user", recipient="[147]7@"))  # few: else it is held
ANSWER_552 = _answers("552", Fault(at="dot", do="552 5.2.2 mailbox full", recipient="[25]5@"))
ANSWER_5726 = Case(
    name="550 5.7.26",
    breaks=_issue_stopped,
    faults=(Fault(at="dot", do="550 5.7.26 unauthenticated mail is not accepted"),),
)
STALLED = _answers(
    "the sink stalls",
    Fault(at="rcpt", do="stall", every=83),
    Fault(at="dot", do="stall", every=97),
    Fault(at="dot", do="stall", every=101, taken=False),
)
DATABASE_RESTARTED = Case(name="database stopped, then crashed", breaks=_database_restarted, kinds=POSTGRES, delay=0.02)
BROKER_EMPTIED = Case(name="broker emptied three times", breaks=_broker_emptied)
BROKER_STOPPED = Case(name="broker stopped and started", breaks=_broker_stopped, kinds=BROKERS, delay=0.02)
BROKER_HALF_OPEN = Case(
    name="broker connections gone dead", breaks=_broker_half_open, kinds=BROKERS, delay=0.02, patience=100
)
TWO_BEATS = Case(name="two beats", workers=2)
CLOCK_AHEAD = Case(name="a worker's clock an hour ahead", breaks=_clock_ahead, kinds=POSTGRES, delay=0.02)
AMAZON_KILLED = Case(
    name="Amazon SES: kill -9, 3 times",
    breaks=KILLED.breaks,
    amazon=True,
    connections=4,
    rules=(Rule(wrong=Wrong.LATE, seconds=0.05),),
)
AMAZON_BREAKS = Case(
    name="Amazon SES: cuts, late and unreadable answers",
    amazon=True,
    connections=4,
    rules=(
        Rule(wrong=Wrong.CUT_READING, first=7, every=61),
        Rule(wrong=Wrong.CUT_BEFORE, first=17, every=67),
        Rule(wrong=Wrong.CUT_AFTER, first=27, every=71),
        Rule(wrong=Wrong.LATE, first=37, every=151, seconds=3),
        Rule(wrong=Wrong.STATUS_AFTER, first=47, every=73),
        Rule(wrong=Wrong.HTML, first=57, every=79),
        Rule(wrong=Wrong.NO_ID, first=59, every=83),
    ),
)
AMAZON_REFUSES = Case(
    name="Amazon SES: 429 and 5xx",
    amazon=True,
    connections=4,
    rules=(Rule(wrong=Wrong.THROTTLE, first=11, every=41), Rule(wrong=Wrong.STATUS, first=23, every=53)),
)

# --- the matrix, and its short form ----------------------------------------------------------

MATRIX = (
    KILLED,
    killed_with_connections(3),
    SUSPENDED,
    JOURNALS_LOST,
    JOURNALS_LOST_UNDER_WAY,
    ALL_NOTES_LOST,
    OTHER_HOST,
    OTHER_MACHINE,
    CUT_BEFORE_MAIL,
    CUT_AFTER_RCPT,
    CUT_AT_DATA,
    CUT_IN_DATA,
    CUT_AFTER_DOT,
    GREYLISTED,
    ANSWER_421,
    ANSWER_451,
    ANSWER_452,
    ANSWER_550,
    ANSWER_552,
    ANSWER_5726,
    STALLED,
    DATABASE_RESTARTED,
    BROKER_EMPTIED,
    BROKER_STOPPED,
    BROKER_HALF_OPEN,
    TWO_BEATS,
    CLOCK_AHEAD,
    AMAZON_KILLED,
    AMAZON_BREAKS,
    AMAZON_REFUSES,
)

CUTS = _answers("cuts at every stage", *(fault for case in MATRIX if "cut" in case.name for fault in case.faults))
ANSWERS = _answers(
    "421, 451, 452, 550, 552 and greylisting",
    Fault(at="rcpt", do="421 4.3.2 shutting down", every=61),
    Fault(at="rcpt", do=GREYLISTING.do, recipient="1@", times=1),
    *ANSWER_452.faults,
    *ANSWER_550.faults,
    *ANSWER_552.faults,
    Fault(at="dot", do="451 4.3.0 try again later", every=67),
)
SHORT = {
    Kind.EMBEDDED: (
        killed(2),
        SUSPENDED,
        JOURNALS_LOST,
        OTHER_HOST,
        CUTS,
        ANSWERS,
        ANSWER_5726,
        STALLED,
        BROKER_EMPTIED,
        TWO_BEATS,
        AMAZON_BREAKS,
    ),
    Kind.VALKEY: (killed(2), OTHER_MACHINE, DATABASE_RESTARTED, BROKER_STOPPED, CLOCK_AHEAD),
    Kind.RABBITMQ: (killed(2),),
}
