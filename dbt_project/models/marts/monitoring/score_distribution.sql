with

bins as (

    select * from {{ ref('int_score_bins') }}

),

distribution as (

    select
        scope,
        member,
        bin,
        from_score,
        below_score,
        expected_share,
        n_in_bin as n_applicants,
        n_in_bin / n_applicants as actual_share,
        term as psi_part
    from bins

)

select * from distribution
order by scope, member, bin
