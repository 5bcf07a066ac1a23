with

bins as (

    select * from {{ ref('int_score_bins') }}

),

measured as (

    select
        scope,
        member,
        first_id,
        last_id,
        n_applicants,
        mean_score,
        mean_pd,
        sum(term) as psi,
        {{ critical_stability('n_calibration', 'n_applicants', 'count(*) filter (where expected_share > 0)') }}
            as critical_value
    from bins
    group by scope, member, first_id, last_id, n_applicants, mean_score, mean_pd, n_calibration

),

judged as (

    select
        *,
        {{ stability_status('psi', 'critical_value') }} as status
    from measured

)

select * from judged
order by scope, member
