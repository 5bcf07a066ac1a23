"""Stand-ins that let sqlfluff render the models without a warehouse: two columns instead of 59.

sqlfluff's jinja templater renders the same macros as dbt but cannot query the dictionary seed.
"""

from datetime import datetime
from types import SimpleNamespace

run_started_at = datetime(2026, 1, 1)
invocation_id = "run"

_VARS = {"n_recent_products": 15}


def bureau_columns():
    """Two columns of the dictionary, one with absent codes."""
    common = {"kind": "binned", "role": "-", "payment_month": None, "paid_code": None}
    return [
        {"name": "pre_util", "n_codes": 20, "absent_codes": [], **common},
        {"name": "pre_loans5", "n_codes": 17, "absent_codes": ["4", "12"], **common},
    ]


def column_of_role(columns, role):
    """A column."""
    return columns[0]["name"]


def var(name, default=None):
    """Value of a dbt var."""
    return _VARS.get(name, default)


def env_var(name, default=""):
    """Value of an environment variable: its default."""
    return default


def validated_share(name):
    """A share."""
    return 0.5


target = SimpleNamespace(type="duckdb")


def number_or_null(expression):
    """A number from a text."""
    return f"try_cast({expression} as bigint)"


def type_byte():
    """The type of a byte."""
    return "utinyint"


def type_text():
    """The type of a text."""
    return "varchar"


def raw_part_value_ranges(names):
    """Five columns."""
    return (
        "(select 'a' as raw_part, 'id' as column_name, 0 as smallest, 1 as largest, 0 as n_nulls)"
    )


def type_blob():
    """The type of bytes."""
    return "blob"


def byte_or_null(expression):
    """A byte."""
    return f"try_cast({expression} as utinyint)"


def count_of_code(counts, code):
    """An element."""
    return f"{counts}[{code + 1}]"


def joined_arrays(arrays):
    """A list."""
    return f"flatten([{', '.join(arrays)}])"


def positions_and_counts(counts, n_positions):
    """Two columns."""
    return f"unnest(range({n_positions})) as position, unnest({counts}) as n_products"


def joined_in_order(expression, order_by):
    """A text."""
    return f"string_agg({expression}, ',' order by {order_by})"


def single_bit(position):
    """A bit."""
    return f"1 << {position}"


def md5_text(expression):
    """A hash."""
    return f"md5({expression})"


def raw_part_names():
    """One part."""
    return ["a"]


def raw_part_files(names):
    """Three columns."""
    return "(select 'a' as raw_part, 1 as n_bytes, 'b' as content_sha256)"


def raw_part_row_counts(names):
    """Two columns."""
    return "(select 'a' as raw_part, 1 as n_rows)"


def raw_products(columns):
    """Two code columns."""
    return "select 1 as id, 1 as rn, 1 as pre_util, 1 as pre_loans5, 'a' as raw_part"


def bigint_or_null(expression):
    """A number of 64 bits."""
    return f"try_cast({expression} as bigint)"


def latest_products(columns):
    """A list."""
    return "list(rn)"


def padded_products(products, columns):
    """An array."""
    return f"flatten({products})"


def model_features():
    """The struct of features."""
    return "features"


def batch_ids(work_list):
    """The default implementation of the macro."""
    return f"select id from {work_list}"


def quarantine_reason(columns):
    """One rule."""
    return "case when id is null then 'id: missing' end"


def packed_code_counts(column):
    """One packed counter."""
    return f"sum({column['name']}) as {column['name']}__0"


def unpacked_code_counts(column):
    """One array."""
    return f"[{column['name']}__0]"


def is_live():
    """As for the warehouse."""
    return False


def payment_months(columns, n_months, recorded=False):
    """A list."""
    return "[enc_paym_0[1]]"


def payment_problem_percent(months, n_months, weighted=False):
    """A percent."""
    return "cast(0 as utinyint)"


def validated_number(name, minimum, maximum=None):
    """A number."""
    return 1


def default_rate_low(n_defaulted, n_applicants, level=0.95):
    """A bound."""
    return f"{n_defaulted} / {n_applicants}"


def default_rate_high(n_defaulted, n_applicants, level=0.95):
    """A bound."""
    return f"{n_defaulted} / {n_applicants}"


def stability_term(expected_share, n_expected, n_bin, n_actual):
    """What one bin adds."""
    return f"({expected_share} - {n_bin} / {n_actual})"


def critical_stability(n_expected, n_actual, n_bins):
    """A number."""
    return f"1 / {n_expected} + 1 / {n_actual} + {n_bins}"


def stability_status(index, critical_value):
    """A word."""
    return f"case when {index} > {critical_value} then 'large shift' end"


def features_hash(features):
    """A hash."""
    return f"md5({features})"


def score_columns(scored, features_hash):
    """The first of the columns."""
    return f"{scored}.pd as pd"


def n_recent_products():
    """Products kept per applicant."""
    return var("n_recent_products")


def champion_version():
    """A version."""
    return "'pd-0'"


def challenger_version():
    """A version."""
    return "'pd-1'"


def decision_policy():
    """A policy."""
    return "'policy'"


def doubtful_raw_parts():
    """No part is doubtful."""
    return []


def fingerprint(text):
    """A number made from a text."""
    return f"hash({text})"


def decision(pd):
    """A decision."""
    return "'approve'"


def expected_loss(pd):
    """A loss."""
    return pd


def run_start():
    """A time."""
    return "cast('2026-01-01' as timestamp)"


def fingerprint_text(number):
    """A number as text."""
    return f"cast({number} as varchar)"
