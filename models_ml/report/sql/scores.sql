-- Applicants scored, by points in bins of equal width.
with

bins as (

    select
        cast(floor(score / $width) * $width as integer) as points_from,
        count(*) as n_applicants,
        count(*) / sum(count(*)) over () as share_of_applicants
    from applicant_scores
    group by points_from

),

named as (

    select
        *,
        points_from + $width / 2 as middle,
        points_from || ' to ' || points_from + $width - 1 as points
    from bins
    order by points_from

)

select * from named
