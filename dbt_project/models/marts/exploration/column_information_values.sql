with

rates as (

    select * from {{ ref('code_default_rates') }}

),

dictionary as (

    select * from {{ ref('data_dictionary') }}

),

by_column as (

    select
        column_name,
        sum(information_value) as information_value,
        count(*) filter (where n_products > 0) as n_codes_seen,
        max_by(code, default_rate) filter (where n_applicants >= 100 and information_value is not null)
            as riskiest_code,
        min_by(code, default_rate) filter (where n_applicants >= 100 and information_value is not null)
            as safest_code
    from rates
    group by column_name

),

described as (

    select
        by_column.*,
        dictionary.business_group,
        dictionary.description
    from by_column
    inner join dictionary
        on by_column.column_name = dictionary.column_name

)

select * from described
order by information_value desc nulls last
