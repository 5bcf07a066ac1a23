{{ config(materialized='view') }}

with

challenger_scores as (

    select * from {{ ref('challenger_scores') }}

),

swaps as (

    select
        id,
        champion_decision,
        challenger_decision,
        case
            when challenger_decision = 'approve' then 'in'
            when champion_decision = 'approve' then 'out'
            else 'other'
        end as swap,
        champion_pd,
        challenger_pd,
        challenger_expected_loss - champion_expected_loss as expected_loss_change,
        champion_version,
        challenger_version
    from challenger_scores
    where champion_decision <> challenger_decision

)

select * from swaps
