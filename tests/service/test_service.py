"""The scoring service, as a process of its own: right answers, clear refusals, nothing told that should not be."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.installation import Installation
from support.service_process import RunningService, real_records, running_service, service

from models_ml.errors import UsageError
from models_ml.registry.pointers import champion_version, set_champion
from models_ml.service.config import ServiceSettings, read_service_settings

__all__ = ["service"]
FIRST = real_records()[0]["id"]


def with_value(**changes: Any) -> dict[str, Any]:
    """A request of one good record with some values changed."""
    return {"records": [{**real_records(FIRST)[0], **changes}]}


# ------------------------------------------------------------------------------------------------------- right answers


@pytest.mark.fault("F44")
def test_each_complete_real_applicant_scores_as_in_the_table(
    finished_run: Installation, service: RunningService
) -> None:
    table = finished_run.query("from applicant_scores").set_index("id")
    ids = list(dict.fromkeys(record["id"] for record in real_records()))
    assert len(ids) == 29
    together = service.predict(real_records())
    assert [answer["id"] for answer in together] == ids
    for answer in together:
        row = table.loc[answer["id"]]
        # Bit-equal: JSON keeps every digit of a double.
        for name in ("pd", "score", "risk_band", "decision", "expected_loss", "thin_file"):
            assert answer[name] == row[name], name
        assert answer["unseen_codes"] == row["unseen_code_count"]
        assert answer["model_version"] == row["model_version"]
        assert [reason["code"] for reason in answer["reasons"]] == list(row["reason_codes"])
        assert [item["log_odds"] for item in answer["contributions"]] == list(row["contributions"])
        assert service.predict(real_records(answer["id"])) == [answer]


def test_order_of_records_changes_nothing_but_the_order_of_answers(service: RunningService) -> None:
    forwards = service.predict(real_records())
    backwards = service.predict(real_records()[::-1])
    assert sorted(backwards, key=lambda answer: answer["id"]) == sorted(
        forwards, key=lambda answer: answer["id"]
    )
    assert backwards[0]["id"] == real_records()[-1]["id"]


def test_requests_at_once_get_their_own_answers(service: RunningService) -> None:
    alone = {answer["id"]: answer for answer in service.predict(real_records())}
    asked = list(alone) * 4
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda id_: service.predict(real_records(id_)), asked))
    assert answers == [[alone[id_]] for id_ in asked]


def test_reasons_are_told_in_words(service: RunningService) -> None:
    answer = service.predict(real_records(FIRST))[0]
    assert all(len(reason["text"]) > 10 for reason in answer["reasons"])
    assert len(answer["contributions"]) == 8


def test_published_score_of_an_applicant(
    finished_run: Installation, service: RunningService
) -> None:
    answer = service.client.get(f"/applicants/{FIRST}").json()
    fresh = service.predict(real_records(FIRST))[0]
    assert {name: answer[name] for name in fresh} == fresh
    assert answer["scored_at"]
    assert service.client.get("/applicants/9999999").status_code == 404
    spellings = (f"{FIRST}.0", f"0{FIRST}", f"+{FIRST}", f"%20{FIRST}", "1_000", "1e3", "%EF%BC%91")
    for wrong in ("abc", "-1", str(2**63), "1;drop table x", "1'", *spellings):
        assert service.client.get(f"/applicants/{wrong}").status_code == 422, wrong


def test_status_and_version_name_the_model(
    finished_run: Installation, service: RunningService
) -> None:
    version = champion_version(finished_run.settings.artifacts)
    status = service.client.get("/status").json()
    assert status == {
        "status": "ok",
        "model_version": version,
        "problem": None,
        "published": True,
    }
    manifest = service.client.get("/version").json()
    assert manifest["version"] == version
    assert manifest["metrics"]["out_of_time"]["auc"]["value"] > 0.5


def test_openapi_describes_every_column_and_its_example_works(service: RunningService) -> None:
    document = service.client.get("/openapi.json").json()
    record = document["components"]["schemas"]["ProductRecord"]
    assert len(record["properties"]) == len(record["required"]) == 61
    assert all(column["description"] for column in record["properties"].values())
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    for example in body["examples"].values():
        assert service.predict(example["value"]["records"])
    page = service.client.get("/docs").text
    assert "https://" not in page  # nothing is loaded from elsewhere
    script = page.split('<script src="')[1].split('"')[0]
    assert service.client.get(script).status_code == 200


# ------------------------------------------------------------------------------------------------------------ F46, F48

INJECTION = "1); drop table applicant_scores; --"
BAD: dict[str, tuple[Any, list[Any]]] = {
    "empty body": (b"", ["body"]),
    "not JSON": (b"{", ["body"]),
    "array": ([], ["body"]),
    "no records": ({}, ["body", "records"]),
    "empty records": ({"records": []}, ["body", "records"]),
    "records no list": ({"records": {"id": 1}}, ["body", "records"]),
    "record no object": ({"records": [7]}, ["body", "records", 0]),
    "missing field": (
        {"records": [{k: v for k, v in real_records(FIRST)[0].items() if k != "pre_util"}]},
        ["body", "records", 0, "pre_util"],
    ),
    "text of a number": (with_value(pre_util="3"), ["body", "records", 0, "pre_util"]),
    "fraction": (with_value(pre_util=3.5), ["body", "records", 0, "pre_util"]),
    "a name twice": (
        json.dumps(with_value()).replace('"rn"', '"id": 7, "rn"').encode(),
        ["body", "records", 0, "id"],
    ),
    "a name in two cases": (with_value(PRE_UTIL=3), ["body", "records", 0, "pre_util"]),
    "truth value": (with_value(pre_util=True), ["body", "records", 0, "pre_util"]),
    "null": (with_value(pre_util=None), ["body", "records", 0, "pre_util"]),
    "NaN": (with_value(pre_util=math.nan), ["body", "records", 0, "pre_util"]),
    "infinity": (with_value(pre_util=math.inf), ["body", "records", 0, "pre_util"]),
    "nested": (with_value(pre_util=[[1]]), ["body", "records", 0, "pre_util"]),
    "beyond 64 bits": (with_value(pre_util=10**30), ["body", "records", 0, "pre_util"]),
    "code 256": (with_value(pre_util=256), ["body", "records", 0, "pre_util"]),
    "code below 0": (with_value(pre_util=-1), ["body", "records", 0, "pre_util"]),
    "rn 0": (with_value(rn=0), ["body", "records", 0, "rn"]),
    "rn 256": (with_value(rn=256), ["body", "records", 0, "rn"]),
    "id below 0": (with_value(id=-1), ["body", "records", 0, "id"]),
    "SQL as a code": (with_value(pre_util=INJECTION), ["body", "records", 0, "pre_util"]),
    "SQL as an id": (with_value(id=INJECTION), ["body", "records", 0, "id"]),
    "second record": (
        {"records": [real_records(FIRST)[0], {**real_records(FIRST)[1], "pre_util": 300}]},
        ["body", "records", 1, "pre_util"],
    ),
    "deep": (b'{"records":' + b"[" * 200_000, ["body"]),
    "product twice": ({"records": real_records(FIRST)[:1] * 2}, ["body", "records", 0, "id, rn"]),
}


@pytest.mark.fault("F48")
@pytest.mark.parametrize("case", BAD)
def test_f48_bad_records_are_refused_by_field_and_record(
    service: RunningService, case: str
) -> None:
    body, place = BAD[case]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = service.client.post("/predict", content=content)
    assert answer.status_code == 422, answer.text
    first = answer.json()["detail"][0]
    assert first["loc"] == place
    assert first["msg"]
    assert "Traceback" not in answer.text
    assert INJECTION not in answer.text


def test_the_largest_allowed_values_are_accepted(service: RunningService) -> None:
    answer = service.client.post("/predict", json=with_value(pre_util=255, rn=255, id=2**63 - 1))
    assert answer.status_code == 200
    assert answer.json()["predictions"][0]["id"] == 2**63 - 1
    assert answer.json()["predictions"][0]["unseen_codes"] == 1


@pytest.mark.fault("F46")
def test_f46_sql_in_a_field_name_is_only_a_name(service: RunningService) -> None:
    records = [{**record, '"); drop table x; --': 1} for record in real_records(FIRST)]
    assert service.predict(records) == service.predict(real_records(FIRST))


@pytest.mark.fault("F48")
def test_f48_a_body_of_100_mb_is_refused_without_being_read(service: RunningService) -> None:
    connection = http.client.HTTPConnection(
        service.client.base_url.host, service.client.base_url.port, timeout=60
    )
    connection.putrequest("POST", "/predict")
    connection.putheader("content-length", str(100 * 1024 * 1024))
    connection.endheaders()
    connection.send(b"[" * 1000)
    answer = connection.getresponse()
    assert answer.status == 413
    assert "33554432 bytes" in answer.read().decode()
    connection.close()


@pytest.mark.fault("F48")
def test_f48_a_body_of_unknown_length_is_cut_at_the_limit(service: RunningService) -> None:
    def endless() -> Any:
        for _ in range(100):
            yield b" " * 1024 * 1024

    # The service may have answered and hung up before the end.
    with contextlib.suppress(httpx.WriteError, httpx.RemoteProtocolError):
        assert service.client.post("/predict", content=endless()).status_code == 413
    assert service.client.get("/status").status_code == 200


@pytest.mark.fault("F48")
def test_f48_ten_thousand_records(service: RunningService) -> None:
    one = real_records(FIRST)[0]
    many = [{**one, "id": i // 10, "rn": i % 10 + 1} for i in range(10_000)]
    assert len(service.predict(many)) == 1000
    # Of one applicant they are more than a history can have.
    answer = service.client.post(
        "/predict", json={"records": [{**one, "rn": i + 1} for i in range(10_000)]}
    )
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "records", 255, "rn"]
    too_many = [{**one, "id": i} for i in range(20_001)]
    answer = service.client.post("/predict", json={"records": too_many})
    assert answer.status_code == 413
    assert "20000 records" in answer.json()["detail"][0]["msg"]
    assert service.predict(real_records(FIRST))


def test_wrong_addresses_and_methods_are_refused(service: RunningService) -> None:
    assert service.client.get("/nowhere").status_code == 404
    assert service.client.get("/predict").status_code == 405
    assert service.client.delete("/applicants/0").status_code == 405
    assert service.client.get("/static-offline-docs/../../etc/passwd").status_code == 404
    for path in ("/static-offline-docs/%2e%2e/%2e%2e/core.py", "/applicants/..%2f..%2fetc"):
        assert service.client.get(path).status_code in (404, 422)


def test_another_host_name_is_refused(service: RunningService) -> None:
    answer = service.client.get("/status", headers={"host": "elsewhere.example"})
    assert answer.status_code == 400


@pytest.mark.fault("F50")
def test_the_log_has_no_values_and_no_ids(service: RunningService) -> None:
    service.predict([{**record, "id": 987654321} for record in real_records(FIRST)])
    service.client.get("/applicants/987654321")
    service.client.post("/predict", json=with_value(pre_util="secret-value"))
    time.sleep(0.2)
    log = service.log.read_text()
    assert "POST /predict 200" in log
    assert "GET /applicants/{id} 404" in log
    assert "987654321" not in log
    assert "secret-value" not in log
    assert "Traceback" not in log


# ------------------------------------------------------------------------------------------------------- key, settings


def test_key_promotion_and_a_damaged_model(finished_run: Installation, tmp_path: Path) -> None:
    """One service of its own: it needs a key, picks up a promotion under load, and outlives a damaged champion."""
    home = tmp_path / "home"
    shutil.copytree(finished_run.settings.artifacts, home / "artifacts")
    shutil.copytree(finished_run.home / "live_sql", home / "live_sql")
    installation = Installation(tmp_path / "raw", home)
    key = "a key of enough characters"
    old = champion_version(installation.settings.artifacts)
    assert old is not None
    new = _other_model(installation.settings.artifacts, old)
    with running_service(installation, tmp_path, {"SCOREHOUSE_API_KEY": key}) as running:
        for wrong in ({}, {"x-api-key": ""}, {"x-api-key": key[:-1]}, {"x-api-key": key + "x"}):
            answer = running.client.post(
                "/predict", json={"records": real_records(FIRST)}, headers=wrong
            )
            assert answer.status_code == 401
            assert running.client.get("/applicants/0", headers=wrong).status_code == 401
            assert running.client.get("/version", headers=wrong).status_code == 401
        assert running.client.get("/status").status_code == 200
        running.client.headers["x-api-key"] = key
        assert running.client.get("/applicants/0").status_code == 503  # nothing is published
        assert running.predict(real_records(FIRST))[0]["model_version"] == old

        seen: list[str] = []
        stop = threading.Event()

        def ask() -> None:
            while not stop.is_set():
                seen.append(running.predict(real_records(FIRST))[0]["model_version"])

        clients = [threading.Thread(target=ask) for _ in range(3)]
        for client in clients:
            client.start()
        set_champion(installation.settings.artifacts, new)
        give_up = time.monotonic() + 60
        while new not in seen and time.monotonic() < give_up:
            time.sleep(0.05)
        stop.set()
        for client in clients:
            client.join()
        # No request failed (predict checks that), each was scored by one of the two, and the new one took over.
        assert set(seen) == {old, new}
        assert running.client.get("/status").json()["model_version"] == new

        damaged = installation.settings.artifacts / old / "booster.txt"
        damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
        set_champion(installation.settings.artifacts, old)
        while running.client.get("/status").json()["status"] == "ok":
            assert time.monotonic() < give_up
            time.sleep(0.1)
        assert "booster.txt" in running.client.get("/status").json()["problem"]
        assert running.predict(real_records(FIRST))[0]["model_version"] == new
        set_champion(installation.settings.artifacts, new)
        while running.client.get("/status").json()["status"] != "ok":
            assert time.monotonic() < give_up
            time.sleep(0.1)


def _other_model(artifacts: Path, version: str) -> str:
    """A second model: the same with another scale of points."""
    from dataclasses import replace

    from models_ml.registry.artifact import load_artifact, save_artifact
    from models_ml.scoring.scorecard import PointsScale

    artifact = load_artifact(artifacts / version)
    own = {"format_version", "version", "contract_sha256", "files", "manifest_sha256"}
    facts = {name: value for name, value in artifact.facts.items() if name not in own}
    other = replace(artifact, scale=PointsScale(anchor_points=700.0), facts=facts)
    return save_artifact(other, artifacts).name


def test_settings_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="SCOREHOUSE_API_KEY"):
        ServiceSettings(host="192.0.2.1")
    assert ServiceSettings(host="192.0.2.1", api_key="k" * 16).api_key
    assert "k" * 16 not in repr(ServiceSettings(api_key="k" * 16))
    with pytest.raises(UsageError, match="too short"):
        ServiceSettings(api_key="short")
    with pytest.raises(UsageError, match="max_records"):
        ServiceSettings(max_records=0)
    path = tmp_path / "service.toml"
    path.write_text("max_recrods = 5\n")
    with pytest.raises(UsageError, match="'max_recrods'"):
        read_service_settings(path, {})
    path.write_text("max_records = 5\n")
    limits = read_service_settings(path, {"SCOREHOUSE_API_KEY": "k" * 16}, port=1)
    assert (limits.max_records, limits.api_key, limits.port) == (5, "k" * 16, 1)


def test_without_a_model_the_command_says_so(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    result = installation.command("serve", "--port", "0", check=False)
    assert result.returncode == 78
    assert "scorehouse train" in result.stderr
    assert "Traceback" not in result.stderr
