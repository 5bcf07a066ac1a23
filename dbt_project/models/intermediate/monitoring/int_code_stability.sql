with

code_counts as (

    select * from {{ ref('int_code_counts') }}

),

frozen as (

    select * from {{ ref('int_frozen_code_shares') }}

),

slices as (

    select
        time_slice,
        count(*) as n_applicants
    from {{ ref('int_monitored_applicants') }}
    group by time_slice

),

by_slice as (

    select
        time_slice,
        column_name,
        position,
        code,
        cast(sum(n_products) as bigint) as n_products,
        cast(sum(n_applicants) as bigint) as n_applicants_with_code
    from code_counts
    group by time_slice, column_name, position, code

),

compared as (

    select
        by_slice.*,
        slices.n_applicants,
        cast(sum(by_slice.n_products) over (partition by by_slice.time_slice, by_slice.column_name) as bigint)
            as n_products_of_slice,
        frozen.n_train,
        frozen.training_share
    from by_slice
    inner join slices
        on by_slice.time_slice = slices.time_slice
    inner join frozen
        on
            by_slice.column_name = frozen.column_name
            and by_slice.position = frozen.position

)

select * from compared
