"""F58, F71, F73: the product where it is installed: other folders, other users, other working directories."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numba
import pytest
import yaml
from dbt.config.renderer import ProfileRenderer
from dbt_common.context import set_invocation_context
from support.installation import Installation, real_products, write_part

from models_ml.errors import InputDataError, UsageError
from models_ml.features.contract import read_contract
from models_ml.settings import INSTALLED_PROJECT, PROJECT_ROOT, Settings
from models_ml.warehouse.dbt import run_dbt
from models_ml.warehouse.raw_files import check_raw
from udf.plugin import confine
from udf.spark.engine import schema_of

VARIABLES = ("SCOREHOUSE_RAW", "SCOREHOUSE_HOME", "SCOREHOUSE_MEMORY", "SCOREHOUSE_SPARK_SCHEMA")
DBT = (sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors")


@pytest.mark.fault("F58")
@pytest.mark.parametrize("variable", ["SCOREHOUSE_RAW", "SCOREHOUSE_HOME"])
@pytest.mark.parametrize(
    "name", ["~", "~/data", "~nobody/data", "$HOME/data", "s3://bucket/raw", " data", "data ", " "]
)
def test_a_folder_that_would_get_an_odd_name_is_refused(variable: str, name: str) -> None:
    with pytest.raises(UsageError, match=variable):
        Settings.from_environment({variable: name})


@pytest.mark.fault("F58")
def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for name in ("file", "circle", "x" * 300):
        with pytest.raises(UsageError, match="SCOREHOUSE_HOME"):
            Settings.from_environment({"SCOREHOUSE_HOME": str(tmp_path / name)})
    (tmp_path / "link").symlink_to(tmp_path)
    linked = Settings.from_environment({"SCOREHOUSE_HOME": str(tmp_path / "link")})
    assert linked.home == tmp_path.resolve()


@pytest.mark.fault("F58")
def test_an_empty_variable_counts_as_not_set_for_the_command() -> None:
    assert Settings.from_environment(dict.fromkeys(VARIABLES, "")) == Settings.from_environment({})
    assert schema_of(dict.fromkeys(VARIABLES, "")) == schema_of({})


@pytest.mark.fault("F58")
def test_an_empty_variable_counts_as_not_set_for_dbt(monkeypatch) -> None:
    profile = yaml.safe_load((PROJECT_ROOT / "profiles" / "profiles.yml").read_text())
    rendered = []
    for value in (None, ""):
        for variable in VARIABLES:
            if value is None:
                monkeypatch.delenv(variable, raising=False)
            else:
                monkeypatch.setenv(variable, value)
        set_invocation_context(os.environ)
        rendered.append(ProfileRenderer({}).render_data(profile))
    assert rendered[0] == rendered[1]
    sources = [
        path
        for folder in ("dbt_project", "profiles")
        for path in (PROJECT_ROOT / folder).rglob("*")
        if path.suffix in (".sql", ".yml") and "target" not in path.parts
    ]
    reads = [
        call
        for path in sources
        for call in re.findall(r"env_var\(.*", path.read_text(encoding="utf-8"))
    ]
    assert reads
    for call in reads:
        assert re.match(r"""env_var\(\\?['"]SCOREHOUSE_\w+\\?['"], \\?['"]\\?['"]\) or """, call)


@pytest.mark.fault("F58")
@pytest.mark.parametrize("memory", ["4GB", "4gb", "4 GB", "4096MB", "4G", "4GiB", "0.5GB", " 4GB "])
def test_a_size_of_memory_is_one_for_duckdb_too(memory: str) -> None:
    settings = Settings.from_environment({"SCOREHOUSE_MEMORY": memory})
    with duckdb.connect(config={"memory_limit": settings.memory}) as connection:
        limit = connection.execute("select current_setting('memory_limit')").fetchall()[0][0]
    assert limit in ("3.7 GiB", "3.8 GiB", "4.0 GiB", "476.8 MiB")


@pytest.mark.fault("F58")
@pytest.mark.parametrize(
    "memory",
    [
        "80%",
        "0",
        "-1",
        "-4GB",
        "none",
        "4",
        "1KB",
        "0GB",
        "lots",
        "4,5GB",
        "4GB'; drop table x; --",
    ],
)
def test_what_is_no_size_of_memory_is_refused(memory: str) -> None:
    with pytest.raises(UsageError, match="SCOREHOUSE_MEMORY"):
        Settings.from_environment({"SCOREHOUSE_MEMORY": memory})


@pytest.mark.fault("F58")
@pytest.mark.parametrize("schema", ["a.b", "a; drop table x", "1a", "ä"])
def test_a_schema_that_is_no_name_is_refused(schema: str) -> None:
    with pytest.raises(UsageError, match="SCOREHOUSE_SPARK_SCHEMA"):
        schema_of({"SCOREHOUSE_SPARK_SCHEMA": schema})


@pytest.fixture
def linked_raw(tmp_path: Path) -> Path:
    """A raw folder whose files are links to a delivery elsewhere."""
    delivery, raw = tmp_path / "delivery", tmp_path / "raw"
    delivery.mkdir()
    raw.mkdir()
    write_part(real_products(), delivery / "part")
    (delivery / "outcomes").write_text("id,flag\n0,0\n1,1\n")
    (raw / "train_data_1.pq").symlink_to("../delivery/part")
    (raw / "train_target.csv").symlink_to(delivery / "outcomes")
    return raw


@pytest.mark.fault("F58")
def test_raw_files_may_be_links(linked_raw: Path, tmp_path: Path) -> None:
    settings = Settings(linked_raw, tmp_path / "home")
    assert check_raw(linked_raw, read_contract(settings.dictionary)).n_products == 254
    run_dbt(settings, ("seed",))
    run_dbt(settings, ("run", "--select", "raw_parts"))
    with duckdb.connect(str(settings.warehouse.path), read_only=True) as connection:
        assert connection.sql("select sum(n_rows) from raw_parts").fetchall() == [(254,)]


@pytest.mark.fault("F58", "F49")
def test_only_links_that_are_raw_files_lead_out_of_the_folders(linked_raw: Path) -> None:
    (linked_raw / "other").symlink_to(linked_raw.parent / "delivery" / "outcomes")
    inside = [str(linked_raw)]
    with duckdb.connect(str(linked_raw / "w.duckdb")) as connection:
        confine(connection, inside, [str(linked_raw / "train_target.csv")])
        assert len(connection.sql(f"from '{linked_raw}/train_target.csv'").fetchall()) == 2
        with pytest.raises(duckdb.PermissionException):
            connection.sql(f"from read_text('{linked_raw}/train_data_1.pq')").fetchall()


@pytest.mark.fault("F58")
@pytest.mark.parametrize("name", ["train_data_1.pq", "train_target.csv", "train_data_2.parquet"])
def test_a_link_that_leads_nowhere_is_named(linked_raw: Path, name: str) -> None:
    (linked_raw / name).unlink(missing_ok=True)
    (linked_raw / name).symlink_to("gone")
    contract = read_contract(Settings(linked_raw, linked_raw).dictionary)
    with pytest.raises(InputDataError, match=f"{name} .* link to gone"):
        check_raw(linked_raw, contract)


SAME_CACHE = """
import numba
before = numba.config.CACHE_DIR
import models_ml.scoring.scorer
assert numba.config.CACHE_DIR == before, (before, numba.config.CACHE_DIR)
from models_ml.scoring.kernels.compile import CACHE_FOLDER
print(CACHE_FOLDER)
"""


@pytest.mark.fault("F71")
@pytest.mark.parametrize("variable", ["NUMBA_CACHE_DIR", "XDG_CACHE_HOME"])
def test_importing_our_kernels_leaves_a_host_program_its_cache_folder(
    tmp_path: Path, variable: str
) -> None:
    result = run([sys.executable, "-c", SAME_CACHE], tmp_path, {variable: str(tmp_path / "cache")})
    assert result.stdout.startswith(f"{tmp_path}/cache/")
    result = run([sys.executable, "-c", SAME_CACHE], tmp_path, {variable: "~/cache"})
    assert "~" not in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache"]


def run(
    command: Sequence[str], folder: Path, environment: dict[str, str], check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a command with our code and nothing of this environment but the given variables."""
    needed = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT_ROOT), "HOME": str(Path.home())}
    return subprocess.run(
        command,
        cwd=folder,
        env={**needed, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=check,
    )


NOBODY = 23456
"""A user id that no system knows."""


def as_nobody(arguments: Sequence[str], folder: Path, environment: dict[str, str]) -> str:
    """Standard output of our command for a user without name, home and write access, as containers have it."""
    python = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    if os.getuid() != 0 or shutil.which("setpriv") is None or not Path(python).exists():
        pytest.skip(f"needs root, setpriv and {python}, which every user may run")
    packages = Path(numba.__file__).parents[1]
    setpriv = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    needed = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{PROJECT_ROOT}:{packages}"}
    probe = [*setpriv, python, "-c", "import models_ml, numba"]
    if subprocess.run(probe, cwd="/", env=needed, capture_output=True, check=False).returncode:
        pytest.skip("the checkout or the packages lie where other users cannot read")
    result = subprocess.run(
        [*setpriv, python, *arguments],
        cwd=folder,
        env={**needed, **environment, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def nobodys_home(finished_run: Installation):
    """A copy of an installation in a folder that everyone may enter, owned by `NOBODY`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        home = folder / "home"
        shutil.copytree(finished_run.home, home, symlinks=True)
        raw = folder / "raw"
        raw.mkdir()
        for path in (home, raw, *home.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        yield {"SCOREHOUSE_HOME": str(home), "SCOREHOUSE_RAW": str(raw)}
        assert sorted(path.name for path in folder.iterdir()) == ["home", "raw"]


UNREADABLE = """
import os
from models_ml.errors import UsageError
from models_ml.settings import Settings
for variable in ("SCOREHOUSE_RAW", "SCOREHOUSE_HOME"):
    try:
        Settings.from_environment({variable: os.environ["FOLDER"]})
    except UsageError as error:
        print(error)
"""


@pytest.mark.fault("F58")
def test_a_folder_that_cannot_be_read_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:  # of root, for root alone
        refused = as_nobody(["-c", UNREADABLE], Path("/"), {"FOLDER": folder})
        assert refused.count("cannot be read") == 2


KERNEL = """
import numpy as np, numba
from models_ml.scoring.kernels.compile import CACHE_FOLDER, kernel
assert CACHE_FOLDER is None, CACHE_FOLDER
assert kernel(lambda x: x + 1)(1) == 2
"""


@pytest.mark.fault("F71")
@pytest.mark.parametrize("home", [{}, {"HOME": "/"}, {"HOME": "/nonexistent"}], ids=str)
def test_a_user_without_name_and_home(home: dict[str, str], nobodys_home: dict[str, str]) -> None:
    folder = Path(nobodys_home["SCOREHOUSE_HOME"]).parent
    as_nobody(["-c", KERNEL], folder, home)
    status = as_nobody(["-m", "models_ml.cli", "status"], folder, {**home, **nobodys_home})
    assert "model      pd-" in status


@pytest.mark.fault("F71")
@pytest.mark.faults
def test_a_user_without_name_and_home_scores_and_trains(nobodys_home: dict[str, str]) -> None:
    folder = Path(nobodys_home["SCOREHOUSE_HOME"]).parent
    rows = str(PROJECT_ROOT / "models_ml" / "facts" / "real_rows.csv")
    scoring = ["score", "--input", rows, "--format", "csv"]
    scores = as_nobody(["-m", "models_ml.cli", *scoring], folder, nobodys_home)
    assert len(scores.splitlines()) > 20
    training = ["train", "--sample", "9000"]
    assert "AUC" in as_nobody(["-m", "models_ml.cli", *training], folder, nobodys_home)


@pytest.mark.fault("F73")
def test_which_project_is_used(tmp_path: Path, monkeypatch) -> None:
    """The named one, else the one in the working directory, else the one of this code."""
    lender = tmp_path / "lender"
    for name in ("dbt_project", "profiles"):
        (lender / name).mkdir(parents=True)
    (lender / "profiles" / "profiles.yml").write_text("")
    (lender / "below").mkdir()
    project = lender / "dbt_project" / "dbt_project.yml"
    project.write_text("name: scorehouse\n")
    for here, used in ((lender, lender), (project.parent, lender), (lender / "below", None)):
        monkeypatch.chdir(here)
        assert Settings.from_environment({}).project == (used or INSTALLED_PROJECT)
    named = Settings.from_environment({"SCOREHOUSE_PROJECT": str(lender)})
    assert named.environment()["SCOREHOUSE_PROJECT"] == str(lender)
    monkeypatch.chdir(lender)
    project.write_text("name: another\n")
    assert Settings.from_environment({}).project == INSTALLED_PROJECT
    with pytest.raises(UsageError, match="SCOREHOUSE_PROJECT: expected a folder with"):
        Settings.from_environment({"SCOREHOUSE_PROJECT": str(lender)})


@pytest.mark.fault("F73")
def test_the_project_is_called_from_elsewhere(tmp_path: Path) -> None:
    """With relative paths, from its own folder, and without the folders: a result or one sentence."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    project = os.path.relpath(PROJECT_ROOT / "dbt_project", elsewhere)
    profiles = os.path.relpath(PROJECT_ROOT / "profiles", elsewhere)
    kept = ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "target")]
    where = ["--project-dir", project, "--profiles-dir", profiles, *kept]
    refused = run([*DBT, "seed", *where], elsewhere, {}, check=False)
    assert refused.returncode != 0
    assert f"The folder of the warehouse, {elsewhere}/data, does not exist" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr
    assert list(elsewhere.iterdir()) == []
    (elsewhere / "data").mkdir()
    run([*DBT, "seed", *where], elsewhere, {})
    assert (elsewhere / "data" / "warehouse.duckdb").is_file()
    parsed = run([*DBT, "parse", *kept], PROJECT_ROOT / "dbt_project", {"HOME": str(tmp_path)})
    assert "rror" not in parsed.stdout
    wrong = run([*DBT, "seed", *where], elsewhere, {"SCOREHOUSE_HOME": "~/data"}, check=False)
    assert "SCOREHOUSE_HOME: expected a path, found '~/data'" in wrong.stdout
    assert "Traceback" not in wrong.stdout + wrong.stderr


@pytest.mark.fault("F73")
def test_dbt_without_a_model_says_so_in_one_sentence(
    finished_run: Installation, tmp_path: Path
) -> None:
    shutil.copy(finished_run.settings.warehouse.path, tmp_path)
    folders = {"SCOREHOUSE_RAW": str(finished_run.raw), "SCOREHOUSE_HOME": str(tmp_path)}
    where = ["--project-dir", "dbt_project", "--profiles-dir", "profiles"]
    kept = ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "target")]
    command = [*DBT, "run", "--select", "int_scores_due", *where, *kept]
    result = run(command, PROJECT_ROOT, folders, check=False)
    assert result.returncode != 0
    assert f"No trained model in {tmp_path}/artifacts" in result.stdout
    assert "Traceback" not in result.stdout
    assert "\nAt:" not in result.stdout
