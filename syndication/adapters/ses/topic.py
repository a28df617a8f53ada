"""Confirms the subscription of an HTTPS endpoint to a topic of SNS: by a call of the API, never by opening its link.

It verifies no signature; the web does before it asks.
"""

from __future__ import annotations

from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from syndication.adapters.ses.account import Account
from syndication.core.amazon import topic_region
from syndication.ports import Permanent, Transient


def confirm(account: Account, topic: str, token: str) -> None:
    """Confirm a subscription to `topic` (its ARN). Raises Transient, and Permanent where SNS refuses."""
    region = topic_region(topic)
    if region is None:
        raise Permanent("that is no ARN of a topic")
    client = replace(account, region=region).client("sns")
    try:
        # unsubscribing then needs credentials: nobody ends it by the link of some message
        client.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))[:100]
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if 400 <= status < 500 and "hrottl" not in code:
            raise Permanent(f"SNS does not confirm the subscription ({code})") from None
        raise Transient(f"SNS does not confirm the subscription now ({code})") from None
    except BotoCoreError as error:
        raise Transient(f"SNS does not answer ({type(error).__name__})") from None
    finally:
        client.close()
