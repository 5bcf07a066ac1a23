with

features as (

    select * from {{ ref('applicant_features') }}

),

due as (

    select
        id,
        features_hash,
        {{ champion_version() }} as model_version,
        {{ decision_policy() }} as decision_policy
    from features

)

select * from due
