"""The works as pixels, hung on the museum's wall: for pictures and mails that leave the site, where no browser draws.

Drawings (SVG) have their pixels ready in static/share, made once when the drawing was.
"""

from __future__ import annotations

import io
from functools import cache, lru_cache
from pathlib import Path

from flask import current_app
from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageFont

from crowdfund.campaigns.view import Picture
from crowdfund.institutions.colours import Wall, oklch
from crowdfund.storage import Storage

STATIC = Path(__file__).parents[2] / "static"
READY = STATIC / "share"
NOTHING_YET = "frame.webp"
KEPT = 24
MAIL = (600, 300)  # the picture in a mail, in its pixels
PRINTED = 720  # pixels of the square on a printed card: 300 to the inch at 60 mm
DISPLAY, UI, UI_BOLD = "hedvig.ttf", "instrument.ttf", "instrument-bold.ttf"
FRAME = ("#7c5a20", "#c29a4c", "#a67c33", "#5b4016")  # from outside in

Colour = tuple[int, int, int]
INK, INK_2, INK_3 = (26, 24, 21), (71, 68, 64), (97, 94, 90)
CARD, TRACK, RING, DOT = (255, 255, 255), (226, 226, 222), (131, 128, 123), (216, 67, 42)
DOT_ON_WALL, ON_WALL, ON_WALL_2 = (251, 127, 88), (252, 251, 250), (222, 219, 215)


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """Load a font of the letters at a size in pixels."""
    return ImageFont.truetype(str(STATIC / "letters" / name), size)


def pixels_of(picture: Picture) -> Path | str:
    """Find the file that holds a picture as pixels (an uploaded one by its key in the storage); else the empty frame."""
    if picture.src.startswith("/pictures/"):
        return picture.src.removeprefix("/")
    path = STATIC / picture.src
    if path.suffix == ".svg":
        path = READY / f"{path.stem}.webp"
    ours = picture.src == f"art/{Path(picture.src).name}"
    return path if ours and path.is_file() else READY / NOTHING_YET


def bare(picture: Picture) -> bool:
    """Say whether only the empty frame can be shown."""
    return pixels_of(picture) == READY / NOTHING_YET


@lru_cache(maxsize=KEPT)
def work(source: Path | str, width: int, height: int) -> Image.Image:
    """Read a picture as large as it fits into `width` by `height` pixels."""
    storage: Storage = current_app.extensions["storage"]
    with Image.open(source if isinstance(source, Path) else io.BytesIO(storage.read(source))) as opened:
        image = opened.convert("RGBA")
    scale = min(width / image.width, height / image.height)
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)


def hang(canvas: Image.Image, picture: Picture, box: tuple[int, int, int, int], *, standing: float = 1.0) -> None:
    """Hang a picture in the middle of a box (left, top, right, bottom), framed as it is on its page.

    `standing` places what is not framed between the box's top (0) and its bottom (1).
    """
    left, top, right, bottom = box
    framed = picture.hanging == "framed" and not bare(picture)
    edge = round((right - left) * 0.035) if framed else 0
    image = work(pixels_of(picture), right - left - 2 * edge, bottom - top - 2 * edge)
    x = left + (right - left - image.width) // 2
    room = bottom - top - image.height
    y = top + (room // 2 if framed or bare(picture) else round(room * standing))
    shadow = image.getchannel("A").point(lambda value: value * 2 // 5)
    if framed:
        shadow = Image.new("L", (image.width + 2 * edge, image.height + 2 * edge), 140)
    soft = max(6, (right - left) // 50)
    _cast(canvas, shadow, (x - edge, y - edge + soft), soft)
    if framed:
        _frame(canvas, (x - edge, y - edge, x + image.width + edge - 1, y + image.height + edge - 1), edge)
    canvas.paste(image.convert("RGB"), (x, y), image.getchannel("A"))


def _cast(canvas: Image.Image, shape: Image.Image, at: tuple[int, int], soft: int) -> None:
    mask = Image.new("L", canvas.size, 0)
    mask.paste(shape, at)
    canvas.paste((0, 0, 0), (0, 0), mask.filter(ImageFilter.GaussianBlur(soft)))


def _frame(canvas: Image.Image, box: tuple[int, int, int, int], edge: int) -> None:
    draw = ImageDraw.Draw(canvas)
    left, top, right, bottom = box
    for number, colour in enumerate(FRAME):
        inset = round(edge * (0, 0.14, 0.42, 0.9)[number])
        draw.rectangle((left + inset, top + inset, right - inset, bottom - inset), fill=colour)


def wall_colours(wall: Wall) -> tuple[Colour, Colour, Colour]:
    """Give a wall's light, own and deep colour, as tokens.css computes them."""
    shades = ((0.388, 0.86), (0.35, 1.0), (0.285, 1.0))
    light, own, deep = (
        _rgb(oklch(lightness + wall.shift, wall.chroma * share, wall.hue)) for lightness, share in shades
    )
    return light, own, deep


def _rgb(text: str) -> Colour:
    red, green, blue = ImageColor.getrgb(text)[:3]
    return red, green, blue


def paint_wall(size: tuple[int, int], wall: Wall) -> Image.Image:
    """Paint a wall with its light from above: an ellipse of light at half the width and a quarter of the height."""
    width, height = size
    light, own, deep = wall_colours(wall)
    glow = Image.radial_gradient("L").resize((round(width * 1.8 * 1.2), round(height * 1.6 * 1.2)))
    distance = Image.new("L", size, 255)
    distance.paste(glow, ((width - glow.width) // 2, round(height * 0.26) - glow.height // 2))
    near = distance.point(lambda value: min(255, value * 255 // 115))
    far = distance.point(lambda value: min(255, max(0, value - 110) * 255 // 90))
    painted = Image.composite(Image.new("RGB", size, own), Image.new("RGB", size, light), near)
    return Image.composite(Image.new("RGB", size, deep), painted, far)


def dithered(image: Image.Image) -> Image.Image:
    """Bring a picture down to 256 colours, the dot's among them: a third of the bytes, which messengers ask for."""
    drawn = image.quantize(254, method=Image.Quantize.MEDIANCUT)
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(drawn.getpalette() or [])[: 254 * 3], *DOT, *DOT_ON_WALL])
    return image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


@lru_cache(maxsize=KEPT)
def for_mail(picture: Picture, wall: Wall) -> bytes:
    """Draw the head of a mail: JPEG, which every mail program shows, with twice the pixels of MAIL."""
    width, height = MAIL[0] * 2, MAIL[1] * 2
    image = paint_wall((width, height), wall)
    hang(image, picture, (width // 8, height // 12, width - width // 8, height - height // 12), standing=1.0)
    written = io.BytesIO()
    image.save(written, "JPEG", quality=78, optimize=True, progressive=True)
    return written.getvalue()


def for_card(picture: Picture, wall: Wall) -> bytes:
    """Draw the work for a printed card: a square of wall, PNG."""
    image = paint_wall((PRINTED, PRINTED), wall)
    hang(image, picture, (PRINTED // 8, PRINTED // 8, PRINTED - PRINTED // 8, PRINTED - PRINTED // 8), standing=0.5)
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()
