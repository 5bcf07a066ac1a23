"""Writes the dbt properties that list the raw columns, the enforced contract first, from the dictionary.

dbt wants every column of a contract in YAML. Writing those files from the dictionary keeps one place that lists the
raw columns; a test fails when a file is behind. Run ``make contract`` after changing the dictionary.
"""

from __future__ import annotations

from typing import Any

import yaml

from models_ml.contract import PADDING, FeatureContract, read_contract
from models_ml.settings import Settings

HEADER = "# Written by `make contract` from seeds/data_dictionary.csv: change the dictionary, not this file.\n"

NOT_NULL = {"type": "not_null", "warn_unsupported": False}
"""dbt warns about constraints on any custom materialization; ours creates its table with them."""

FEATURES_DESCRIPTION = """\
One row per applicant with at least one credit product: the interface between the warehouse and the model.
Codes are shuffled intervals, so their order means nothing and only counts are taken: `pre_util[k + 1]` is the number
of the applicant's products with `pre_util = k`, the last element the number with a code the dictionary does not know.
Example: an applicant with three products, two of them with `is_zero_util = 1`, has `is_zero_util = [1, 2, 0]`.
Nothing is imputed: a raw row with a missing or impossible value is in `quarantined_credit_products`, not here.
"""


class _Dumper(yaml.SafeDumper):
    """Writes multi-line text as a block and indents lists as the rest of the project does."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal values out in full."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent list items below their key."""
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def features_model(contract: FeatureContract) -> dict[str, Any]:
    """The dbt properties of the model ``applicant_features``."""
    columns: list[dict[str, Any]] = [
        {
            "name": "id",
            "data_type": "bigint",
            "description": "Application number; a larger one means a later application.",
            "constraints": [NOT_NULL],
            "data_tests": ["unique", "not_null"],
        }
    ]
    columns += [
        {
            "name": scalar.name,
            "data_type": scalar.data_type,
            "description": f"{scalar.description}.",
            "constraints": [NOT_NULL],
        }
        for scalar in contract.scalars
    ]
    types = contract.data_types
    for column in contract.columns:
        columns.append(
            {
                "name": column.name,
                "data_type": types[column.name],
                "description": f"Products per code: {column.description}. Codes: {column.meaning}.",
                "constraints": [NOT_NULL],
            }
        )
    columns.append(
        {
            "name": "recent_products",
            "data_type": types["recent_products"],
            "description": (
                f"The latest {contract.n_recent} products, newest first, each as the "
                f"{len(contract.columns)} code positions in dictionary order; {PADDING} where "
                "the applicant has fewer products."
            ),
            "constraints": [NOT_NULL],
        }
    )
    columns.append(
        {
            "name": "features_hash",
            "data_type": "varchar",
            "description": (
                "Hash of this row's features under this contract, 32 hexadecimal digits; without "
                "the id. A change rescores the applicant. Not seen by the model."
            ),
            "constraints": [NOT_NULL],
        }
    )
    columns.append(
        {
            "name": "source_fingerprint",
            "data_type": "varchar",
            "description": (
                "Hash of the raw parts and of the dictionary this row was computed from; a "
                "change of either recomputes the row. Not seen by the model."
            ),
            "constraints": [NOT_NULL],
        }
    )
    return {
        "name": "applicant_features",
        "description": FEATURES_DESCRIPTION,
        "config": {"contract": {"enforced": True}},
        "columns": columns,
    }


def products_model(contract: FeatureContract) -> dict[str, Any]:
    """The dbt properties of the staging model of the raw products."""
    columns: list[dict[str, Any]] = [
        {"name": "id", "description": "Application number.", "data_tests": ["not_null"]},
        {
            "name": "rn",
            "description": "Position of the product in the history, 1 = opened first.",
        },
    ]
    columns += [
        {"name": column.name, "description": f"{column.description}. Codes: {column.meaning}."}
        for column in contract.columns
    ]
    columns.append({"name": "raw_part", "description": "File name of the part the row lies in."})
    return {
        "name": "stg_bureau__credit_products",
        "description": "One row per credit product that breaks no rule, codes in one byte each.",
        "columns": columns,
    }


def dbt_properties(contract: FeatureContract) -> dict[str, str]:
    """Text of every written file, by its path below the dbt models."""
    files = {
        "staging/bureau/_stg_bureau__credit_products.yml": products_model(contract),
        "marts/features/_applicant_features.yml": features_model(contract),
    }
    return {
        path: HEADER
        + yaml.dump({"version": 2, "models": [model]}, Dumper=_Dumper, sort_keys=False, width=120)
        for path, model in files.items()
    }


def write_dbt_properties(settings: Settings) -> None:
    """Write the files into the dbt project."""
    for path, text in dbt_properties(read_contract(settings.dictionary)).items():
        (settings.dbt_project / "models" / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_dbt_properties(Settings.from_environment())
