"""What is published: the tables in the serving file and in PostgreSQL alike.

No raw feature of an applicant and no single outcome is among them. The exposure ``published_scores`` of the dbt project
names the same models; a test compares the two. An engine publishes those that it has.
"""

from __future__ import annotations

APPLICANT_TABLES = {
    "applicant_scores": "select * from applicant_scores order by id",
    # What a score was and when; reasons of old scores stay in the warehouse.
    "applicant_scores_history": (
        "select id, scored_at, pd, score, risk_band, decision, expected_loss, model_version, "
        "decision_policy, approve_below_pd, decline_from_pd, loss_given_default, exposure_at_default, run_id "
        "from applicant_scores_history order by id, scored_at"
    ),
}
"""Tables that grow with the applicants, and the query on the warehouse that fills each."""

PUBLISHED_TABLES: dict[str, str] = {
    **APPLICANT_TABLES,
    **{
        table: f"select * from {table}"  # noqa: S608  names from this list
        for table in (
            "score_swap_set",
            "score_stability",
            "score_distribution",
            "feature_stability",
            "model_performance",
            "calibration_by_band",
            "gains_by_decile",
            "cutoff_table",
            "vintage_performance",
            "unseen_codes",
            "model_registry",
            "run_log",
            "code_marginals",
            "code_default_rates",
            "column_information_values",
            "products_per_applicant",
            "reason_codes",
            "data_dictionary",
        )
    },
}
"""Every published table, and the query on the warehouse that fills it; the one list of them."""

REASONS_VIEW = "applicant_reasons"
REASONS_QUERY = """
select
    scores.id,
    ranks.reason_rank,
    reason_codes.code as reason_code,
    reason_codes.business_group,
    reason_codes.text as reason,
    reason_codes.adverse_action_text,
    scores.contributions[cast(substr(reason_codes.code, 2) as integer)] as contribution
from applicant_scores as scores
cross join (values (1), (2), (3), (4)) as ranks (reason_rank)
inner join reason_codes on reason_codes.code = scores.reason_codes[ranks.reason_rank]
"""
"""Reasons in words, one row per applicant and reason, most important first: a view, because its rows add nothing to
the scores. DuckDB and PostgreSQL both run this query."""
