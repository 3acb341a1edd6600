"""A matplotlib figure as inline SVG that a strict page can hold: no styles, no scripts, themed by the page's colours.

Attributes stand where matplotlib writes `style`, so that the page's policy can forbid inline styles; colours become the
page's variables, so that one picture serves light, dark and print; the bytes are the same on every run.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
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
PRINTED: dict[str, str] = dict(
    zip(
        (INK, MUTED, GRID, PAPER, *SERIES),
        ("#1b1f24", "#59636e", "#d5dae0", "#ffffff", "#1f6fb5", "#d17500", "#1d8a6b", "#b8336a", "#7a57c2", "#8a6d00",
         "#4a5b6c", "#0f8aa3"),
        strict=True,
    )
)  # fmt: skip
"""Stand-in -> colour in files: those of the page in the light, as `report.css` has them."""
MARGIN = 14
"""Round a figure that is a file of its own, in its units."""
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


@dataclass(frozen=True)
class Drawing:
    """A figure for the page, and for files."""

    name: str
    inline: Markup
    figure: Figure

    def __html__(self) -> Markup:
        return self.inline

    def drawn(self, form: str) -> bytes:
        """The figure as the bytes of an `svg` or `png` file, on white, in the page's light colours."""
        if form == "svg":
            return _standing(str(self.inline)).encode()
        import matplotlib as mpl

        _coloured(self.figure)
        stream = io.BytesIO()
        settings = SETTINGS | {"savefig.dpi": 150, "savefig.facecolor": "white"}
        with mpl.rc_context(settings), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            self.figure.savefig(
                stream, format=form, metadata={"Software": None}, facecolor="white", bbox_inches="tight"
            )
        return stream.getvalue()


def _standing(inline: str) -> str:
    """An `<svg>` element as a file of its own: colours for the page's variables, a margin for what hangs over."""
    for stand_in, variable in _VARIABLES.items():
        inline = inline.replace(f"var({variable})", PRINTED[stand_in])
    head, rest = inline.split(">", 1)
    width, height = (float(end) + 2 * MARGIN for end in head.split('viewBox="')[1].split('"')[0].split()[2:])
    place = f'x="{-MARGIN}" y="{-MARGIN}" width="{width:g}" height="{height:g}"'
    head = re.sub(r'viewBox="[^"]*"', f'viewBox="{-MARGIN} {-MARGIN} {width:g} {height:g}"', head)
    head += f' width="{width:g}" height="{height:g}" font-family="DejaVu Sans, Arial, sans-serif"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}><rect {place} fill="#ffffff"/>{rest}\n'


def _coloured(figure: Figure) -> None:
    """Stand-ins become colours wherever an artist holds one; a colour already there stays."""
    from matplotlib.colors import to_hex, to_rgba

    def real(colour: Any) -> Any:
        rgba = to_rgba(colour)
        if not rgba[3]:
            return "none"  # an artist's own alpha would show a colour that is only transparent
        return to_rgba(PRINTED.get(to_hex(rgba), to_hex(rgba)), rgba[3])

    for artist in figure.findobj():
        for what in ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor"):
            get, put = getattr(artist, f"get_{what}", None), getattr(artist, f"set_{what}", None)
            if get is None or put is None:
                continue
            held = get()
            if isinstance(held, str) and held in ("none", "auto"):
                continue
            rows: Any = held if isinstance(held, str) else list(held)
            several = not isinstance(rows, str) and all(hasattr(one, "__len__") for one in rows)
            put([real(one) for one in rows] if several else real(held))


def inline(
    figure: Figure, *, name: str, title: str, description: str, tips: Mapping[str, str] | None = None
) -> Drawing:
    """The figure as a drawing, with its `<svg>` element.

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
    return Drawing(name, _framed(root, name, title, description), figure)


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
