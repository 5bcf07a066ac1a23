{{ config(materialized='table') }}
-- depends_on: {{ ref('data_dictionary') }}

with

applicant_parts as (

    select * from {{ ref('stg_bureau__applicant_parts') }}

),

parts as (

    select * from {{ ref('raw_parts') }}

),

dictionary as (

    select
        {{ md5_text(joined_in_order("column_name || ' ' || n_codes || ' ' || absent_codes", 'position')) }} as version
    from {{ ref('data_dictionary') }}

),

part_fingerprints as (

    select
        parts.raw_part,
        {{ fingerprint("parts.content_sha256 || dictionary.version") }} as fingerprint
    from parts
    cross join dictionary

),

fingerprints as (

    select
        applicant_parts.id,
        {{ fingerprint_text('bit_xor(part_fingerprints.fingerprint)') }} as source_fingerprint,
        min(applicant_parts.raw_part) as raw_part
    from applicant_parts
    inner join part_fingerprints
        on applicant_parts.raw_part = part_fingerprints.raw_part
    group by applicant_parts.id

)

select * from fingerprints
