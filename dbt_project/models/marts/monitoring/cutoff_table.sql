with

applicants as (

    select * from {{ ref('int_monitored_applicants') }}

),

counted as (

    select
        unnest([split, 'all']) as split,
        score,
        count(*) as n_applicants,
        sum(pd) as expected_defaults,
        sum(expected_loss) as expected_loss,
        count(defaulted) as n_known,
        coalesce(sum(defaulted), 0) as n_bad
    from applicants
    group by split, score

),

by_score as (

    select
        split,
        score,
        sum(n_applicants) as n_applicants,
        sum(expected_defaults) as expected_defaults,
        sum(expected_loss) as expected_loss,
        sum(n_known) as n_known,
        sum(n_bad) as n_bad
    from counted
    group by split, score

),

splits as (

    select distinct split from by_score

),

-- Every whole point from the lowest score, where everyone is approved, to one above the highest, where no one is.
points as (

    select unnest(generate_series(min(score), max(score) + 1)) as cutoff from by_score

),

cutoffs as (

    select
        splits.split,
        points.cutoff
    from splits
    cross join points

),

accumulated as (

    select
        cutoffs.split,
        cutoffs.cutoff,
        cast(sum(by_score.n_applicants) over whole as double) as n_applicants,
        cast(coalesce(sum(by_score.n_applicants) over approved, 0) as double) as n_approved,
        coalesce(sum(by_score.expected_defaults) over approved, 0) as expected_defaults,
        coalesce(sum(by_score.expected_loss) over approved, 0) as expected_loss,
        cast(sum(by_score.n_known) over whole as double) as n_known,
        cast(coalesce(sum(by_score.n_known) over approved, 0) as double) as n_known_approved,
        cast(sum(by_score.n_bad) over whole as double) as n_bad,
        cast(coalesce(sum(by_score.n_bad) over approved, 0) as double) as n_bad_approved
    from cutoffs
    left join by_score
        on
            cutoffs.split = by_score.split
            and cutoffs.cutoff = by_score.score
    window
        whole as (partition by cutoffs.split),
        approved as (partition by cutoffs.split order by cutoffs.cutoff desc)

),

shares as (

    select
        split,
        cutoff,
        cast(n_applicants as bigint) as n_applicants,
        cast(n_approved as bigint) as n_approved,
        n_approved / n_applicants as approval_rate,
        expected_defaults / nullif(n_approved, 0) as expected_bad_rate,
        expected_loss,
        cast(n_known_approved as bigint) as n_known_approved,
        cast(n_bad_approved as bigint) as n_bad_approved,
        n_bad_approved / nullif(n_known_approved, 0) as bad_rate,
        (n_bad - n_bad_approved) / nullif(n_known - n_known_approved, 0) as bad_rate_of_declined,
        (n_bad - n_bad_approved) / nullif(n_bad, 0) as share_of_bad_declined,
        (n_known - n_bad - n_known_approved + n_bad_approved) / nullif(n_known - n_bad, 0) as share_of_good_declined
    from accumulated

)

select * from shares
order by split, cutoff
