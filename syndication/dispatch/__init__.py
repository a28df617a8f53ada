"""Brings frozen Issues to their recipients: fan-out, claim, build, send, settle, reclaim, on all three Channels.

The outbox table is the truth: every function may be called at any time, by any number of workers, any number of times.
"""

from syndication.dispatch.doubt import attest, in_doubt
from syndication.dispatch.draining import BUDGET, QUICK, SLICE, SMALLEST, UNTOLD, drain, rates_now
from syndication.dispatch.fanning import CHUNK, fan_out, fan_out_amended, issue_thing, partner_things
from syndication.dispatch.reclaiming import reclaim, settle_own
from syndication.mailing import GIVE_UP_AFTER

__all__ = [
    "BUDGET",
    "CHUNK",
    "GIVE_UP_AFTER",
    "QUICK",
    "SLICE",
    "SMALLEST",
    "UNTOLD",
    "attest",
    "drain",
    "fan_out",
    "fan_out_amended",
    "in_doubt",
    "issue_thing",
    "partner_things",
    "rates_now",
    "reclaim",
    "settle_own",
]
