{%- set tolerance = validated_number('calibration_tolerance', 0, 1) -%}

with

applicants as (

    select * from {{ ref('int_monitored_applicants') }}
    where defaulted is not null

),

counted as (

    select
        split,
        risk_band,
        count(*) as n_applicants,
        cast(sum(defaulted) as bigint) as n_defaulted,
        avg(pd) as expected_default_rate,
        sum(defaulted) / count(*) as observed_default_rate
    from applicants
    group by split, risk_band

),

bounded as (

    select
        *,
        {{ default_rate_low('n_defaulted', 'n_applicants') }} as observed_low,
        {{ default_rate_high('n_defaulted', 'n_applicants') }} as observed_high,
        {{ default_rate_low('n_defaulted', 'n_applicants', 0.999) }} as observed_very_low,
        {{ default_rate_high('n_defaulted', 'n_applicants', 0.999) }} as observed_very_high,
        abs(observed_default_rate / expected_default_rate - 1) as relative_distance
    from counted

),

judged as (

    select
        split,
        risk_band,
        n_applicants,
        n_defaulted,
        expected_default_rate,
        observed_default_rate,
        observed_low,
        observed_high,
        case
            when expected_default_rate between observed_low and observed_high then 'green'
            when relative_distance <= {{ tolerance }} then 'green'
            when expected_default_rate between observed_very_low and observed_very_high then 'amber'
            when relative_distance <= 2 * {{ tolerance }} then 'amber'
            else 'red'
        end as traffic_light,
        case
            when expected_default_rate < observed_low then 'too low'
            when expected_default_rate > observed_high then 'too high'
            else 'within the interval'
        end as pd_is
    from bounded

)

select * from judged
order by split, risk_band
