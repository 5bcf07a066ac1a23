with

applicants as (

    select * from {{ ref('int_monitored_applicants') }}
    where defaulted is not null

),

ranked as (

    select
        *,
        ntile(10) over (partition by split order by pd desc, id desc) as decile
    from applicants

),

counted as (

    select
        split,
        decile,
        count(*) as n_applicants,
        cast(sum(defaulted) as bigint) as n_defaulted,
        min(pd) as lowest_pd,
        max(pd) as highest_pd,
        avg(pd) as mean_pd
    from ranked
    group by split, decile

),

gains as (

    select
        split,
        decile,
        n_applicants,
        n_defaulted,
        lowest_pd,
        highest_pd,
        mean_pd,
        n_defaulted / n_applicants as default_rate,
        (n_defaulted / n_applicants)
        / nullif(sum(n_defaulted) over whole / sum(n_applicants) over whole, 0) as lift,
        sum(n_applicants) over from_riskiest / sum(n_applicants) over whole as cumulative_applicants,
        sum(n_defaulted) over from_riskiest / nullif(sum(n_defaulted) over whole, 0) as cumulative_gain
    from counted
    window
        whole as (partition by split),
        from_riskiest as (partition by split order by decile)

)

select * from gains
order by split, decile
