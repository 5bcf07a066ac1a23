with

lines as (

    select
        -- A line that a full disk cut short is passed over.
        try_cast(unnest(string_split(trim(content, chr(10)), chr(10))) as json) as event,
        generate_subscripts(string_split(trim(content, chr(10)), chr(10)), 1) as event_number
    from {{ source('artifacts', 'runs') }}

),

events as (

    select
        event_number,
        event ->> 'run_id' as run_id,
        event ->> 'event' as event,
        cast(event ->> 'at' as timestamptz) at time zone 'UTC' as happened_at,
        event ->> 'command' as command,
        event ->> 'outcome' as outcome,
        cast(event ->> 'exit_code' as integer) as exit_code,
        event ->> 'message' as message,
        event ->> 'model_version' as model_version,
        cast(event ->> 'n_applicants' as bigint) as n_applicants,
        cast(event -> 'seconds' as varchar) as seconds_by_step
    from lines
    where event is not null

)

select * from events
