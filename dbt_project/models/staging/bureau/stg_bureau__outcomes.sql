with

outcomes as (

    select * from {{ source('bureau', 'outcomes') }}

),

typed as (

    select
        {{ number_or_null('id') }} as id,
        case when flag in ('0', '1') then cast(flag as {{ type_byte() }}) end as defaulted
    from outcomes

)

select * from typed
