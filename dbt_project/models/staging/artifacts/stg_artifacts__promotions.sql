with

lines as (

    select
        cast(unnest(string_split(trim(content, chr(10)), chr(10))) as json) as event,
        generate_subscripts(string_split(trim(content, chr(10)), chr(10)), 1) as event_number
    from {{ source('artifacts', 'promotions') }}

),

promotions as (

    select
        event_number,
        cast(event ->> 'at' as timestamptz) at time zone 'UTC' as happened_at,
        event ->> 'action' as action,
        event ->> 'version' as version,
        event ->> 'previous' as previous_version,
        event ->> 'reason' as reason,
        cast(event -> 'gates_passed_over' as varchar[]) as gates_passed_over
    from lines

)

select * from promotions
