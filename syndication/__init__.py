"""A local news publisher's morning digest."""

__version__ = "0.1.0"
