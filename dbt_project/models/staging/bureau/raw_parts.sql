{{ config(materialized='table') }}
{%- set part_names = raw_part_names() %}

with

files as (

    select * from {{ raw_part_files(part_names) }}

),

row_counts as (

    select * from {{ raw_part_row_counts(part_names) }}

),

dictionary as (

    select * from {{ ref('data_dictionary') }}

),

rules as (

    select
        column_name,
        0 as smallest,
        255 as largest
    from dictionary
    union all
    select
        'id' as column_name,
        0 as smallest,
        9223372036854775807 as largest
    union all
    select
        'rn' as column_name,
        1 as smallest,
        255 as largest

),

value_ranges as (

    select * from {{ raw_part_value_ranges(part_names) }}

),

-- Parts with a column in which the statistics of the file are missing or leave room for a value that breaks a rule.
doubtful as (

    select distinct files.raw_part
    from files
    cross join rules
    left join value_ranges
        on
            files.raw_part = value_ranges.raw_part
            and rules.column_name = value_ranges.column_name
    where
        not coalesce(
            value_ranges.n_nulls = 0
            and value_ranges.smallest >= rules.smallest
            and value_ranges.largest <= rules.largest,
            false
        )

),

parts as (

    select
        files.raw_part,
        files.n_bytes,
        row_counts.n_rows,
        files.content_sha256,
        doubtful.raw_part is null as is_within_rules
    from files
    inner join row_counts
        on files.raw_part = row_counts.raw_part
    left join doubtful
        on files.raw_part = doubtful.raw_part

)

select * from parts
