-- depends_on: {{ ref('data_dictionary') }}

with

features as (

    select * from {{ ref('applicant_features') }}

),

slices as (

    select * from {{ ref('int_applicant_slices') }}

),

-- The count arrays hold what there is to know about codes; the products themselves, nine times as many, are not read.
counted as (
    {% for column in bureau_columns() %}
    select
        time_slice,
        defaulted,
        '{{ column.name }}' as column_name,
        position,
        sum(n_products) as n_products,
        count(*) filter (where n_products > 0) as n_applicants
    from (
        select
            slices.time_slice,
            slices.defaulted,
            unnest(range({{ column.n_codes + 1 }})) as position,
            unnest(features.{{ column.name }}) as n_products
        from features
        inner join slices
            on features.id = slices.id
    )
    group by all
    {{ "union all" if not loop.last }}
    {% endfor %}
),

dictionary as (

    select * from {{ ref('data_dictionary') }}

),

named as (

    select
        counted.time_slice,
        counted.defaulted,
        counted.column_name,
        cast(counted.position as integer) as position,
        case when counted.position = dictionary.n_codes then 'other' else cast(counted.position as varchar) end as code,
        cast(counted.n_products as bigint) as n_products,
        counted.n_applicants
    from counted
    inner join dictionary
        on counted.column_name = dictionary.column_name

)

select * from named
