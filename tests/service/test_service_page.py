"""The page of the service in a real Chromium: paste or upload, see score, reasons and picture."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from support.installation import raw_columns, real_products
from support.service_process import RunningService, real_records, service

__all__ = ["service"]
FIRST = real_records()[0]["id"]


def open_page(browser: Chrome, service: RunningService) -> None:
    browser.get_log("browser")  # forget what other pages said
    browser.get(service.url)


def score(browser: Chrome) -> str:
    """Press the button and wait for the outcome."""
    browser.find_element(By.ID, "score").click()
    message = browser.find_element(By.ID, "message")
    WebDriverWait(browser, 60).until(lambda _: message.text and "Scoring" not in message.text)
    return message.text


def paste(browser: Chrome, text: str) -> None:
    browser.execute_script("document.getElementById('records').value = arguments[0]", text)


def test_example_shows_score_band_reasons_and_picture(
    browser: Chrome, service: RunningService
) -> None:
    open_page(browser, service)
    browser.find_element(By.ID, "example").click()
    records = browser.find_element(By.ID, "records")
    WebDriverWait(browser, 30).until(lambda _: records.get_attribute("value"))
    assert score(browser) == "1 applicant scored."
    answer = service.predict(json.loads(records.get_attribute("value")))[0]
    card = browser.find_element(By.TAG_NAME, "article")
    assert card.find_element(By.CLASS_NAME, "score").text == str(answer["score"])
    assert card.find_element(By.CLASS_NAME, "band").text == answer["risk_band"]
    assert card.find_element(By.CLASS_NAME, "decision").text == answer["decision"]
    assert f"{100 * answer['pd']:.2f} %" in card.text
    shown = [item.text for item in card.find_elements(By.TAG_NAME, "li")]
    effect = {item["code"]: item["log_odds"] for item in answer["contributions"]}
    assert shown == [
        f"{reason['text']} ({reason['code']})"
        + (", lowers the risk" if effect[reason["code"]] < 0 else "")
        for reason in answer["reasons"]
    ]
    # The picture: a bar per group, to the right where it raises the risk, with its number.
    raises = [item["log_odds"] >= 0 for item in answer["contributions"]]
    bars = card.find_elements(By.CSS_SELECTOR, "svg > rect")
    assert [bar.get_attribute("class") == "raises" for bar in bars] == raises
    widths = [float(bar.get_attribute("width")) for bar in bars]
    sizes = [abs(item["log_odds"]) for item in answer["contributions"]]
    assert widths.index(max(widths)) == sizes.index(max(sizes))
    picture = card.find_element(By.TAG_NAME, "svg").get_attribute("aria-label")
    assert all(item["text"] in picture for item in answer["contributions"])
    complaints = [line for line in browser.get_log("browser") if line["level"] != "DEBUG"]
    assert complaints == []


def test_upload_of_csv_scores_every_applicant(
    browser: Chrome, service: RunningService, tmp_path: Path
) -> None:
    products: pd.DataFrame = real_products()[raw_columns()]
    path = tmp_path / "records.csv"
    products.to_csv(path, index=False)
    open_page(browser, service)
    browser.find_element(By.ID, "file").send_keys(str(path))
    records = browser.find_element(By.ID, "records")
    WebDriverWait(browser, 30).until(lambda _: records.get_attribute("value"))
    n = products["id"].nunique()
    assert score(browser) == f"{n} applicants scored."
    assert len(browser.find_elements(By.TAG_NAME, "article")) == n


def test_mistakes_are_told_by_record_and_column(browser: Chrome, service: RunningService) -> None:
    open_page(browser, service)
    rows = real_records(FIRST)
    paste(browser, json.dumps([rows[0], {**rows[1], "pre_util": 300}]))
    assert score(browser) == "record 2, pre_util: missing or not within 0 to 255"
    paste(browser, "[{")
    assert score(browser).startswith("Cannot be read as JSON or CSV")
    paste(browser, json.dumps([{**rows[0], "pre_util": "<img src=x onerror=alert(1)>"}]))
    assert score(browser) == "record 1, pre_util: Input should be a valid integer"
    assert browser.find_elements(By.CSS_SELECTOR, "#message img") == []


def test_nothing_comes_from_elsewhere(browser: Chrome, service: RunningService) -> None:
    open_page(browser, service)
    browser.find_element(By.ID, "example").click()
    records = browser.find_element(By.ID, "records")
    WebDriverWait(browser, 30).until(lambda _: records.get_attribute("value"))
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map(entry => entry.name)"
    )
    assert loaded
    assert all(address.startswith(service.url) for address in loaded)
    # Also the documentation page.
    browser.get(f"{service.url}/docs")
    WebDriverWait(browser, 60).until(
        lambda _: browser.find_elements(By.CSS_SELECTOR, ".opblock-post")
    )
