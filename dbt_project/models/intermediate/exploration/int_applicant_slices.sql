with

features as (

    select id from {{ ref('applicant_features') }}

),

sources as (

    select * from {{ ref('int_applicant_sources') }}

),

outcomes as (

    select * from {{ ref('applicant_outcomes') }}

),

ordered as (

    select
        id,
        -- id grows with the application date, so its rank is the application order.
        (row_number() over (order by id) - 1) / count(*) over () as application_order
    from features

),

sliced as (

    select
        ordered.id,
        cast(floor(ordered.application_order * 20) + 1 as integer) as time_slice,
        sources.raw_part,
        outcomes.defaulted
    from ordered
    inner join sources
        on ordered.id = sources.id
    left join outcomes
        on ordered.id = outcomes.id

)

select * from sliced
