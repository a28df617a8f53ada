"""One message over a session, knowing at every moment how far it has come and whose answer comes next.

It chooses no message and tries nothing twice. With PIPELINING (RFC 2920) the envelope of the next message travels
together with the final dot of this one, so that a message costs one round trip.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from syndication.adapters.smtp.letter import Letter
from syndication.adapters.smtp.session import Session
from syndication.adapters.smtp.wire import Answer, Lost, elapsed
from syndication.core.model import Outcome, Reach, Verdict
from syndication.core.policy import Stage, classify_smtp
from syndication.ports import HELD_BACK, Intent

_ANSWER_SHARE = 0.2  # of a message's time is kept for the answer to the final dot
_FINAL_DOT = b".\r\n"
# the answers to an envelope that is granted, where each is a single line and nothing comes after them
_GRANTED = re.compile(rb"(?:2(?!21)[0-9]{2}(?: [^\n]*|\r?)\n){2}354(?: [^\n]*|\r?)\n")
_TOO_LATE = Outcome(
    verdict=Verdict.DEFERRED, reason="data: too little time left to wait for an answer; nothing was handed over"
)
_OUT_OF_STEP = Outcome(
    verdict=Verdict.UNCERTAIN,
    reason="body: answers and commands do not match; nobody knows which answer is whose",
    reach=Reach.TRANSPORT,
)


class Transaction:
    """The transaction of RFC 5321 section 3.3. Until `finish` writes the final dot nothing of the message is theirs.

    Each step returns the Outcome, or None where the next step is to be taken. Whether the session can go on after an
    Outcome is told by `session.usable`."""

    def __init__(self, session: Session, letter: Letter) -> None:
        self.session = session
        self.letter = letter
        self.unheard = False  # a connection that had served before died, and not a word was said about this message
        self._fresh = session.envelopes == 0
        self._stage = Stage.MAIL
        self._said = False  # the relay has said something about this message
        self._refusal: Outcome | None = None
        self._steps = _envelope(session, letter)
        self._ahead = False  # the envelope was granted before anybody asked,
        self._sent = 0  # and so many octets of the body have left
        session.envelopes += 1

    # --- the envelope ---

    def announce(self) -> Outcome | None:
        """Send the envelope in one piece, where the relay offers that; the first step on an idle session."""
        if self.session.pipelining:
            self.session.use(self.letter.until)
            try:
                self.session.wire.write(self.commands)
            except Lost as lost:
                return self._lost(lost)
        return None

    @property
    def commands(self) -> bytes:
        """The whole envelope; DATA comes last, as RFC 2920 section 3.1 demands."""
        return "".join(f"{command}\r\n" for _, command in self._steps).encode("ascii")

    def admitted(self) -> Outcome | None:
        """Read what is said to the envelope (where it could not be sent in one piece, send it step by step)."""
        if self._ahead:
            return None
        self.session.use(self.letter.until)
        try:
            self._ask()
        except Lost as lost:
            return self._lost(lost)
        return self._refusal

    def _get_ahead(self) -> None:
        """The whole envelope is granted: send as much of the body as can leave without waiting.

        It travels while the caller writes down what became of the message before."""
        self._sent = self.session.wire.write_some(self.letter.body)
        self.session.use(self.letter.until)
        self._said = self._ahead = True

    def _ask(self) -> None:
        granted: set[Stage] = set()
        for stage, command in self._steps:
            self._stage = stage
            answer = self.session.wire.answer() if self.session.pipelining else self.session.wire.ask(command)
            self._said = self._said or stage is not Stage.RESET
            if _goes_on(stage, answer):
                granted.add(stage)
            elif not self._refused(answer):
                return
        if self.session.wire.unread:
            self._distrust("more answers than commands")
        elif self._refusal is not None and Stage.DATA in granted:
            self._withdraw(granted)

    def _refused(self, answer: Answer) -> bool:
        """Note what was refused; returns whether answers to the rest of the envelope will come."""
        if answer.code // 100 not in (4, 5):  # then what was read before it may have been said to something else, too
            self._distrust(f"{answer.code} says nothing to {self._stage}")
            return False
        self._refusal = self._refusal or self._judge(answer)
        self.session.used_at = elapsed()
        self.session.unfinished = self._stage is not Stage.MAIL
        if answer.code == 421 or self._stage is Stage.RESET:
            self.session.usable = False
            self.unheard = not self._fresh and self._stage in (Stage.RESET, Stage.MAIL)
        return self.session.pipelining and self.session.usable

    def _distrust(self, why: str) -> None:
        """No answer on this connection can be taken for anything any more."""
        self.session.usable = False
        self.unheard = not self._fresh
        self._refusal = Outcome(verdict=Verdict.DEFERRED, reason=f"answers and commands do not match: {why}")

    def _withdraw(self, granted: set[Stage]) -> None:
        """The message was refused, and yet the relay waits for it (RFC 2920 section 3.1): end it with a lone dot.

        It is nobody's then; but where its recipient was accepted it would be an empty mail to a reader."""
        if Stage.RCPT in granted:
            self.session.usable = False
            return
        self.session.wire.write(_FINAL_DOT)
        self.session.usable = _is_understood(self.session.wire.answer())

    # --- the message ---

    def body(self) -> Outcome | None:
        """Send the message all but the final dot."""
        self._stage = Stage.DATA
        try:
            self.session.wire.write(self.letter.body, self._sent)
        except Lost as lost:
            return self._lost(lost)
        return None

    def finish(self, intent: Intent, following: Transaction | None) -> Outcome | None:
        """Ask for leave, then send the final dot, and together with it the envelope of the following message."""
        session, letter = self.session, self.letter
        session.usable = False  # without a final dot there is no way back but to hang up
        if not intent(letter.mail):
            return HELD_BACK
        if elapsed() > letter.until - session.relay.total * _ANSWER_SHARE:
            return _TOO_LATE
        try:
            if session.wire.waiting:  # they answered or hung up in the midst of it
                return self._out_of_turn()
            self._stage = Stage.BODY
            session.wire.write(_FINAL_DOT + following.commands if following else _FINAL_DOT)
        except Lost as lost:
            return self._lost(lost)
        session.messages += 1
        session.usable = True
        return None

    def verdict(self, following: Transaction | None = None) -> Outcome:
        """What is answered to the final dot, with which the envelope of the `following` message travelled.

        Where that has been granted as well, its body is on its way when this returns."""
        try:
            answer = self.session.wire.answer()
        except Lost as lost:
            return self._lost(lost)
        self.session.usable = _is_understood(answer)
        if following is not None and self.session.usable and self.session.wire.pass_over(_GRANTED):
            following._get_ahead()
        elif not _in_step(self.session.wire.codes_ahead(), following._steps if following else ()):
            self.session.usable = False
            return _OUT_OF_STEP
        self.session.used_at = elapsed()
        return self._judge(answer)

    # --- ends ---

    def _out_of_turn(self) -> Outcome:
        """What was said in the midst of the message. Nobody can tell what it answers: nothing is refused for it."""
        outcome = self._judge(self.session.wire.answer())
        return replace(outcome, verdict=Verdict.DEFERRED, suppress=False)

    def _judge(self, answer: Answer) -> Outcome:
        return classify_smtp(answer.code, answer.enhanced, answer.text, stage=self._stage)

    def _lost(self, lost: Lost) -> Outcome:
        self.session.usable = False
        if self._refusal is not None:
            return self._refusal
        self.unheard = not self._said and not self._fresh
        handed_over = self._stage is Stage.BODY and not lost.unsent
        return Outcome(
            verdict=Verdict.UNCERTAIN if handed_over else Verdict.DEFERRED,
            reason=f"{self._stage}: {lost}",
            # broken off in the midst of an envelope or a body, it may be this message that they cannot bear
            reach=Reach.DELIVERY if self._said and not handed_over else Reach.TRANSPORT,
        )


