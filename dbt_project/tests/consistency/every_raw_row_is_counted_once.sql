-- Every row of the raw parts is either counted in the features of its applicant or quarantined, and none is counted
-- twice. A file with wrong statistics, or a rule that drops rows silently, fails here.
-- Remedy: have the part written again; if its statistics are right, look for the rule in staging.
{{ config(tags=['features']) }}

with

counted as (

    select coalesce(sum(n_products), 0) as n_rows from {{ ref('applicant_features') }}

),

quarantined as (

    select count(*) as n_rows from {{ ref('quarantined_credit_products') }}

),

delivered as (

    select coalesce(sum(n_rows), 0) as n_rows from {{ ref('raw_parts') }}

)

select
    counted.n_rows as n_counted,
    quarantined.n_rows as n_quarantined,
    delivered.n_rows as n_delivered
from counted
cross join quarantined
cross join delivered
where counted.n_rows + quarantined.n_rows != delivered.n_rows
