"""Loopback stand-ins that rehearsals talk to: a mailbox, an origin and a portal, each a process of its own.

Nothing here is reachable from another machine, and nothing here takes part in a live installation's work.
"""
