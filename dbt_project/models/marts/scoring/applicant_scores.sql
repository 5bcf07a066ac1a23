with

features as (

    select * from {{ ref('applicant_features') }}

),

scored as (

    select
        id,
        score_applicant({{ model_features() }}) as scored
    from features

),

scores as (

    select
        id,
        scored.pd as pd,
        scored.score as score,
        scored.risk_band as risk_band,
        scored.reason_codes as reason_codes,
        scored.contributions as contributions,
        scored.thin_file as thin_file,
        scored.unseen_code_count as unseen_code_count,
        scored.model_version as model_version,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp) as scored_at
    from scored

)

select * from scores
