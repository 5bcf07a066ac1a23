with

codes as (

    select * from {{ ref('int_code_stability') }}

),

-- Products of one applicant are alike, so the number of applicants, not of products, is what the critical value and
-- the half unit in an empty bin go by.
measured as (

    select
        column_name,
        time_slice,
        n_applicants,
        n_products_of_slice as n_products,
        sum({{ stability_term(
            'training_share', 'n_train', 'n_products * n_applicants / n_products_of_slice', 'n_applicants'
        ) }}) as csi,
        {{ critical_stability('n_train', 'n_applicants', 'count(*) filter (where training_share > 0)') }}
            as critical_value
    from codes
    group by column_name, time_slice, n_applicants, n_products_of_slice, n_train

),

judged as (

    select
        *,
        {{ stability_status('csi', 'critical_value') }} as status
    from measured

)

select * from judged
order by column_name, time_slice
