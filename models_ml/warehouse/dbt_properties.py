"""Generates the dbt properties that list the raw columns, above all the enforced contract, from the dictionary.

dbt needs every column of a contract in YAML. Generating those files keeps the dictionary the one place that lists the
raw columns; a test fails when a file is out of date. Run ``make contract`` after changing the dictionary.
"""

from __future__ import annotations

from typing import Any

import yaml

from models_ml.features.contract import PADDING, FeatureContract, read_contract
from models_ml.runtime.files import write_file
from models_ml.settings import Settings

HEADER = "# Written by `make contract` from seeds/data_dictionary.csv: change the dictionary, not this file.\n"

NOT_NULL = {"type": "not_null", "warn_unsupported": False}
"""Without this, dbt warns about constraints on any custom materialization; ours does create them."""

FOLDERS = {
    "base_bureau__credit_products": "staging/bureau",
    "stg_bureau__credit_products": "staging/bureau",
    "int_product_code_positions": "intermediate/features",
    "int_applicant_products": "intermediate/features",
    "applicant_features": "marts/features",
}
"""Folder of each model with a generated file, below the dbt models."""

PRODUCTS_PER_CODE = "Products per code: {0.description}. Codes: {0.meaning}."

FEATURES_DESCRIPTION = """\
One row per applicant with at least one credit product: the interface between the warehouse and the model.
Codes are shuffled intervals: their order means nothing, so they are only counted: `pre_util[k + 1]` is the number
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
    types = contract.data_types
    number = _required(
        "id", "bigint", "Application number; a larger one means a later application."
    )
    return {
        "name": "applicant_features",
        "description": FEATURES_DESCRIPTION,
        "config": {"contract": {"enforced": True}},
        "columns": [
            {**number, "data_tests": ["unique", "not_null"]},
            *(_required(s.name, s.data_type, f"{s.description}.") for s in contract.scalars),
            *(
                _required(column["name"], types[column["name"]], column["description"])
                for column in _codes(contract, PRODUCTS_PER_CODE)
            ),
            _required(
                "recent_products",
                types["recent_products"],
                f"The latest {contract.n_recent} products, newest first, each as the {len(contract.columns)} code "
                f"positions in dictionary order; {PADDING} where the applicant has fewer products.",
            ),
            _required(
                "features_hash",
                "varchar",
                "Hash of this row's features under this contract, 32 hexadecimal digits; without "
                "the id. A change rescores the applicant. Not seen by the model.",
            ),
            _required(
                "source_fingerprint",
                "varchar",
                "Hash of the raw parts and of the dictionary that this row was computed from; when "
                "either changes, the row is recomputed. Not seen by the model.",
            ),
        ],
    }


def wide_models(contract: FeatureContract) -> list[dict[str, Any]]:
    """The dbt properties of the models between the raw products and the features, each with all raw columns."""
    number = _column("id", "Application number.")
    place = _column("rn", "Position of the product in the history, 1 = opened first.")
    part = _column("raw_part", "File name of the part that contains the row.")
    return [
        {
            "name": "base_bureau__credit_products",
            "description": (
                "Raw product rows in narrow types, with the name of their part and whether they comply with all rules. "
                "Only the staging models read it."
            ),
            "columns": [
                number,
                place,
                *_codes(contract, "{0.description}; null when missing or not within 0 to 255."),
                part,
                _column(
                    "is_usable",
                    "True when id, rn and every code are present and within their ranges.",
                ),
            ],
        },
        {
            "name": "stg_bureau__credit_products",
            "description": "One row per credit product that breaks no rule, codes in one byte each.",
            "columns": [
                {**number, "data_tests": ["not_null"]},
                place,
                *_codes(contract, "{0.description}. Codes: {0.meaning}."),
                part,
            ],
        },
        {
            "name": "int_product_code_positions",
            "description": (
                "Product rows of the applicants in the current batch, each code replaced by its position in the count "
                "arrays: the code itself, or the last position for a code that the dictionary does not know."
            ),
            "columns": [
                number,
                *_codes(contract, "Position of the code, 0 to {0.n_codes}: {0.description}."),
                place,
            ],
        },
        {
            "name": "int_applicant_products",
            "description": (
                "One row per applicant: per raw column the number of products with each code, and the codes of the "
                "latest products, newest first, padded to a fixed size."
            ),
            "columns": [
                number,
                _column("n_products", "Products of the applicant."),
                *_codes(contract, PRODUCTS_PER_CODE),
                _column("recent_products", "See applicant_features."),
            ],
        },
    ]


def _column(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "description": description}


def _required(name: str, data_type: str, description: str) -> dict[str, Any]:
    """A column of an enforced contract."""
    return {
        "name": name,
        "data_type": data_type,
        "description": description,
        "constraints": [NOT_NULL],
    }


def _codes(contract: FeatureContract, description: str) -> list[dict[str, Any]]:
    """Every raw column with a description made from the dictionary; ``{0}`` in it stands for the `RawColumn`."""
    return [_column(column.name, description.format(column)) for column in contract.columns]


def dbt_properties(contract: FeatureContract) -> dict[str, str]:
    """Text of every generated file, by its path below the dbt models."""
    models = [features_model(contract), *wide_models(contract)]
    return {
        f"{FOLDERS[model['name']]}/_{model['name']}.yml": HEADER
        + yaml.dump({"version": 2, "models": [model]}, Dumper=_Dumper, sort_keys=False, width=120)
        for model in models
    }


def write_dbt_properties(settings: Settings) -> None:
    """Write the files into the dbt project."""
    for path, text in dbt_properties(read_contract(settings.dictionary)).items():
        write_file(settings.dbt_project / "models" / path, text.encode())


if __name__ == "__main__":
    write_dbt_properties(Settings.from_environment())
