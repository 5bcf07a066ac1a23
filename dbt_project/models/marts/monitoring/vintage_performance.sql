with

applicants as (

    select * from {{ ref('int_monitored_applicants') }}

),

counted as (

    select
        time_slice,
        split,
        risk_band,
        min(id) as first_id,
        max(id) as last_id,
        count(*) as n_applicants,
        avg(score) as mean_score,
        avg(pd) as mean_pd,
        sum(expected_loss) as expected_loss,
        count(defaulted) as n_known,
        cast(coalesce(sum(defaulted), 0) as bigint) as n_defaulted
    from applicants
    group by time_slice, split, risk_band

),

vintages as (

    select
        *,
        n_applicants / sum(n_applicants) over (partition by time_slice) as share_of_slice,
        n_defaulted / nullif(n_known, 0) as default_rate,
        {{ default_rate_low('n_defaulted', 'n_known') }} as default_rate_low,
        {{ default_rate_high('n_defaulted', 'n_known') }} as default_rate_high
    from counted

)

select * from vintages
order by time_slice, split, risk_band
