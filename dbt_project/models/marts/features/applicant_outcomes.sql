{%- set train_end = validated_share('train_share') %}
{#- Rounded, because 0.4 + 0.2 is a little more than 0.6 and would move the applicant at the border. #}
{%- set early_stopping_end = (train_end + validated_share('early_stopping_share')) | round(6) %}
{%- set calibration_end = (early_stopping_end + validated_share('calibration_share')) | round(6) %}

with

outcomes as (

    select * from {{ ref('stg_bureau__outcomes') }}

),

ordered as (

    select
        id,
        defaulted,
        -- id grows with the application date, so its rank is the application order.
        (row_number() over (order by id) - 1) / count(*) over () as application_order
    from outcomes

),

split as (

    select
        id,
        defaulted,
        cast(floor(application_order * 20) + 1 as {{ type_byte() }}) as application_slice,
        case
            when application_order < {{ train_end }} then 'train'
            when application_order < {{ early_stopping_end }} then 'early_stopping'
            when application_order < {{ calibration_end }} then 'calibration'
            else 'out_of_time'
        end as split
    from ordered

)

select * from split
