with

code_counts as (

    select * from {{ ref('int_code_counts') }}

),

dictionary as (

    select * from {{ ref('data_dictionary') }}

),

by_slice as (

    select
        column_name,
        code,
        position,
        time_slice,
        cast(sum(n_products) as bigint) as n_products,
        cast(sum(n_applicants) as bigint) as n_applicants
    from code_counts
    group by column_name, code, position, time_slice

),

marginals as (

    select
        by_slice.column_name,
        by_slice.code,
        by_slice.time_slice,
        by_slice.n_products,
        by_slice.n_products / sum(by_slice.n_products) over (partition by by_slice.column_name, by_slice.time_slice)
            as share_of_products,
        by_slice.n_applicants,
        dictionary.business_group,
        dictionary.description
    from by_slice
    inner join dictionary
        on by_slice.column_name = dictionary.column_name
    order by by_slice.column_name, by_slice.position, by_slice.time_slice

)

select * from marginals
