"""The report in a real Chromium: no message on the console, nothing loaded, slider and read-outs work by keyboard."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from support.installation import Installation

from models_ml.report.formats import share
from models_ml.report.pages import write_applicant_page
from models_ml.settings import PROJECT_ROOT

STYLE = (PROJECT_ROOT / "models_ml" / "report" / "templates" / "style.css").read_text()
LAPTOP, PHONE = (1280, 800), (390, 844)


@pytest.fixture(scope="module")
def pages(finished_run: Installation) -> dict[str, Path]:
    applicant = finished_run.query("select max(id) as id from applicant_scores")["id"][0]
    report = finished_run.command("report").stdout.strip()
    page = finished_run.command("report", "--id", str(applicant)).stdout.strip()
    return {"report": Path(report), "applicant": Path(page)}


@pytest.fixture
def window(browser: Chrome) -> Iterator[Chrome]:
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def show(window: Chrome, page: Path, size: tuple[int, int] = LAPTOP, scheme: str = "light") -> None:
    window.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False},
    )
    window.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    window.get_log("browser")
    window.get(page.as_uri())


@pytest.mark.parametrize("name", ["report", "applicant"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_a_page_loads_nothing_says_nothing_and_fits(
    window: Chrome, pages: dict[str, Path], name: str, size: tuple[int, int]
) -> None:
    show(window, pages[name], size)
    assert window.get_log("browser") == []
    assert window.execute_script("return performance.getEntriesByType('resource').length") == 0
    overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert window.execute_script(overflow) <= 0
    assert window.execute_script("return document.querySelectorAll('h1').length") == 1
    ids = window.execute_script("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.fault("F68")
@pytest.mark.parametrize("name", ["report", "applicant"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_every_text_of_a_chart_is_inside_it(
    window: Chrome, pages: dict[str, Path], name: str, size: tuple[int, int]
) -> None:
    show(window, pages[name], size)
    outside = """
        const found = [];
        for (const svg of document.querySelectorAll("svg")) {
          const box = svg.viewBox.baseVal;
          for (const text of svg.querySelectorAll("text:not([transform])")) {
            const place = text.getBBox();
            if (place.x < -1 || place.x + place.width > box.width + 1) found.push(text.textContent);
          }
        }
        return found;
    """
    assert window.execute_script(outside) == []


@pytest.mark.fault("F68")
@pytest.mark.parametrize("size", [LAPTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_best_applicant_is_seen_among_all(
    window: Chrome,
    finished_run: Installation,
    tmp_path: Path,
    size: tuple[int, int],
    scheme: str,
) -> None:
    best = finished_run.query("select id from applicant_scores order by score desc limit 1")["id"][
        0
    ]
    page = write_applicant_page(finished_run.settings, tmp_path, int(best))
    show(window, page, size, scheme)
    seen = """
        const chart = document.querySelector("svg[data-readings=standing]");
        const mark = [...chart.querySelectorAll(".pointer")].at(-1);
        const [place, frame] = [mark.getBoundingClientRect(), chart.parentElement.getBoundingClientRect()];
        return [place.left >= frame.left && place.right <= frame.right, place.height > 50,
                getComputedStyle(mark).stroke, getComputedStyle(document.body).color];
    """
    inside, tall, stroke, ink = window.execute_script(seen)
    assert inside
    assert tall
    assert stroke == ink  # whose contrast is tested below


def test_the_slider_moves_by_keyboard_and_shows_the_cutoff_table(
    window: Chrome, pages: dict[str, Path], finished_run: Installation
) -> None:
    show(window, pages["report"])
    cutoffs = finished_run.query(
        "select * from cutoff_table where split = 'out_of_time' order by cutoff"
    )
    slider = window.find_element(By.ID, "cutoff")
    text = lambda name: window.find_element(By.ID, f"cutoff-{name}").text  # noqa: E731
    slider.send_keys(Keys.HOME)
    assert text("points") == str(cutoffs["cutoff"].iloc[0])
    assert text("approved") == "100.0 %"
    places = []
    for steps, key in ((1, Keys.ARROW_RIGHT), (2, Keys.ARROW_RIGHT), (3, Keys.ARROW_UP)):
        slider.send_keys(key)
        row = cutoffs.iloc[steps]
        assert text("points") == str(row["cutoff"])
        assert text("approved") == share(row["approval_rate"])
        assert text("n-approved").startswith(f"{row['n_approved']:,} of ")
        assert text("bad") == share(row["bad_rate"], 2)
        assert text("points") in slider.get_attribute("aria-valuetext")
        cursor = window.find_element(By.CSS_SELECTOR, "#simulator svg .cursor")
        places.append(float(cursor.get_attribute("x1")))
    assert places == sorted(set(places))
    slider.send_keys(Keys.END)
    assert text("approved") == "0.0 %"
    assert text("bad") == "–"
    assert window.get_log("browser") == []


def test_charts_are_read_by_arrow_keys_and_by_pointer(
    window: Chrome, pages: dict[str, Path]
) -> None:
    show(window, pages["report"])
    chart = window.find_element(By.CSS_SELECTOR, "svg[data-readings=roc]")
    output = window.find_element(By.CSS_SELECTOR, "figure:has(svg[data-readings=roc]) .readout")
    window.execute_script("arguments[0].focus({preventScroll: true})", chart)
    seen = []
    for key in (Keys.HOME, Keys.ARROW_RIGHT, Keys.END):
        window.switch_to.active_element.send_keys(key)
        seen.append(output.text)
    assert len(set(seen)) == 3
    assert "100.0 % of defaulters and 100.0 % of others" in seen[-1]
    window.execute_script(
        """
        const box = arguments[0].getBoundingClientRect();
        const place = {clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true};
        arguments[0].dispatchEvent(new PointerEvent("pointermove", place));
        """,
        chart,
    )
    assert output.text not in ("", seen[-1])


def test_a_dark_scheme_is_dark_and_print_is_light(window: Chrome, pages: dict[str, Path]) -> None:
    background = "return getComputedStyle(document.body).backgroundColor"
    show(window, pages["report"])
    light = window.execute_script(background)
    show(window, pages["report"], scheme="dark")
    dark = window.execute_script(background)
    window.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]},
    )
    printed = window.execute_script(background)
    assert printed == light == "rgb(255, 255, 255)"
    assert max(map(int, re.findall(r"\d+", dark)[:3])) < 40
    pdf = base64.b64decode(
        window.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
    )
    assert pdf.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 40
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_documentation_of_the_warehouse_is_one_file_too(
    window: Chrome, finished_run: Installation
) -> None:
    report, docs = finished_run.command("report", "--docs").stdout.split()
    assert Path(docs) == Path(report).with_name("warehouse.html")
    show(window, Path(docs))
    assert "applicant_scores" in window.page_source
    loaded = window.execute_script(
        "return performance.getEntriesByType('resource').map(e => e.name)"
    )
    assert [name for name in loaded if name.startswith("http")] == []


PROTAN = [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
]
DEUTAN = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
]
TRITAN = [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.303900],
]
VISION = {"all cones": np.eye(3), "protan": PROTAN, "deutan": DEUTAN, "tritan": TRITAN}
"""What is left of linear RGB when a kind of cone is missing (Machado, Oliveira and Fernandes 2009, severity 1)."""


def linear(colour: str) -> np.ndarray:
    """Linear RGB of ``#rgb`` or ``#rrggbb``."""
    digits = colour.lstrip("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    value = np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB under daylight."""
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.array(matrix) @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def schemes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, flags=re.DOTALL)
    return {
        name: dict(re.findall(r"--([\w-]+): (#\w+);", block))
        for name, block in zip(("light", "dark", "print"), blocks, strict=True)
    }


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_series_colours_differ_for_colour_blind_people(scheme: str, vision: str) -> None:
    colours = schemes()[scheme]
    seen = {name: np.array(VISION[vision]) @ linear(colours[name]) for name in ("s1", "s2", "s3")}
    for first, second in (("s1", "s2"), ("s1", "s3"), ("s2", "s3")):
        distance = np.linalg.norm(lab(seen[first]) - lab(seen[second]))
        # 2.3 is a just noticeable difference; the third series has its dashes besides.
        assert distance > (40 if "s3" not in (first, second) else 10), (first, second, distance)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_texts_and_marks_have_enough_contrast(scheme: str) -> None:
    colours = schemes()[scheme]
    luminance = {name: float(linear(c) @ [0.2126, 0.7152, 0.0722]) for name, c in colours.items()}

    def contrast(mark: str, paper: str) -> float:
        high, low = sorted((luminance[mark], luminance[paper]), reverse=True)
        return (high + 0.05) / (low + 0.05)

    texts = [("ink", "paper"), ("muted", "paper"), ("muted", "panel"), ("warn-ink", "warn-paper")]
    assert all(contrast(*pair) >= 4.5 for pair in texts)  # WCAG 2 AA
    assert all(contrast(mark, "paper") >= 3 for mark in ("s1", "s2", "s3", "s4"))
