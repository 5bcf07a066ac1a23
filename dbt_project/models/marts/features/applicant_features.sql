{{ config(
    materialized='applicant_batches' if target.type == 'duckdb' else 'table',
    work_list='int_applicant_sources',
    version_columns=['source_fingerprint'],
    archive='applicant_features_archive',
) }}
-- depends_on: {{ ref('data_dictionary') }}
-- depends_on: {{ ref('applicant_features_archive') }}
-- Too many quarantined rows stop the run before this table changes.
-- depends_on: {{ ref('quarantined_credit_products') }}
{%- set columns = bureau_columns() %}

with

applicant_sources as (

    select * from {{ ref('int_applicant_sources') }}

),

applicant_products as (

    select * from {{ ref('int_applicant_products') }}

),

features as (

    select
        applicant_products.id,
        cast(applicant_products.n_products as {{ type_byte() }}) as n_products,
        {{ count_of_code('applicant_products.fclose_flag', 1) }} as n_open,
        {{ count_of_code('applicant_products.fclose_flag', 0) }} as n_closed,
        {{ count_of_code('applicant_products.is_zero_loans90', 0) }} as n_with_90_day_delay,
        {%- for months in [6, 12, 24] %}
        {{ payment_problem_percent(columns, months) }} as problem_percent_{{ months }},
        {{ payment_problem_percent(columns, months, weighted=true) }} as weighted_problem_percent_{{ months }},
        {%- endfor %}
        {%- for column in columns %}
        applicant_products.{{ column.name }},
        {%- endfor %}
        applicant_products.recent_products
    from applicant_products

),

hashed as (

    select
        features.*,
        {{ features_hash('features') }} as features_hash,
        applicant_sources.source_fingerprint
    from features
    inner join applicant_sources
        on features.id = applicant_sources.id

)

select * from hashed
