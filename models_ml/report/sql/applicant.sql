-- One applicant's score, and where it stands among all applicants scored.
with

standing as (

    select
        count(*) as n_scored,
        count(*) filter (where scores.score < wanted.score) as n_below,
        count(*) filter (where scores.score > wanted.score) as n_above
    from applicant_scores as scores
    cross join (select score from applicant_scores where id = $id) as wanted

),

applicant as (

    select * from applicant_scores
    cross join standing
    where applicant_scores.id = $id

)

select * from applicant
