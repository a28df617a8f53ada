"""Decodes one stranger's picture and encodes it anew, as a process of its own with little time and memory.

It is started by its sibling with the picture as its input, and answers with one line of JSON and the bytes of two
JPEGs. It imports nothing of ours, so that it starts quickly and runs wherever it lies.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import warnings
from typing import Any

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
_NARROWEST = 60  # px: what is smaller is an ornament, or counts readers
_WORST = 40  # of JPEG's qualities


class Refused(Exception):
    """It is no picture that can be shown."""


def main() -> None:
    told = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (told["seconds"], told["seconds"]))
    resource.setrlimit(resource.RLIMIT_AS, (told["memory"], told["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.MAX_IMAGE_PIXELS = told["pixels"]
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        prints = developed(sys.stdin.buffer.read(), told)
    except Refused as error:
        _say({"refused": str(error)})
    except MemoryError:
        _say({"refused": "it needs too much memory"})
    except Exception as error:  # noqa: BLE001 - decoders of strangers' bytes raise whatever they like
        _say({"refused": f"it cannot be decoded ({type(error).__name__})"})
    else:
        _say({"prints": [{"width": w, "height": h, "octets": len(body)} for body, w, h in prints]})
        for body, _, _ in prints:
            sys.stdout.buffer.write(body)


def _say(words: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(words).encode() + b"\n")


def developed(body: bytes, told: dict[str, Any]) -> list[tuple[bytes, int, int]]:
    """Body, width and height of each print, the widest first."""
    seen = _seen(body, told["pixels"], told["prints"][0]["width"])
    return [_print(seen, each["width"], each["octets"]) for each in told["prints"]]


def _seen(body: bytes, pixels: int, width: int) -> Image.Image:
    """What is seen of the first frame, in sRGB on white, upright, and nothing else of the file."""
    try:
        picture: Image.Image = Image.open(io.BytesIO(body), formats=_FORMATS)
    except UnidentifiedImageError:
        raise Refused(_kind(body)) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("it has too many pixels") from None
    if picture.width * picture.height > pixels:
        raise Refused("it has too many pixels")
    if min(picture.size) < _NARROWEST:
        raise Refused("it is too small to be seen")
    if max(picture.size) > 20 * min(picture.size):
        raise Refused("it is a stripe")
    picture.draft("RGB", (2 * width, 2 * width))  # JPEG: decoded no larger than needed
    picture.load()
    return _flat(_in_srgb(ImageOps.exif_transpose(picture)))


def _kind(body: bytes) -> str:
    head = body[:400].lstrip().lower()
    if b"<svg" in head or head.startswith(b"<?xml"):
        return "drawings (SVG) are not taken: they can hold programs"
    if head.startswith((b"<!doctype", b"<html", b"<")):
        return "it is a page, no picture"
    return "it is of no kind that is read here: JPEG, PNG, GIF, WebP, AVIF"


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Colours as screens show them; a profile that cannot be followed is ignored."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "CMYK", "L"):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        made = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return made or picture


def _flat(picture: Image.Image) -> Image.Image:
    """On white, and as a new image: what else the file told is left behind."""
    if picture.mode.startswith("I;16"):
        picture = picture.convert("I").point(lambda value: value / 257).convert("L")
    clear = picture.convert("RGBA") if picture.has_transparency_data else None
    flat = Image.new("RGB", picture.size, "white")
    flat.paste(clear or picture.convert("RGB"), mask=clear)
    return flat


def _print(seen: Image.Image, width: int, octets: int) -> tuple[bytes, int, int]:
    """As wide as asked for at most, in the best quality that fits."""
    scale = min(1.0, width / seen.width, 2 * width / seen.height)
    while True:
        size = (max(1, round(seen.width * scale)), max(1, round(seen.height * scale)))
        small = seen.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0) if size != seen.size else seen
        for quality in range(84, _WORST - 1, -11):
            made = io.BytesIO()
            small.save(made, "JPEG", quality=quality, optimize=True, progressive=True)
            if made.tell() <= octets:
                return made.getvalue(), *size
        scale *= 0.8


if __name__ == "__main__":
    main()
