with

applicants as (

    select * from {{ ref('int_monitored_applicants') }}

),

models as (

    select
        n_calibration,
        cast(distributions -> 'score_quantiles' as double[]) as edges,
        cast(distributions -> 'score_shares' as double[]) as shares
    from {{ ref('int_scoring_model') }}

),

frozen as (

    select
        n_calibration,
        edges,
        unnest(range(1, len(shares) + 1)) as bin,
        unnest(shares) as expected_share
    from models

),

by_score as (

    select
        time_slice,
        raw_part,
        score,
        count(*) as n_applicants,
        min(id) as first_id,
        max(id) as last_id,
        sum(pd) as sum_pd
    from applicants
    group by time_slice, raw_part, score

),

binned as (

    select
        by_score.*,
        1 + len(list_filter(models.edges, lambda edge: edge <= by_score.score)) as bin
    from by_score
    cross join models

),

grouped as (

    select
        unnest(['all', 'time_slice', 'raw_part']) as scope,
        unnest(['all', lpad(cast(time_slice as varchar), 2, '0'), raw_part]) as member,
        bin,
        n_applicants,
        first_id,
        last_id,
        score,
        sum_pd
    from binned

),

members as (

    select
        scope,
        member,
        min(first_id) as first_id,
        max(last_id) as last_id,
        cast(sum(n_applicants) as bigint) as n_applicants,
        sum(score * n_applicants) / sum(n_applicants) as mean_score,
        sum(sum_pd) / sum(n_applicants) as mean_pd
    from grouped
    group by scope, member

),

counted as (

    select
        scope,
        member,
        bin,
        cast(sum(n_applicants) as bigint) as n_in_bin
    from grouped
    group by scope, member, bin

),

bins as (

    select
        members.*,
        frozen.bin,
        frozen.edges[frozen.bin - 1] as from_score,
        frozen.edges[frozen.bin] as below_score,
        frozen.n_calibration,
        frozen.expected_share,
        coalesce(counted.n_in_bin, 0) as n_in_bin,
        {{ stability_term(
            'frozen.expected_share', 'frozen.n_calibration', 'coalesce(counted.n_in_bin, 0)', 'members.n_applicants'
        ) }} as term
    from members
    cross join frozen
    left join counted
        on
            members.scope = counted.scope
            and members.member = counted.member
            and frozen.bin = counted.bin

)

select * from bins
