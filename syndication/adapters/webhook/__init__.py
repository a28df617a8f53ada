"""Pushes documents to Partners as signed webhooks.

It decides nothing about what is pushed or when.
"""

from syndication.adapters.webhook.portal import WebhookPortal

__all__ = ["WebhookPortal"]
