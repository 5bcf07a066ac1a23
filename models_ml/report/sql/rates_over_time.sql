-- Observed and expected default rate of each time slice, whatever its applicants were used for.
with

performance as (

    select * from model_performance
    where scope = 'time_slice'

),

rates as (

    select
        time_slice,
        sum(n_defaulted) / sum(n_applicants) as default_rate,
        sum(mean_pd * n_applicants) / sum(n_applicants) as mean_pd
    from performance
    group by time_slice
    order by time_slice

)

select * from rates
