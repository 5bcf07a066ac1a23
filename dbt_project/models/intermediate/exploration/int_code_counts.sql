-- depends_on: {{ ref('data_dictionary') }}

with

features as (

    select * from {{ ref('applicant_features') }}

),

slices as (

    select * from {{ ref('int_applicant_slices') }}

),

-- The count arrays hold what there is to know about codes; the products themselves, nine times as many, are not read.
-- All arrays of an applicant are one list, so that applicants and slices are joined once and not once per column.
placed as (

    select
        slices.time_slice,
        slices.defaulted,
        {{ joined_arrays(bureau_columns() | map(attribute='name')) }} as counts
    from features
    inner join slices
        on features.id = slices.id

),

by_position as (

    select
        time_slice,
        defaulted,
        {{ positions_and_counts('counts', bureau_columns() | sum(attribute='n_codes') + bureau_columns() | length) }}
    from placed

),

counted as (

    select
        time_slice,
        defaulted,
        position,
        sum(n_products) as n_products,
        count(*) filter (where n_products > 0) as n_applicants
    from by_position
    group by time_slice, defaulted, position

),

dictionary as (

    select * from {{ ref('data_dictionary') }}

),

-- Where the array of each column begins in the list.
columns_in_list as (

    select
        column_name,
        n_codes,
        sum(n_codes + 1) over (order by position rows unbounded preceding) - n_codes - 1 as first_position
    from dictionary

),

named as (

    select
        counted.time_slice,
        counted.defaulted,
        columns_in_list.column_name,
        cast(counted.position - columns_in_list.first_position as integer) as position,
        cast(counted.n_products as bigint) as n_products,
        counted.n_applicants,
        columns_in_list.n_codes
    from counted
    inner join columns_in_list
        on
            counted.position >= columns_in_list.first_position
            and counted.position <= columns_in_list.first_position + columns_in_list.n_codes

),

coded as (

    select
        time_slice,
        defaulted,
        column_name,
        position,
        case when position = n_codes then 'other' else cast(position as {{ type_text() }}) end as code,
        n_products,
        n_applicants
    from named

)

select * from coded
