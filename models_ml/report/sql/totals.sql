-- Who was scored, by which model, and which applicants it is measured on.
with

scored as (

    select
        count(*) as n_scored,
        max(scored_at) as scored_at,
        min(score) as lowest_score,
        max(score) as highest_score,
        avg(pd) as mean_pd,
        count(*) filter (where thin_file) as n_thin_files,
        count(*) filter (where unseen_code_count > 0) as n_with_unseen_codes,
        list(distinct model_version) as model_versions
    from applicant_scores

),

tested as (

    select
        count(*) filter (where split = 'out_of_time') as n_tested,
        coalesce(sum(defaulted) filter (where split = 'out_of_time'), 0) as n_defaulted,
        min(id) filter (where split = 'out_of_time') as first_id,
        max(id) filter (where split = 'out_of_time') as last_id,
        count(*) as n_known
    from int_monitored_applicants
    where defaulted is not null

),

totals as (

    select * from scored
    cross join tested

)

select * from totals
