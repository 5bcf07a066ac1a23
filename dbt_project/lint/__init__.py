"""Stand-ins that let sqlfluff render the models without a warehouse: two columns instead of 59.

sqlfluff's jinja templater renders the same macros as dbt but cannot query the dictionary seed.
"""

from datetime import datetime

run_started_at = datetime(2026, 1, 1)

_VARS = {"n_recent_products": 15}


def bureau_columns():
    """Two columns of the dictionary, one with absent codes."""
    common = {"kind": "binned", "payment_month": None, "paid_code": None}
    return [
        {"name": "pre_util", "n_codes": 20, "absent_codes": [], **common},
        {"name": "pre_loans5", "n_codes": 17, "absent_codes": ["4", "12"], **common},
    ]


def var(name, default=None):
    """Value of a dbt var."""
    return _VARS.get(name, default)


def env_var(name, default=""):
    """Value of an environment variable: its default."""
    return default


def validated_share(name):
    """A share."""
    return 0.5


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


def payment_problem_percent(columns, months, weighted=False):
    """A percent."""
    return "cast(0 as utinyint)"


def doubtful_raw_parts():
    """No part is doubtful."""
    return []


def fingerprint(text):
    """A number made from a text."""
    return f"hash({text})"
