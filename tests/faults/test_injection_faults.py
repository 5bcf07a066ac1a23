"""F46: SQL in vars, options, environment variables and file names is refused or only a name; nothing is executed."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest
from support.installation import Installation, real_products, write_part

from models_ml.errors import BuildError, InputDataError, UsageError
from models_ml.features.contract import read_contract
from models_ml.settings import PROJECT_ROOT, Settings
from models_ml.warehouse.dbt import run_dbt
from models_ml.warehouse.raw_files import check_raw

ATTACK = "1); drop table applicant_scores; --"
VAR = re.compile(r"\bvar\(")


def state(installation: Installation) -> dict[str, str]:
    """Hash of every file that a command could have changed."""
    ours = [installation.settings.warehouse.path, *installation.settings.artifacts.rglob("*")]
    ours += list(installation.settings.published.rglob("*"))
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in ours if path.is_file()
    }


@pytest.mark.fault("F46")
@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("n_recent_products", "applicant_features"),
        pytest.param("batch_applicants", "applicant_features", marks=pytest.mark.faults),
    ],
)
def test_sql_in_a_whole_number_is_refused(
    finished_run: Installation, name: str, model: str
) -> None:
    before = state(finished_run)
    with pytest.raises(BuildError, match=f"{name}: expected a number"):
        run_dbt(
            finished_run.settings, ("run", "--select", model, "--vars", f'{{{name}: "{ATTACK}"}}')
        )
    assert state(finished_run) == before


@pytest.mark.fault("F46")
def test_every_var_is_checked_on_its_way_to_sql(record_property) -> None:
    """One macro reads numbers from the vars and refuses everything else."""
    sources = [
        *(PROJECT_ROOT / "dbt_project" / "macros").rglob("*.sql"),
        *(PROJECT_ROOT / "dbt_project" / "models").rglob("*"),
        *(PROJECT_ROOT / "dbt_project" / "tests").rglob("*.sql"),
    ]
    readers = [
        path.name for path in sources if path.is_file() and VAR.search(path.read_text("utf-8"))
    ]
    assert len(sources) > 50
    assert readers == ["validated_number.sql"]
    record_property("trials", len(sources))


COMMANDS = (
    ("models", "show", ATTACK),
    ("models", "verify", "../../etc"),
    ("models", "promote", f"' or {ATTACK}"),
    ("models", "challenge", ATTACK),
    ("report", "--id", ATTACK),
    ("replay", "--id", ATTACK),
    ("replay", "--id", "1", "--at", f"2026-01-01'{ATTACK}"),
    ("publish", "--to", f"postgres'{ATTACK}"),
    ("run", "--target", ATTACK),
    ("score", f"'{ATTACK}.csv", "--format", "csv"),
    ("sql", "drop table applicant_scores"),
    ("sql", "select 1; copy (select 1) to 'here.csv'"),
    ("sql", "attach 'warehouse.duckdb' as w; drop table w.applicant_scores"),
)


@pytest.mark.fault("F46")
def test_sql_in_an_option_is_refused(finished_run: Installation, record_property) -> None:
    before = state(finished_run)
    for arguments in COMMANDS:
        result = finished_run.command(*arguments, check=False)
        assert result.returncode in (2, 64, 66, 78), (arguments, result.stderr)
        assert "Traceback" not in result.stderr
    assert state(finished_run) == before
    record_property("trials", len(COMMANDS))


@pytest.mark.fault("F46")
@pytest.mark.parametrize("variable", ["SCOREHOUSE_RAW", "SCOREHOUSE_HOME"])
@pytest.mark.parametrize("character", list("'\"`\\*?[]{}\n"))
def test_a_folder_that_sql_would_misread_is_refused(variable: str, character: str) -> None:
    with pytest.raises(UsageError, match=variable):
        Settings.from_environment({variable: f"data{character}); drop table x; --"})


@pytest.mark.fault("F46")
def test_a_part_whose_name_is_sql_is_refused(tmp_path: Path) -> None:
    contract = read_contract(Settings(tmp_path, tmp_path).dictionary)
    write_part(real_products(), tmp_path / "train_data_'); drop table x; --.pq")
    with pytest.raises(InputDataError, match="rename it"):
        check_raw(tmp_path, contract)


@pytest.mark.fault("F46")
@pytest.mark.faults
def test_names_with_spaces_and_letters_of_any_language_work(
    finished_run: Installation, tmp_path: Path
) -> None:
    """Refusing must not go further than what would be misread."""
    home = tmp_path / "Zoë & co (2026), 100 %"
    shutil.copytree(finished_run.home, home)
    moved = Installation(finished_run.raw, home)
    run_dbt(moved.settings, ("run", "--select", "applicant_features", "applicant_scores"))
    assert moved.query("from applicant_scores").equals(finished_run.query("from applicant_scores"))
