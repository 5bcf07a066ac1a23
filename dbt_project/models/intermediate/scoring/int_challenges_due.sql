with

int_scores_due as (

    select * from {{ ref('int_scores_due') }}

),

compared as (

    select
        id,
        features_hash,
        model_version as champion_version,
        {{ challenger_version() }} as challenger_version,
        decision_policy
    from int_scores_due

),

due as (

    select * from compared
    where challenger_version is not null

)

select * from due
