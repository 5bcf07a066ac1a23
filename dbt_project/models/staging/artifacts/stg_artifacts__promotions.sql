with

champions as (

    select cast(content as json) ->> 'version' as version
    from {{ source('artifacts', 'champion') }}

),

lines as (

    select
        unnest(string_split(trim(content, chr(10)), chr(10))) as line,
        generate_subscripts(string_split(trim(content, chr(10)), chr(10)), 1) as event_number
    from {{ source('artifacts', 'promotions') }}

),

numbered as (

    select
        *,
        count(*) over () as n_lines
    from lines

),

parsed as (

    select
        event_number,
        cast(line as json) as event
    from numbered
    -- A last line that a kill or a full disk cut short is passed over: nothing came of it.
    where json_valid(line) or event_number < n_lines

),

promotions as (

    select
        event_number,
        cast(event ->> 'at' as timestamptz) at time zone 'UTC' as happened_at,
        event ->> 'action' as action,
        event ->> 'version' as version,
        event ->> 'previous' as previous_version,
        -- What became of it is in the next line, and of the last one in champion.json.
        case
            when event_number = max(event_number) over () then (select champions.version from champions)
            else lead(event ->> 'previous') over (order by event_number)
        end as next_version,
        event ->> 'reason' as reason,
        cast(event -> 'gates_passed_over' as varchar[]) as gates_passed_over
    from parsed

),

judged as (

    select
        event_number,
        happened_at,
        action,
        version,
        previous_version,
        reason,
        gates_passed_over,
        action in ('promote', 'rollback')
        and version = coalesce(next_version, '')
        and version <> coalesce(previous_version, '') as made_champion
    from promotions

)

select * from judged
