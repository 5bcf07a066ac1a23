{{ config(materialized='table') }}

with

files as (

    select * from {{ raw_part_files() }}

),

row_counts as (

    select * from {{ raw_part_row_counts() }}

),

parts as (

    select
        files.raw_part,
        files.n_bytes,
        row_counts.n_rows,
        files.content_sha256
    from files
    inner join row_counts
        on files.raw_part = row_counts.raw_part

)

select * from parts
