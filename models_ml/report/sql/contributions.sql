-- What each business group adds to the log-odds of default, over all applicants scored.
with

contributions as (

    select
        applicant_scores.id,
        applicant_scores.reason_codes,
        unnest(applicant_scores.contributions) as contribution,
        unnest(range(1, len(applicant_scores.contributions) + 1)) as group_number
    from applicant_scores

),

groups as (

    select
        code,
        text,
        cast(substr(code, 2) as integer) as group_number
    from reason_codes

),

measured as (

    select
        groups.code,
        groups.text,
        avg(abs(contributions.contribution)) as mean_size,
        quantile_cont(contributions.contribution, 0.05) as low,
        quantile_cont(contributions.contribution, 0.5) as median,
        quantile_cont(contributions.contribution, 0.95) as high,
        avg(cast(contributions.reason_codes[1] = groups.code as integer)) as share_first
    from contributions
    inner join groups
        on contributions.group_number = groups.group_number
    group by groups.code, groups.text
    order by mean_size desc

)

select * from measured
