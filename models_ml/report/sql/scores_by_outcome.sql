-- Applicants by points and outcome, in bins of equal width.
with

tested as (

    select
        score,
        defaulted
    from int_monitored_applicants
    where
        split = 'out_of_time'
        and defaulted is not null

),

bins as (

    select
        cast(floor(score / $width) * $width as integer) as points_from,
        count(*) filter (where defaulted = 1) as n_defaulted,
        count(*) filter (where defaulted = 0) as n_others
    from tested
    group by points_from

),

shares as (

    select
        *,
        points_from + $width / 2 as middle,
        points_from || ' to ' || points_from + $width - 1 as points,
        n_defaulted / sum(n_defaulted) over () as share_of_defaulters,
        n_others / sum(n_others) over () as share_of_others,
        n_defaulted / (n_defaulted + n_others) as default_rate
    from bins
    order by points_from

)

select * from shares
