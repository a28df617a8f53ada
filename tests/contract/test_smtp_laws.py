"""Laws of carrying mails, whatever a relay does: what an Outcome says is what really happened to the mail."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.adapters.smtp.letter import Letter, letter
from syndication.core.model import Outcome, Verdict
from syndication.ports import Mail
from tests.contract.relay import PIPELINING, Talk, mails, relay

ANSWERS = {
    "MAIL": ("451 4.3.0 later", "452 4.3.1 full", "550 5.7.26 unauthenticated", "552 5.3.4 large", "421 4.3.2 bye"),
    "RCPT": (
        *(
            "450 4.2.1 busy",
            "451 4.7.1 greylisted",
            "452 4.2.2 full",
            "550 5.1.1 gone",
            "550-5.1.1 no\r\n550 5.1.1 one",
        ),
        *("550 5.7.1 policy", "421 4.7.28 slow"),
    ),
    "DATA": ("451 4.3.0 later", "554 5.5.1 no", "421 4.3.2 bye"),
    "DOT": ("451 4.3.0 later", "452 4.3.1 full", "550 5.1.1 gone", "552 5.3.4 large", "554 5.7.26 no", "421 4.3.2 bye"),
}


@dataclass(frozen=True)
class Act:
    """What the relay does with one message, at one stage of it."""

    at: str  # MAIL RCPT DATA BODY DOT
    do: str  # an answer, "cut", "reset" or "stall"
    taken: bool = False  # at DOT without an answer: whether it has the message


ACTS = st.one_of(
    *(st.builds(Act, st.just(stage), st.sampled_from(lines)) for stage, lines in ANSWERS.items()),
    st.builds(Act, st.sampled_from(["MAIL", "RCPT", "DATA", "BODY"]), st.sampled_from(["cut", "reset"])),
    st.builds(Act, st.just("DOT"), st.sampled_from(["cut", "reset"]), st.booleans()),
)
STALLS = st.one_of(
    st.builds(Act, st.sampled_from(["MAIL", "RCPT", "DATA", "BODY"]), st.just("stall")),
    st.builds(Act, st.just("DOT"), st.just("stall"), st.booleans()),
)


@dataclass(frozen=True)
class Plan:
    """What happens to the mails 1 to `count`, each time they come, and to connections by their number."""

    count: int
    acts: Mapping[int, Sequence[Act]]
    refused: frozenset[int]  # connections
    held: frozenset[int]  # mails for which there is no leave
    offers: tuple[str, ...]
    eager: bool  # says 354 even where there is no recipient
    glued: bool  # keeps its answers back until nothing more has arrived
    connections: int
    per_connection: int


@st.composite
def plans(draw: st.DrawFn, *, stall: bool = False) -> Plan:
    count = draw(st.integers(1, 12))
    numbers = st.integers(1, count)
    acts = {number: [act] for number, act in draw(st.dictionaries(numbers, ACTS, max_size=6)).items()}
    for number in acts:
        acts[number] += draw(st.lists(ACTS, max_size=1))
    if stall:
        acts[draw(numbers)] = [draw(STALLS)]
    return Plan(
        count=count,
        acts=acts,
        refused=draw(st.frozensets(st.integers(1, 4), max_size=2)),
        held=draw(st.frozensets(numbers, max_size=2)),
        offers=draw(st.sampled_from([(), PIPELINING, ("PIPELINING", "SIZE 100000")])),
        eager=draw(st.booleans()),
        glued=draw(st.booleans()),
        connections=draw(st.sampled_from([1, 1, 2, 3])),
        per_connection=draw(st.sampled_from([1, 2, 5, 100])),
    )


@dataclass
class Far:
    """A relay that follows a Plan and knows what it has taken."""

    plan: Plan
    taken: Counter[bytes] = field(default_factory=Counter)
    come: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, talk: Talk) -> None:
        if talk.number in self.plan.refused:
            talk.say("421 4.3.2 too many connections")
            return
        talk.welcome()
        Conversation(self, talk).run()

    def act(self, number: int) -> Act | None:
        with self.lock:
            acts, turn = self.plan.acts.get(number, ()), self.come[number]
            self.come[number] += 1
        return acts[turn] if turn < len(acts) else None

    def take(self, message: bytes) -> None:
        with self.lock:
            self.taken[message] += 1


class Conversation:
    """A strict server: commands out of order are refused, nothing is taken without sender and recipient."""

    def __init__(self, far: Far, talk: Talk) -> None:
        self.far, self.talk = far, talk
        self.have: list[str] = []
        self.act: Act | None = None
        self.kept: list[str] = []

    def run(self) -> None:
        while (line := self.hear()) != "QUIT":
            verb = line[:4]
            if verb == "RSET":
                self.have = []
                self.say("250 2.0.0 reset")
            elif verb == "MAIL":
                self.mail(int(line.partition("+")[2].partition("@")[0]))
            elif verb == "RCPT":
                self.step("RCPT", ["MAIL"])
            else:
                self.data()
        self.say("221 bye")
        self.flush()

    def hear(self) -> str:
        if b"\n" not in self.talk.buffer:
            self.flush()
        return self.talk.hear()

    def say(self, line: str) -> None:
        self.kept.append(line)
        if not self.far.plan.glued:
            self.flush()
        if line[:3] == "421":
            self.flush()
            self.talk.cut()

    def flush(self) -> None:
        if self.kept:
            self.talk.say(*self.kept)
            self.kept = []

    def mail(self, number: int) -> None:
        if self.have:
            self.say("503 5.5.1 nested MAIL")
        else:
            self.act = self.far.act(number)
            self.step("MAIL", [])

    def step(self, verb: str, after: list[str]) -> bool:
        if self.have != after:
            self.say("503 5.5.1 out of order")
            return False
        answer = self.struck(verb)
        if answer is None:
            self.have.append(verb)
        self.say(answer or ("354 go on" if verb == "DATA" else "250 2.1.0 ok"))
        return answer is None

    def struck(self, stage: str) -> str | None:
        """The answer that the plan has for this stage; breaks off where the plan says so."""
        act = self.act
        if act is None or act.at != stage:
            return None
        if act.do in ("cut", "reset", "stall"):
            self.flush()
            self.talk.stall() if act.do == "stall" else None
            self.talk.cut(hard=act.do == "reset")
        return act.do

    def data(self) -> None:
        if self.far.plan.eager and "RCPT" not in self.have:
            self.say("354 go on")
            self.flush()
            assert self.talk.data() == b""
            self.have = []
            return self.say("554 5.5.1 no valid recipients")
        return self.message() if self.step("DATA", ["MAIL", "RCPT"]) else None

    def message(self) -> None:
        self.flush()
        if self.act is not None and self.act.at == "BODY":
            self.talk.line()
            self.struck("BODY")
        message = self.talk.data()
        self.have = []
        act = self.act
        if act is None or act.at != "DOT":
            self.far.take(message)
            return self.say("250 2.0.0 Ok: queued")
        if act.taken:
            self.far.take(message)
        return self.say(self.struck("DOT") or "")


SILENCE = timedelta(milliseconds=600)
MAY_BE_UNCERTAIN = {
    ("BODY", "cut"),
    ("BODY", "reset"),
    ("BODY", "stall"),
    ("DOT", "cut"),
    ("DOT", "reset"),
    ("DOT", "stall"),
}


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(plans())
def test_an_outcome_says_what_really_happened(plan: Plan):
    carry_out(plan)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(plans(stall=True))
def test_an_outcome_says_what_really_happened_to_mails_that_a_relay_fell_silent_over(plan: Plan):
    carry_out(plan)


def carry_out(plan: Plan) -> None:
    far, letters = Far(plan), mails(plan.count)
    with relay(
        far,
        offers=plan.offers,
        connections=plan.connections,
        messages_per_connection=plan.per_connection,
        timeout=SILENCE,
        back_off=timedelta(),
    ) as (mailer, _):
        told = list(mailer.carry(iter(letters), lambda mail: mail.delivery_id not in plan.held))
    assert sorted(mail.delivery_id for mail, _ in told) == [mail.delivery_id for mail in letters]
    assert set(far.taken) <= {mail.message for mail in letters}
    for mail, outcome in told:
        holds(plan, mail, outcome, far.taken[mail.message])


def holds(plan: Plan, mail: Mail, outcome: Outcome, taken: int) -> None:
    acts = plan.acts.get(mail.delivery_id, ())
    match outcome.verdict:
        case Verdict.ACCEPTED:
            assert taken == 1
        case Verdict.UNCERTAIN:
            assert taken <= 1
            assert MAY_BE_UNCERTAIN & {(act.at, act.do) for act in acts}
        case Verdict.DEFERRED | Verdict.REFUSED:
            assert taken == 0
    if outcome.suppress:
        assert any(act.do.endswith("5.1.1 gone") or "5.1.1 no" in act.do for act in acts)
    if outcome.verdict is Verdict.REFUSED:
        assert any(act.do[0] == "5" for act in acts)
    if mail.delivery_id in plan.held:
        assert outcome.verdict is not Verdict.ACCEPTED
    if not acts and not plan.acts and not plan.refused and mail.delivery_id not in plan.held:
        assert outcome.verdict is Verdict.ACCEPTED


# --- what may be carried ---------------------------------------------------------------------


@given(
    st.lists(
        st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"x", b"x" * 997, b"y" * 500, b"\0", b"\xea", b"z" * 32_766])
    )
)
def test_only_lines_of_998_octets_of_ascii_that_end_in_crlf_are_carried_and_arrive_as_they_were(pieces: list[bytes]):
    message = b"".join(pieces)
    ended = message if message.endswith(b"\r\n") else message + b"\r\n"
    lines = ended.removesuffix(b"\r\n").split(b"\r\n")
    good = all(len(line) <= 998 and not set(line) & set(b"\r\n\0\xea") for line in lines)
    made = letter(Mail(sender="news@paper.example", recipient="reader-1@example.com", message=message), timedelta())
    if not good:
        assert isinstance(made, Outcome)
        assert made.verdict is Verdict.REFUSED
        return
    assert isinstance(made, Letter)
    unstuffed = [line.removeprefix(b".") for line in made.body.removesuffix(b"\r\n").split(b"\r\n")]
    assert (unstuffed, made.size) == (lines, len(ended))
    assert b"\r\n.\r\n" not in b"\r\n" + made.body
