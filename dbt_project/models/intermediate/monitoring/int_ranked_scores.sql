with

applicants as (

    select * from {{ ref('int_monitored_applicants') }}
    where defaulted is not null

),

-- Equal scores are one row: ties count half in the AUC, and 3 million applicants have far fewer scores.
counted as (

    select
        'split' as scope,
        split,
        cast(null as integer) as time_slice,
        pd,
        cast(sum(defaulted) as double) as n_bad,
        cast(sum(1 - defaulted) as double) as n_good
    from applicants
    group by split, pd
    union all
    select
        'time_slice' as scope,
        split,
        time_slice,
        pd,
        cast(sum(defaulted) as double) as n_bad,
        cast(sum(1 - defaulted) as double) as n_good
    from applicants
    group by split, time_slice, pd

),

ranked as (

    select
        *,
        sum(n_bad) over whole as bad,
        sum(n_good) over whole as good,
        sum(n_bad) over ascending as bad_to_here,
        sum(n_good) over ascending as good_to_here
    from counted
    window
        whole as (partition by scope, split, time_slice),
        ascending as (partition by scope, split, time_slice order by pd)

)

select * from ranked
