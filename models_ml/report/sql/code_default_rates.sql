-- Default rate of the applicants who have a code, the columns that tell most first.
with

rates as (

    select
        code_default_rates.*,
        columns.information_value as information_value_of_column,
        columns.business_group,
        columns.description
    from code_default_rates
    inner join column_information_values as columns
        on code_default_rates.column_name = columns.column_name
    where code_default_rates.n_applicants > 0

),

base_rate as (

    select avg(defaulted) as default_rate_of_all from applicant_outcomes

),

compared as (

    select * from rates
    cross join base_rate
    order by information_value_of_column desc, column_name, default_rate

)

select * from compared
