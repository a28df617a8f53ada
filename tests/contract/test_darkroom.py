"""Strangers' pictures, made ours or refused: each in a process that may take little."""

from __future__ import annotations

import io
import random
import struct
import zlib
from datetime import timedelta

import pytest
from PIL import Image, ImageCms, ImageDraw

from syndication.adapters.pictures import PillowDarkroom
from syndication.core.pictures import LARGE, LARGE_OCTETS, SMALL, SMALL_OCTETS
from syndication.ports import Permanent, Print, Transient

DARKROOM = PillowDarkroom()


def scene(width: int = 1600, height: int = 1000, mode: str = "RGB") -> Image.Image:
    """A made-up picture: a sky, a field and a sun."""
    made = Image.new("RGB", (width, height), (90, 150, 220))
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, height // 2, width, height), fill=(70, 140, 60))
    draw.ellipse((width // 8, height // 8, width // 4, height // 4 + height // 10), fill=(250, 220, 90))
    return made.convert(mode)


def noise(width: int, height: int) -> Image.Image:
    """What no encoder can make small."""
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


def saved(picture: Image.Image, kind: str, **values: object) -> bytes:
    made = io.BytesIO()
    picture.save(made, kind, **values)
    return made.getvalue()


def developed(body: bytes) -> tuple[Print, Print]:
    large, small = DARKROOM.develop(body)
    for made, width, octets in ((large, LARGE, LARGE_OCTETS), (small, SMALL, SMALL_OCTETS)):
        with Image.open(io.BytesIO(made.body)) as found:
            assert (found.format, found.mode, found.size) == ("JPEG", "RGB", (made.width, made.height))
            assert not found.getexif()
            assert set(found.info) <= {
                "jfif",
                "jfif_version",
                "jfif_unit",
                "jfif_density",
                "progressive",
                "progression",
            }
        assert made.width <= width
        assert len(made.body) <= octets
    assert large.content_type == "image/jpeg"
    return large, small


def why(body: bytes) -> str:
    with pytest.raises(Permanent) as refused:
        DARKROOM.develop(body)
    return str(refused.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_every_kind_becomes_two_jpegs_of_ours(kind: str) -> None:
    large, small = developed(saved(scene(), kind))
    assert (large.width, large.height) == (1200, 750)
    assert (small.width, small.height) == (400, 250)


def test_the_same_picture_gives_the_same_bytes() -> None:
    body = saved(scene(), "PNG")
    assert DARKROOM.develop(body) == DARKROOM.develop(body)


def test_a_small_one_is_not_blown_up() -> None:
    large, small = developed(saved(scene(300, 200), "JPEG"))
    assert (large.width, small.width) == (300, 300)


def test_what_cannot_be_packed_well_is_made_smaller_until_it_fits() -> None:
    large, _ = developed(saved(noise(1500, 1200), "JPEG", quality=95))
    assert large.width < LARGE


def test_where_and_with_what_it_was_taken_is_left_behind_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "SampleMaker"
    exif.get_ifd(0x8825)[2] = (37.0, 33.0, 59.0)  # GPS
    body = saved(scene(), "JPEG", exif=exif, comment=b"a secret remark")
    assert b"SampleMaker" in body
    large, small = developed(body)
    assert large.height > large.width
    for made in (large, small):
        assert b"Exif" not in made.body
        assert b"SampleMaker" not in made.body
        assert b"remark" not in made.body


def test_xmp_text_and_profiles_are_left_behind() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    large, _ = developed(saved(scene(), "JPEG", icc_profile=profile, xmp=b"<x:xmpmeta>somebody</x:xmpmeta>"))
    assert b"somebody" not in large.body
    assert b"ICC_PROFILE" not in large.body


def test_a_picture_for_print_is_shown_in_the_colours_of_screens() -> None:
    large, _ = developed(saved(scene(mode="CMYK"), "JPEG"))
    with Image.open(io.BytesIO(large.body)) as found:
        red, green, blue = found.getpixel((10, 10))  # type: ignore[misc]
    assert blue > green > red


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "I;16"])
def test_every_mode_is_taken(mode: str) -> None:
    picture = scene(mode="L").convert("I;16") if mode == "I;16" else scene(mode=mode if mode != "LA" else "RGBA")
    developed(saved(picture.convert("LA") if mode == "LA" else picture, "PNG"))


def test_what_is_clear_stands_on_white() -> None:
    clear = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    large, _ = developed(saved(clear, "PNG"))
    with Image.open(io.BytesIO(large.body)) as found:
        assert found.getpixel((100, 100)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_one_that_moves_the_first_frame_is_kept(kind: str) -> None:
    frames = [Image.new("RGB", (300, 200), (n * 60 % 256, 0, 0)) for n in range(20)]
    body = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=20)
    large, _ = developed(body)
    with Image.open(io.BytesIO(large.body)) as found:
        assert found.getpixel((100, 100))[0] < 20  # type: ignore[index]


def test_ten_thousand_frames_cost_no_more_than_one() -> None:
    frames = [Image.new("P", (80, 80), n % 256) for n in range(3000)]
    developed(saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=20, optimize=False))


