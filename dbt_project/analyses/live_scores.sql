{#
    Columns of a score for records that are not in the warehouse. Compiled by dbt, executed by
    models_ml/live/scoring.py, which provides the relation live_scored: id, what the scorer returned, hash of the
    features, call and time.
#}
with

live_scored as (

    select * from temp.main.live_scored

),

scores as (

    select
        id,
        run_id as live_run_id,
        scored_at as live_scored_at,
        {{ score_columns('scored', 'features_hash') | indent(8) }}
    from live_scored

),

of_this_call as (

    -- dbt's own run and time are those of the compilation.
    select
        * exclude (live_run_id, live_scored_at)
        replace (live_run_id as run_id, live_scored_at as scored_at)
    from scores

)

select * from of_this_call
