-- The codes of one applicant's products, beside the default rate of all applicants who have that code: per business
-- group those with the highest rate first.
with

codes as (

    select
        column_name,
        code,
        n_products,
        business_group,
        description
    from v_applicant_features
    where id = $id

),

compared as (

    select
        codes.*,
        rates.n_applicants,
        rates.default_rate,
        rates.default_rate_low,
        rates.default_rate_high,
        row_number() over (
            partition by codes.business_group
            order by rates.default_rate_low desc nulls last, codes.column_name, codes.code
        ) as place
    from codes
    left join code_default_rates as rates
        on codes.column_name = rates.column_name and codes.code = rates.code

),

foremost as (

    select * from compared
    where place <= $n_most
    order by business_group, place

)

select * from foremost
