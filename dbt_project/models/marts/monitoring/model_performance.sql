{%- set z = 1.959963984540054 -%}

with

ranked as (

    select * from {{ ref('int_ranked_scores') }}

),

-- Placements: the share of the other group that a score beats, half for ties. Their mean is the AUC, their variance
-- is that of DeLong, DeLong and Clarke-Pearson (1988).
placed as (

    select
        *,
        (good_to_here - n_good / 2) / nullif(good, 0) as placement_of_bad,
        (bad - bad_to_here + n_bad / 2) / nullif(bad, 0) as placement_of_good,
        1 - bad_to_here / nullif(bad, 0) as bad_above,
        1 - good_to_here / nullif(good, 0) as good_above,
        bad - bad_to_here + n_bad as bad_from_here,
        bad + good - bad_to_here - good_to_here + n_bad + n_good as all_from_here
    from ranked

),

measured as (

    select
        scope,
        split,
        time_slice,
        any_value(bad) as bad,
        any_value(good) as good,
        sum((n_bad + n_good) * pd) / any_value(bad + good) as mean_pd,
        sum(n_bad * placement_of_bad) / nullif(any_value(bad), 0) as auc,
        sum(n_bad * placement_of_bad * placement_of_bad) as squares_of_bad,
        sum(n_good * placement_of_good * placement_of_good) as squares_of_good,
        max(abs(bad_above - good_above)) as ks,
        arg_max(bad_above, abs(bad_above - good_above)) as bad_above_at_ks,
        arg_max(good_above, abs(bad_above - good_above)) as good_above_at_ks,
        sum(n_bad * bad_from_here / all_from_here) / nullif(any_value(bad), 0) as average_precision,
        -sum(n_bad * ln(pd) + n_good * ln(1 - pd)) / any_value(bad + good) as log_loss,
        sum(n_bad * (1 - pd) * (1 - pd) + n_good * pd * pd) / any_value(bad + good) as brier
    from placed
    group by scope, split, time_slice

),

-- One defaulter has no variance: no interval then. Asked here, because greatest() and least() pass over NULL.
errors as (

    select
        *,
        case
            when bad > 1 and good > 1 then sqrt(
                greatest(squares_of_bad / bad - auc * auc, 0) / (bad - 1)
                + greatest(squares_of_good / good - auc * auc, 0) / (good - 1)
            )
        end as auc_error,
        case
            when bad > 1 and good > 1 then sqrt(
                bad_above_at_ks * (1 - bad_above_at_ks) / bad
                + good_above_at_ks * (1 - good_above_at_ks) / good
            )
        end as ks_error
    from measured

),

bounded as (

    select
        *,
        case when auc_error is not null then greatest(auc - {{ z }} * auc_error, 0) end as auc_low,
        case when auc_error is not null then least(auc + {{ z }} * auc_error, 1) end as auc_high,
        case when ks_error is not null then greatest(ks - {{ z }} * ks_error, 0) end as ks_low,
        case when ks_error is not null then least(ks + {{ z }} * ks_error, 1) end as ks_high
    from errors

),

performance as (

    select
        scope,
        split,
        time_slice,
        split = 'out_of_time' as is_unseen_by_model,
        cast(bad + good as bigint) as n_applicants,
        cast(bad as bigint) as n_defaulted,
        bad / (bad + good) as default_rate,
        mean_pd,
        auc,
        auc_low,
        auc_high,
        2 * auc - 1 as gini,
        2 * auc_low - 1 as gini_low,
        2 * auc_high - 1 as gini_high,
        ks,
        ks_low,
        ks_high,
        average_precision,
        log_loss,
        brier
    from bounded

)

select * from performance
order by scope, time_slice, split
