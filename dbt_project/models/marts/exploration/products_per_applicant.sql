with

features as (

    select
        id,
        n_products
    from {{ ref('applicant_features') }}

),

slices as (

    select * from {{ ref('int_applicant_slices') }}

),

counted as (

    select
        slices.time_slice,
        cast(features.n_products as integer) as n_products,
        count(*) as n_applicants,
        count(slices.defaulted) as n_known,
        cast(coalesce(sum(slices.defaulted), 0) as bigint) as n_defaulted
    from features
    inner join slices
        on features.id = slices.id
    group by slices.time_slice, features.n_products

),

rates as (

    select
        *,
        n_defaulted / nullif(n_known, 0) as default_rate,
        {{ default_rate_low('n_defaulted', 'n_known') }} as default_rate_low,
        {{ default_rate_high('n_defaulted', 'n_known') }} as default_rate_high
    from counted

)

select * from rates
order by time_slice, n_products