def bomb(width: int, height: int) -> bytes:
    """A PNG of so many pixels in a few octets."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(width // 8 + 1)) for _ in range(min(height, 60_000))) + rows.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(50_000, 50_000), (8_000, 8_000)])
def test_a_decompression_bomb_is_refused_by_its_size_alone(size: tuple[int, int]) -> None:
    body = bomb(*size)
    assert len(body) < 2_000_000
    assert "too many pixels" in why(body)


def test_a_size_that_is_told_wrong_helps_nobody() -> None:
    huge = struct.pack(">II", 2**31 - 1, 2**31 - 1)
    assert why(bomb(64, 64).replace(struct.pack(">II", 64, 64), huge))


def test_a_bomb_in_what_the_file_tells_about_itself_is_refused_or_ignored() -> None:
    text = zlib.compress(b"a" * 200_000_000, 9)
    body = saved(scene(200, 200), "PNG")
    data = b"Comment\x00\x00" + text
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    bad = body[:33] + chunk + body[33:]
    assert "cannot be decoded" in why(bad)


def test_what_takes_too_long_is_ended() -> None:
    slow = saved(noise(3000, 3000), "PNG")
    with pytest.raises(Permanent, match=r"too long|broke"):
        PillowDarkroom(seconds=0).develop(slow)
    with pytest.raises(Transient):
        PillowDarkroom(patience=timedelta(milliseconds=1)).develop(slow)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_truncated_file_is_refused(kind: str, share: float) -> None:
    body = saved(noise(400, 300), kind)
    assert why(body[: int(len(body) * share)])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "SVG"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "page"),
        (b"", "no kind"),
        (b"\x00" * 5000, "no kind"),
        (b"%PDF-1.7\n", "no kind"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "no kind"),
        (b"8BPS\x00\x01", "no kind"),
    ],
)
def test_what_is_no_picture_that_browsers_show_is_refused(body: bytes, reason: str) -> None:
    assert reason in why(body)


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "EPS", "ICO", "TGA", "PPM"])
def test_kinds_that_nobody_needs_are_not_even_decoded(kind: str) -> None:
    assert "no kind" in why(saved(scene(200, 200), kind))


@pytest.mark.parametrize("size", [(1, 1), (59, 400), (4000, 70)])
def test_counters_and_rules_are_no_pictures(size: tuple[int, int]) -> None:
    assert "small" in why(saved(scene(*size), "GIF")) or "stripe" in why(saved(scene(*size), "GIF"))


def test_damaged_bytes_never_do_more_than_be_refused() -> None:
    chance = random.Random(11)
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF"):
        body = bytearray(saved(scene(200, 150), kind))
        for _ in range(3):
            broken = bytearray(body)
            for _ in range(20):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            try:
                DARKROOM.develop(bytes(broken))
            except Permanent:
                pass
