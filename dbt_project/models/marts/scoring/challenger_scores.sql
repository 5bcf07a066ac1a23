{{ config(
    materialized='applicant_batches' if target.type == 'duckdb' else 'table',
    work_list='int_challenges_due',
    version_columns=['features_hash', 'champion_version', 'challenger_version', 'decision_policy'],
    pre_hook="{{ check_work_list(ref('int_challenges_due'), ref('applicant_features'), challenge_versions()) }}",
) }}

with

features as (

    select * from {{ ref('applicant_features') }}

),

batch as (

    {{ batch_ids(ref('int_challenges_due')) | indent(4) }}

),

scored as (

    select
        id,
        features_hash,
        score_champion_and_challenger({{ model_features() }}) as scored
    from features
    where id in (select id from batch)

),

scores as (

    select
        id,
        {%- for role in ['champion', 'challenger'] %}
        scored.{{ role }}.pd as {{ role }}_pd,
        scored.{{ role }}.score as {{ role }}_score,
        scored.{{ role }}.risk_band as {{ role }}_risk_band,
        {{ decision('scored.' ~ role ~ '.pd') | indent(8) }} as {{ role }}_decision,
        {{ expected_loss('scored.' ~ role ~ '.pd') }} as {{ role }}_expected_loss,
        scored.{{ role }}.model_version as {{ role }}_version,
        {%- endfor %}
        {{ decision_policy() }} as decision_policy,
        features_hash,
        '{{ invocation_id }}' as run_id,
        {{ run_start() }} as scored_at
    from scored

)

select * from scores
