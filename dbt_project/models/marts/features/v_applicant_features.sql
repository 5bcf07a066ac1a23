{{ config(materialized='view') }}
-- depends_on: {{ ref('data_dictionary') }}

with

features as (

    select * from {{ ref('applicant_features') }}

),

dictionary as (

    select * from {{ ref('data_dictionary') }}

),

counts as (
    {% for column in bureau_columns() %}
    select
        id,
        '{{ column.name }}' as column_name,
        {{ positions_and_counts(column.name, column.n_codes + 1) }}
    from features
    {{ "union all" if not loop.last }}
    {% endfor %}
),

readable as (

    select
        counts.id,
        counts.column_name,
        case
            when counts.position = dictionary.n_codes then 'other'
            else cast(counts.position as {{ type_text() }})
        end as code,
        counts.n_products,
        dictionary.business_group,
        dictionary.description
    from counts
    inner join dictionary
        on counts.column_name = dictionary.column_name
    where counts.n_products > 0

)

select * from readable
