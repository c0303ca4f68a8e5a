"""Whether a page looks as it did: section by section, in cells of a few pixels."""

import io
import json

PARTS = 6  # pixels of a page make one of a baseline, on each side
MOST_PIXELS = 6  # by which a section may be wider or higher
CELL = 4  # pixels of a baseline, on each side
DIFFERENT = 9  # of 255, in one of the three colours of a cell
MOST_DIFFERENT = 0.02  # of the cells of a section

SECTIONS = """
return [...document.querySelectorAll("main > *")].map((each) => {
  const { x, y, width, height } = each.getBoundingClientRect();
  return [x, y, width, height].map(Math.round);
}).filter(([, , width, height]) => width && height);
"""


def write_baseline(path, drawn, sections):
    """Keep a page at a sixth of its size, with its sections."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    image = Image.open(io.BytesIO(drawn)).convert("RGB")
    places = PngInfo()
    places.add_text("sections", json.dumps(sections))
    small = image.reduce(PARTS)
    small.save(path, optimize=True, pnginfo=places)


def differences(path, drawn, sections):
    """Yield in words how a page differs from its baseline."""
    from PIL import Image

    baseline = Image.open(path)
    expected = json.loads(baseline.text["sections"])
    if len(expected) != len(sections):
        yield f"{len(sections)} sections, not {len(expected)}"
        return
    baseline = baseline.convert("RGB")
    image = Image.open(io.BytesIO(drawn)).convert("RGB")
    for number, (before, after) in enumerate(zip(expected, sections, strict=True)):
        apart = [abs(x - y) for x, y in zip(before, after, strict=True)]
        # What is above may have moved it down; its own place and size may not change.
        if max(apart[0], *apart[2:]) > MOST_PIXELS:
            yield f"section {number} is at {after}, not {before}"
            continue
        yield from drawn_otherwise(number, baseline, before, image, after)


def drawn_otherwise(number, baseline, before, image, after):
    """Yield how much of a section looks otherwise; with a margin, as ground is seen."""
    whole = baseline.crop([x // PARTS for x in around(before)])
    shown = image.crop([x - x % PARTS for x in around(after)]).resize(whole.size)
    cells = looks_otherwise(whole, shown, CELL)
    if cells > MOST_DIFFERENT:
        yield f"{cells:.1%} of section {number} looks otherwise"


def looks_otherwise(before, after, cell):
    """Return which part of the cells of two images of one size look otherwise.

    Cells are so big that a letter drawn otherwise, or a line moved by a pixel, is
    nothing, and that a bar of another colour is something.
    """
    from PIL import ImageChops

    apart = ImageChops.difference(before.reduce(cell), after.reduce(cell))
    red, green, blue = apart.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return sum(most.histogram()[DIFFERENT:]) / (most.width * most.height)


def around(section):
    """Return the edges of a section and some of what is around it."""
    x, y, width, height = section
    return max(x - 8, 0), max(y - 8, 0), x + width + 8, y + height + 8
