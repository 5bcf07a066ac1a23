{{ config(
    materialized='applicant_batches' if target.type == 'duckdb' else 'table',
    work_list='int_scores_due',
    version_columns=['features_hash', 'model_version', 'decision_policy'],
    pre_hook=[
        "{{ check_work_list(ref('int_scores_due'), ref('applicant_features'), score_versions()) }}",
        "{{ check_all_scored(ref('int_scores_due'), ref('applicant_scores_history')) }}",
    ],
) }}

with

due as (

    select * from {{ ref('int_scores_due') }}

),

batch as (

    {{ batch_ids(ref('int_scores_due')) | indent(4) }}

),

history as (

    select * from {{ ref('applicant_scores_history') }}

),

scores as (

    select history.*
    from history
    inner join due
        on
            history.id = due.id
            and history.features_hash = due.features_hash
            and history.model_version = due.model_version
            and history.decision_policy = due.decision_policy
    where history.id in (select id from batch)

)

select * from scores
