with

outcomes as (

    select * from {{ source('bureau', 'outcomes') }}

),

typed as (

    select
        cast(id as bigint) as id,
        cast(flag as {{ type_byte() }}) as defaulted
    from outcomes

)

select * from typed
