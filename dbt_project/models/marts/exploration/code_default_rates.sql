with

code_counts as (

    select * from {{ ref('int_code_counts') }}

),

-- Only applicants with a known outcome; the others are in code_marginals.
by_code as (

    select
        column_name,
        code,
        position,
        cast(sum(n_applicants) as bigint) as n_applicants,
        cast(coalesce(sum(n_applicants) filter (where defaulted = 1), 0) as bigint) as n_defaulted,
        cast(sum(n_products) as bigint) as n_products,
        cast(coalesce(sum(n_products) filter (where defaulted = 1), 0) as bigint) as n_products_of_defaulters
    from code_counts
    where defaulted is not null
    group by column_name, code, position

),

compared as (

    select
        *,
        greatest(cast(n_products - n_products_of_defaulters as double), cast(0.5 as double))
        / nullif(sum(n_products - n_products_of_defaulters) over of_column, 0) as share_of_good,
        greatest(cast(n_products_of_defaulters as double), cast(0.5 as double))
        / nullif(sum(n_products_of_defaulters) over of_column, 0) as share_of_bad
    from by_code
    window of_column as (partition by column_name)

),

rates as (

    select
        column_name,
        code,
        n_applicants,
        n_defaulted,
        n_defaulted / nullif(n_applicants, 0) as default_rate,
        {{ default_rate_low('n_defaulted', 'n_applicants') }} as default_rate_low,
        {{ default_rate_high('n_defaulted', 'n_applicants') }} as default_rate_high,
        n_products,
        n_products_of_defaulters / nullif(n_products, 0) as default_rate_of_products,
        case when n_products > 0 then ln(share_of_good / share_of_bad) end as weight_of_evidence,
        case
            when n_products > 0 then (share_of_good - share_of_bad) * ln(share_of_good / share_of_bad)
            when share_of_good is not null and share_of_bad is not null then cast(0 as double)
        end as information_value
    from compared
    order by column_name, position

)

select * from rates
