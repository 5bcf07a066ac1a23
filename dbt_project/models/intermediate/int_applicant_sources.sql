{{ config(materialized='table') }}
-- depends_on: {{ ref('data_dictionary') }}

with

products as (

    select * from {{ source('bureau', 'credit_products') }}

),

parts as (

    select * from {{ ref('raw_parts') }}

),

dictionary as (

    select md5(string_agg(column_name || ' ' || n_codes || ' ' || absent_codes, ',' order by position)) as version
    from {{ ref('data_dictionary') }}

),

applicant_parts as (

    select
        id,
        parse_filename(raw_file) as raw_part
    from products
    where id >= 0
    group by id, raw_file

),

fingerprints as (

    select
        applicant_parts.id,
        md5(
            string_agg(parts.content_sha256, ',' order by parts.content_sha256) || any_value(dictionary.version)
        ) as source_fingerprint,
        min(applicant_parts.raw_part) as raw_part
    from applicant_parts
    inner join parts
        on applicant_parts.raw_part = parts.raw_part
    cross join dictionary
    group by applicant_parts.id

)

select * from fingerprints
