with

codes as (

    select * from {{ ref('int_code_stability') }}
    where code = 'other'

),

unseen as (

    select
        column_name,
        time_slice,
        n_products_of_slice as n_products,
        n_products as n_unseen_products,
        n_products / n_products_of_slice as unseen_share,
        n_applicants_with_code as n_applicants_with_unseen,
        training_share
    from codes

)

select * from unseen
order by column_name, time_slice
