"""What readers, partners and the operator see: pages, feeds, leaving, health and metrics.

It decides nothing about Issues or Deliveries: it shows what the store holds and ends a Subscription when asked.
"""

from syndication.web.app import create_app
from syndication.web.site import InboxMail, PartnerReceipt, Site

__all__ = ["InboxMail", "PartnerReceipt", "Site", "create_app"]
