{%- set figures = ['auc', 'gini', 'ks', 'pr_auc', 'log_loss', 'brier', 'ece'] -%}

with

models as (

    select * from {{ ref('stg_artifacts__models') }}

),

-- From the rows: a promotion that came while they were scored does not name another model.
scoring as (

    select version from {{ ref('int_scoring_model') }}

),

promotions as (

    select * from {{ ref('stg_artifacts__promotions') }}

),

latest as (

    select
        version,
        count(*) as n_promotions,
        min(happened_at) as first_promoted_at,
        max(happened_at) as last_promoted_at,
        arg_max(action, event_number) as last_action,
        arg_max(reason, event_number) as last_reason,
        arg_max(gates_passed_over, event_number) as gates_passed_over
    from promotions
    where made_champion
    group by version

),

registry as (

    select
        models.version as model_version,
        models.version in (select version from scoring) as is_champion,
        cast(models.manifest ->> 'created_at' as timestamptz) at time zone 'UTC' as created_at,
        coalesce(latest.n_promotions, 0) as n_promotions,
        latest.first_promoted_at,
        latest.last_promoted_at,
        latest.last_action,
        latest.last_reason,
        latest.gates_passed_over,
        cast(models.manifest ->> '$.metrics.out_of_time.n_applicants' as bigint) as n_out_of_time,
        cast(models.manifest ->> '$.metrics.out_of_time.default_rate' as double) as out_of_time_default_rate,
        {%- for figure in figures %}
        cast(models.manifest ->> '$.metrics.out_of_time.{{ figure }}.value' as double) as {{ figure }},
        cast(models.manifest ->> '$.metrics.out_of_time.{{ figure }}.low' as double) as {{ figure }}_low,
        cast(models.manifest ->> '$.metrics.out_of_time.{{ figure }}.high' as double) as {{ figure }}_high,
        {%- endfor %}
        cast(models.manifest ->> '$.data.slices.train.applicants' as bigint) as n_train,
        cast(models.manifest ->> '$.data.slices.calibration.last_id' as bigint) as last_seen_id,
        cast(models.manifest ->> 'seed' as bigint) as seed,
        models.manifest ->> 'contract_sha256' as contract_sha256,
        models.manifest ->> 'data_sha256' as data_sha256,
        models.manifest ->> 'git_commit' as git_commit,
        cast(models.manifest -> 'libraries' as varchar) as libraries,
        models.is_as_trained
    from models
    left join latest
        on models.version = latest.version

)

select * from registry
order by created_at desc, model_version asc
