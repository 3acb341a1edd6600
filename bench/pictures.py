"""Pictures of the explorer's screens for the documentation, of a run of the lab: its words are harmless.

    python -m bench.pictures RUN [--out docs/pictures]

RUN is a study of the lab, such as `resolute demo` makes. The browser is the system's Chromium.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Page

from resolute.core.errors import ResoluteError
from resolute.view.app import Opened, build, opened
from resolute.view.filters import Filters
from tests.conftest import BROWSERS
from tests.view.browsing import Looked, driven, served

SIZE = {"width": 1280, "height": 820}


def screens(shown: Opened) -> dict[str, tuple[str, str]]:
    """Picture -> colour scheme and address."""
    index = shown.index
    (wavering,) = index.seen(index.order(Filters({"pattern": ("weak vacillation",)}))[:1])
    attacked = index.order(Filters({"attack": ("lab/persona",)}))
    (asked,) = index.seen(attacked[:1])
    return {
        "view-list": ("light", "/?outcome=answer%3A+unsafe"),
        "view-list-dark": ("dark", "/?outcome=answer%3A+unsafe"),
        "view-trace": ("light", f"/trace/{wavering.key}?pattern=weak+vacillation"),
        "view-beside": ("light", "/beside?show=fell%7Cunsafe%7Canswer"),
        "view-goal": ("dark", f"/goal/{asked.goal}"),
    }


def draw(page: Page, home: str, path: str, out: Path, *, reveal: bool) -> None:
    """One picture, as large as the window."""
    page.goto(home + path)
    if reveal:
        page.keyboard.press("b")
        page.wait_for_selector("body.revealed")
    page.mouse.move(0, 0)
    page.screenshot(path=out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    asked = parser.parse_args()
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise ResoluteError("no Chromium", mend="install it from the system's packages")
    shown = opened([asked.run], lambda *_, **__: None)
    asked.out.mkdir(parents=True, exist_ok=True)
    with driven(browser) as made, served(build(shown)) as address:
        home = address.split("/?", 1)[0]
        for name, (scheme, path) in screens(shown).items():
            look = Looked(made, scheme=scheme)
            look.page.set_viewport_size(SIZE)  # type: ignore[arg-type]
            look.page.goto(address)
            draw(look.page, home, path, asked.out / f"{name}.png", reveal=name not in ("view-list", "view-list-dark"))
            print(f"{asked.out / name}.png")
            look.close()


if __name__ == "__main__":
    main()
