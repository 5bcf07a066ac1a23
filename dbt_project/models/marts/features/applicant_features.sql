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
{%- set open_flag = 'months_counted.' ~ column_of_role(columns, 'open_flag') %}
{%- set no_90_day_delay_flag = 'months_counted.' ~ column_of_role(columns, 'no_90_day_delay_flag') %}
{%- set n_months = 24 %}
{%- do n_recent_products() %}

with

{% if not is_live() %}
applicant_sources as (

    select * from {{ ref('int_applicant_sources') }}

),

{% endif %}applicant_products as (

    select * from {{ ref('int_applicant_products') }}

),

months_counted as (

    select
        *,
        {{ payment_months(columns, n_months) }} as problem_months,
        {{ payment_months(columns, n_months, recorded=true) }} as recorded_months
    from applicant_products

),

features as (

    select
        months_counted.id,
        cast(months_counted.n_products as {{ type_byte() }}) as n_products,
        {{ count_of_code(open_flag, 1) }} as n_open,
        {{ count_of_code(open_flag, 0) }} as n_closed,
        {{ count_of_code(no_90_day_delay_flag, 0) }} as n_with_90_day_delay,
        {%- for months in [6, 12, 24] %}
        {{ payment_problem_percent(months, n_months) }} as problem_percent_{{ months }},
        {{ payment_problem_percent(months, n_months, weighted=true) }} as weighted_problem_percent_{{ months }},
        {%- endfor %}
        {%- for column in columns %}
        months_counted.{{ column.name }},
        {%- endfor %}
        months_counted.recent_products
    from months_counted

),

hashed as (

    select
        features.*,
        {{ features_hash('features') }} as features_hash
    from features

)
{%- if is_live() %}

select * from hashed
{%- else %},

fingerprinted as (

    select
        hashed.*,
        applicant_sources.source_fingerprint
    from hashed
    inner join applicant_sources
        on hashed.id = applicant_sources.id

)

select * from fingerprinted
{%- endif %}
