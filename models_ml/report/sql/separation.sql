-- Shares of defaulters and of others that would be declined at each PD, riskiest first: one walk gives the ROC curve
-- and the KS curve. Equal PDs are one step. A few hundred points are kept, always the first, the last and the one of
-- the largest gap.
with

tested as (

    select
        pd,
        score,
        defaulted
    from int_monitored_applicants
    where
        split = 'out_of_time'
        and defaulted is not null

),

steps as (

    select
        pd,
        any_value(score) as score,
        count(*) as n_applicants,
        sum(defaulted) as n_defaulted
    from tested
    group by pd

),

cumulative as (

    select
        pd,
        score,
        sum(n_defaulted) over riskiest_first / sum(n_defaulted) over () as share_of_defaulters,
        sum(n_applicants - n_defaulted) over riskiest_first
        / sum(n_applicants - n_defaulted) over () as share_of_others,
        sum(n_applicants) over riskiest_first / sum(n_applicants) over () as share_of_applicants,
        row_number() over riskiest_first as step,
        count(*) over () as n_steps
    from steps
    window riskiest_first as (order by pd desc)

),

marked as (

    select
        *,
        row_number() over (order by abs(share_of_defaulters - share_of_others) desc, step) = 1 as is_largest_gap
    from cumulative

),

thinned as (

    select
        pd,
        score,
        share_of_defaulters,
        share_of_others,
        share_of_applicants,
        is_largest_gap
    from marked
    where
        step % greatest(n_steps // $n_points, 1) = 0
        or step in (1, n_steps)
        or is_largest_gap
    order by step

)

select * from thinned
