{{ config(
    materialized='applicant_batches' if target.type == 'duckdb' else 'incremental',
    work_list='int_scores_due',
    version_columns=['features_hash', 'model_version', 'decision_policy'],
    append_only=true,
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    full_refresh=false,
    pre_hook="{{ check_work_list(ref('int_scores_due'), ref('applicant_features'), score_versions()) }}",
) }}

with

features as (

    select * from {{ ref('applicant_features') }}

),

batch as (

    {{ batch_ids(ref('int_scores_due')) | indent(4) }}

),

scored as (

    select
        id,
        features_hash,
        score_applicant({{ model_features() }}) as scored
    from features
    where id in (select id from batch)

),

scores as (

    select
        id,
        {{ score_columns('scored', 'features_hash') | indent(4) }}
    from scored

)

select * from scores
