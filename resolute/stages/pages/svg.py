"""A matplotlib figure as inline SVG that a strict page can hold: no styles, no scripts, themed by the page's colours.

Attributes stand where matplotlib writes `style`, so that the page's policy can forbid inline styles; colours become the
page's variables, so that one picture serves light, dark and print; the bytes are the same on every run.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from markupsafe import Markup

from resolute.core.text import terminal_safe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
INK, MUTED, GRID, PAPER = "#010101", "#020202", "#030303", "#040404"
SERIES = ("#0a0101", "#0a0202", "#0a0303", "#0a0404", "#0a0505", "#0a0606", "#0a0707", "#0a0808")
"""Stand-ins that figures are drawn in; each becomes a variable of the page."""
_VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--line", PAPER: "--paper"} | {
    colour: f"--s{place}" for place, colour in enumerate(SERIES, 1)
}
SETTINGS: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 12.5,
    "axes.unicode_minus": True,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "text.color": INK,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "figure.dpi": 72,
}
"""matplotlib settings a figure is made under: text stays text, a dollar sign stays a dollar sign."""


def inline(figure: Figure, *, name: str, title: str, description: str, tips: Mapping[str, str] | None = None) -> Markup:
    """The figure as an `<svg>` element.

    `name` prefixes its ids (unique on the page); `title` and `description` are read aloud; `tips` gives the artists of
    a `gid` a text shown under the pointer.
    """
    import matplotlib as mpl

    stream = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    root = ET.fromstring(stream.getvalue())  # noqa: S314 - matplotlib wrote it, a line above
    for child in [child for child in root if child.tag == f"{{{_SVG}}}metadata"]:
        root.remove(child)
    for defs in root.iter(f"{{{_SVG}}}defs"):
        for style in [child for child in defs if child.tag == f"{{{_SVG}}}style"]:
            defs.remove(style)
    for element in root.iter():
        _attributes(element, name)
        tip = (tips or {}).get(element.get("id", "").removeprefix(f"{name}-"))
        if tip:
            element.insert(0, _text("title", tip))
    return _framed(root, name, title, description)


def _framed(root: ET.Element, name: str, title: str, description: str) -> Markup:
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title {name}-desc")
    root.set("class", "chart")
    root.insert(0, _text("desc", description, f"{name}-desc"))
    root.insert(0, _text("title", title, f"{name}-title"))
    ET.register_namespace("", _SVG)
    written = ET.tostring(root, encoding="unicode")
    harmless = terminal_safe(re.sub(r"\n\s*", " ", written))
    return Markup(harmless)  # noqa: S704 - serialised by ElementTree, which escapes every text


def _attributes(element: ET.Element, name: str) -> None:
    """Style declarations as attributes; ids and references prefixed; colours as variables."""
    style = element.attrib.pop("style", "")
    for declaration in filter(None, (part.strip() for part in style.split(";"))):
        what, _, value = declaration.partition(":")
        if what not in ("font", "font-family"):
            element.set(what.strip(), value.strip())
    if _XLINK in element.attrib:
        element.set("href", element.attrib.pop(_XLINK))
    for what, value in list(element.attrib.items()):
        if what == "id":
            element.set(what, f"{name}-{value}")
        elif value.startswith("#") and what == "href":
            element.set(what, f"#{name}-{value[1:]}")
        elif value.startswith("url(#"):
            element.set(what, f"url(#{name}-{value[5:]}")
        elif value in _VARIABLES:
            element.set(what, f"var({_VARIABLES[value]})")


def _text(tag: str, text: str, identity: str = "") -> ET.Element:
    element = ET.Element(f"{{{_SVG}}}{tag}", {"id": identity} if identity else {})
    element.text = text
    return element
