"""Asks the Korea Meteorological Administration over HTTP: its open API, its API Hub, and the file behind its widgets.

It decides nothing about the weather: what to ask and what the answers mean is in core.kma.
"""

from __future__ import annotations

from syndication.adapters.kma.current import SITE as SITE
from syndication.adapters.kma.current import CurrentService as CurrentService
from syndication.adapters.kma.hub import HUB as HUB
from syndication.adapters.kma.hub import HubAlerts as HubAlerts
from syndication.adapters.kma.hub import HubService as HubService
from syndication.adapters.kma.midterm import MIDTERM as MIDTERM
from syndication.adapters.kma.midterm import MidTermService as MidTermService
from syndication.adapters.kma.village import VILLAGE as VILLAGE
from syndication.adapters.kma.village import KmaService as KmaService
