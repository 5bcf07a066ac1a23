-- What the policy in force decides, and how it turned out for applicants the model has never seen.
with

scores as (

    select * from applicant_scores

),

tested as (

    select
        id,
        defaulted
    from int_monitored_applicants
    where split = 'out_of_time'

),

decisions as (

    select
        scores.decision,
        any_value(scores.decision_policy) as decision_policy,
        count(*) as n_applicants,
        count(*) / sum(count(*)) over () as share_of_applicants,
        min(scores.score) as lowest_score,
        avg(scores.pd) as mean_pd,
        sum(scores.expected_loss) as expected_loss,
        count(tested.defaulted) as n_known,
        sum(tested.defaulted) / nullif(count(tested.defaulted), 0) as default_rate
    from scores
    left join tested
        on scores.id = tested.id
    group by scores.decision
    order by mean_pd

)

select * from decisions
