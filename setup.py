"""What pyproject.toml cannot say: two folders that are no packages here become packages of the wheel, without code."""

from setuptools import find_packages, setup

PROJECT = {
    "scorehouse_project.dbt_project": "dbt_project",
    "scorehouse_project.profiles": "profiles",
}

setup(packages=[*find_packages(include=["models_ml*", "udf*"]), *PROJECT], package_dir=PROJECT)
