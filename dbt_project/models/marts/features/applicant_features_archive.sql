{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}
-- The build of applicant_features adds its rows; here the table is only made.

with

no_rows as (

    select
        cast(null as {{ type_text() }}) as features_hash,
        cast(null as {{ type_blob() }}) as packed_features,
        cast(null as timestamp) as archived_at
    where false

)

select * from no_rows
