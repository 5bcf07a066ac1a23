-- Who was scored, by which model, and on whom it is measured.
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
        count(*) as n_tested,
        coalesce(sum(defaulted), 0) as n_defaulted,
        min(id) as first_id,
        max(id) as last_id
    from int_monitored_applicants
    where
        split = 'out_of_time'
        and defaulted is not null

),

totals as (

    select * from scored
    cross join tested

)

select * from totals