def _envelope(session: Session, letter: Letter) -> tuple[tuple[Stage, str], ...]:
    """The commands up to DATA, after a RSET where an earlier transaction was left unfinished."""
    size = f" SIZE={letter.size}" if session.sizes else ""
    reset = ((Stage.RESET, "RSET"),) if session.unfinished else ()
    session.unfinished = False
    return (
        *reset,
        (Stage.MAIL, f"MAIL FROM:<{letter.sender}>{size}"),
        (Stage.RCPT, f"RCPT TO:<{letter.recipient}>"),
        (Stage.DATA, "DATA"),
    )


def _goes_on(stage: Stage, answer: Answer) -> bool:
    return answer.code == 354 if stage is Stage.DATA else answer.positive and _is_understood(answer)


def _is_understood(answer: Answer) -> bool:
    """Whether the conversation can go on after it; 221 and 421 say that it ends."""
    return answer.code // 100 in (2, 4, 5) and answer.code not in (221, 421)


def _in_step(codes: Sequence[int], steps: Sequence[tuple[Stage, str]]) -> bool:
    """Whether answers can be those to the first of some commands; a relay may always add that it hangs up."""
    while codes and codes[-1] in (221, 421):
        codes = codes[:-1]
    to_data = codes[len(steps) - 1 :] if steps else codes
    return len(codes) <= len(steps) and 354 not in codes[: len(steps) - 1] and not any(c // 100 == 2 for c in to_data)
