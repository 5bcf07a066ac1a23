{{ config(materialized='table') }}

with

files as (

    select * from {{ raw_part_files() }}

),

row_counts as (

    select * from {{ raw_part_row_counts() }}

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

    select * from {{ raw_part_value_ranges() }}

),

-- Columns in which the statistics of the file leave room for a value that breaks a rule.
doubtful as (

    select distinct value_ranges.raw_part
    from value_ranges
    inner join rules
        on value_ranges.column_name = rules.column_name
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
