"""The page in headless Chromium: drop an image, filter, look closer, delete."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
]
Served = Any
SIZES = {"desktop": (1360, 860), "phone": (390, 844)}


@pytest.fixture(params=sorted(SIZES))
def page(request: pytest.FixtureRequest, served: Served) -> Iterator[Any]:
    """The page, signed in; a complaint of the browser fails the test."""
    width, height = SIZES[request.param]
    complaints = list[str]()
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = browser.new_page(viewport={"width": width, "height": height})
        made.on("pageerror", lambda error: complaints.append(str(error)))
        made.on(
            "console",
            lambda said: complaints.append(said.text) if "Content Security" in said.text else None,
        )
        made.set_default_timeout(15_000)
        made.goto(served.url)
        made.fill("#token", "a wrong token")
        made.press("#token", "Enter")
        made.wait_for_selector("#sign-in-trouble:not([hidden])")
        made.fill("#token", served.token)
        made.press("#token", "Enter")
        made.wait_for_selector("#cameras label")
        yield made
        browser.close()
    assert complaints == []


def drop(page: Any, body: bytes, name: str) -> None:
    """Drop a file on the page, as a mouse would."""
    page.evaluate(
        """([bytes, name]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            document.body.dispatchEvent(
                new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
        }""",
        [list(body), name],
    )


def shown(page: Any) -> list[str]:
    """What a screen reader says of each card."""
    found: list[str] = page.eval_on_selector_all(
        ".card", "cards => cards.map(card => card.getAttribute('aria-label'))"
    )
    return found


def settled(page: Any, words: str) -> list[str]:
    page.wait_for_function(
        "words => document.getElementById('status').textContent.startsWith(words)", arg=words
    )
    return shown(page)


def test_drop_filter_more_and_delete(page: Any, served: Served) -> None:
    drop(page, (served.people / "0003_c1s1_000001_00.png").read_bytes(), "somebody.png")
    cards = settled(page, "16 answers")
    assert all("Person 3" in card for card in cards[:3])
    assert "probability 100 %" in cards[0]
    page.wait_for_function("() => document.querySelectorAll('.card img').length === 16")
    widths = page.eval_on_selector_all(".card img", "all => all.map(one => one.naturalWidth)")
    assert min(widths) > 0
    assert page.locator("#timeline .dot").count() == 16
    assert page.locator("#timeline .dot.likely").count() >= 3

    page.click("#cameras label:nth-child(2)")
    assert all("camera 2" in card for card in settled(page, "6 answers"))
    page.fill("#after", "0:02:04")
    page.press("#after", "Tab")
    assert settled(page, "2 answers")
    page.fill("#after", "tomorrow")
    page.press("#after", "Tab")
    assert page.get_attribute("#after", "aria-invalid") == "true"
    page.click("#clear")
    settled(page, "16 answers")

    page.locator(".card").nth(4).click()
    page.click("#more")
    settled(page, "15 answers")

    page.locator(".card").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector("#details[open]")
    person = page.inner_text("#details-title")
    page.click("#delete")
    page.wait_for_selector("#confirm[open]")
    assert person.split()[-1] in page.inner_text("#confirm-title")
    assert page.evaluate("document.activeElement.id") == "keep"
    page.click("#keep")
    assert not [line for line in audit(served) if "delete" in line]
    page.click("#delete")
    page.click("#really")
    cards = settled(page, "3 crops deleted")
    assert cards
    assert not [card for card in cards if person in card]
    assert "13 crops" in (page.text_content("#facts") or "")
    assert [line for line in audit(served) if "delete person" in line]


def test_a_person_is_picked_in_a_frame(
    page: Any, served: Served, encode: Callable[..., bytes], write_picture: Any
) -> None:
    from PIL import Image

    frame = np.full((120, 240, 3), 90, np.uint8)
    for left, pid in ((30, 2), (150, 4)):
        crop = Image.open(served.people / f"{pid:04d}_c1s1_000001_00.png").resize((48, 96))
        frame[12:108, left : left + 48] = np.asarray(crop)
    drop(page, encode(frame), "frame.png")
    settled(page, "Draw a box")
    assert shown(page) == []
    area = page.locator("#picture").bounding_box()
    scale = area["width"] / 240
    page.mouse.move(area["x"] + 150 * scale, area["y"] + 12 * scale)
    page.mouse.down()
    page.mouse.move(area["x"] + 198 * scale, area["y"] + 108 * scale, steps=5)
    page.mouse.up()
    assert all("Person 4" in card for card in settled(page, "16 answers")[:3])
    page.locator("#box").focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => document.querySelector('.card')?.ariaLabel.includes('Person 2')")


def test_a_file_that_is_no_image_is_refused_in_words(page: Any) -> None:
    drop(page, b"no image", "letter.txt")
    page.wait_for_selector("#trouble:not([hidden])")
    assert "expected a JPEG" in page.inner_text("#trouble")
    assert page.is_visible("#drop")


def test_the_page_fits_and_switches_between_light_and_dark(page: Any) -> None:
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits)
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.click("#theme")
    assert page.evaluate(colour) != light


def audit(served: Served) -> list[str]:
    return (served.state / "audit.jsonl").read_text().splitlines()
