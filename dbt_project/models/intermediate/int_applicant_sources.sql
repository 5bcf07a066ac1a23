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

    select {{ md5_text(joined_in_order("column_name || ' ' || n_codes || ' ' || absent_codes", 'position')) }} as version
    from {{ ref('data_dictionary') }}

),

applicant_parts as (

    select
        id,
        {{ raw_part_of('raw_file') }} as raw_part
    from products
    where id >= 0
    group by id, raw_file

),

fingerprints as (

    select
        applicant_parts.id,
        {{ md5_text(
            joined_in_order('parts.content_sha256', 'parts.content_sha256') ~ ' || any_value(dictionary.version)'
        ) }} as source_fingerprint
    from applicant_parts
    inner join parts
        on applicant_parts.raw_part = parts.raw_part
    cross join dictionary
    group by applicant_parts.id

)

select * from fingerprints
