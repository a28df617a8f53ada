"""Publishes pictures under the hash of their bytes, once and for ever.

It neither fetches nor changes pictures.
"""

from __future__ import annotations

import hashlib

from syndication.ports import Permanent, Publisher

SUFFIXES = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
}


def publish_picture(publisher: Publisher, body: bytes, content_type: str) -> str:
    """The path of a picture, which stands there from then on: pictures/3f/3f9c….jpg. Repeatable.

    `core.catalogue.url_of` makes its public address. Raises Permanent for what is no picture that browsers show,
    Transient when the place does not answer."""
    suffix = SUFFIXES.get(content_type)
    if suffix is None:
        raise Permanent(f"{content_type} is no kind of picture that is published: {', '.join(SUFFIXES)}")
    name = hashlib.sha256(body).hexdigest()
    path = f"pictures/{name[:2]}/{name}.{suffix}"
    publisher.publish(path, body, content_type, lasting=True)
    return path
