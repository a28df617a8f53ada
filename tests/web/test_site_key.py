"""The file by which search engines know that this site tells them."""

from __future__ import annotations

import pytest

from tests.web.conftest import House

KEY = "0f26d5e892544f74b806ec5c5522e6a1"


def test_the_key_stands_at_the_root_as_it_was_published(house: House) -> None:
    house.site.ports.publisher.publish(f"{KEY}.txt", KEY.encode(), "text/plain; charset=utf-8")
    got = house.client().get(f"/{KEY}.txt")
    assert (got.status_code, got.text) == (200, KEY)
    assert got.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/12345678.txt", "/short.txt", "/..%2Fsecret.txt", "/한글한글한글한글.txt", f"/{'a' * 129}.txt"]
)
def test_no_other_file_is_given_out(house: House, path: str) -> None:
    house.site.ports.publisher.publish("secret.txt", b"secret", "text/plain")
    got = house.client().get(path)
    assert got.status_code == 404
    assert "secret" not in got.text
