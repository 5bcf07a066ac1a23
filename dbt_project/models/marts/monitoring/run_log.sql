with

events as (

    select * from {{ ref('stg_artifacts__run_events') }}

),

starts as (

    select
        run_id,
        command,
        happened_at as started_at
    from events
    where event = 'start'

),

ends as (

    select * from events
    where event = 'end'

),

runs as (

    select
        starts.run_id,
        starts.command,
        starts.started_at,
        ends.happened_at as ended_at,
        ends.outcome,
        ends.exit_code,
        ends.message,
        ends.model_version,
        ends.n_applicants,
        epoch(ends.happened_at) - epoch(starts.started_at) as seconds,
        ends.seconds_by_step
    from starts
    left join ends
        on starts.run_id = ends.run_id

)

select * from runs
order by started_at desc
