"""The table of the weather services.

It holds no queries.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from syndication.adapters.tables.columns import Day, Instant, metadata

weather_service = Table(
    "weather_service",
    metadata,
    Column("service", Text, primary_key=True),
    Column("next_check_at", Instant, nullable=False),
    Column("taken_until", Instant),  # somebody asks it until then
    Column("last_ok_at", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    Column("calls", Integer, nullable=False, server_default="0"),
    Column("calls_on", Day),
)
