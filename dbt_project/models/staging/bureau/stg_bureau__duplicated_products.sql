{{ config(materialized='table') }}

with

products as (

    select * from {{ ref('base_bureau__credit_products') }}

),

applicant_parts as (

    select * from {{ ref('stg_bureau__applicant_parts') }}

),

-- Applicants with more rows than different rn bits; one with an rn above 62 is among them. Counting every (id, rn) of
-- the large table takes three times as long.
suspicious as (

    select id
    from applicant_parts
    group by id
    having sum(n_rows) > bit_count(bit_or(rn_bits))

),

duplicated as (

    select
        products.id,
        products.rn,
        count(*) as n_rows
    from products
    inner join suspicious
        on products.id = suspicious.id
    where products.is_usable
    group by products.id, products.rn
    having count(*) > 1

)

select * from duplicated
