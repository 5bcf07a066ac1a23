-- The business groups of one applicant, in words, those that add most to the risk first.
with

contributions as (

    select
        unnest(contributions) as contribution,
        unnest(range(1, len(contributions) + 1)) as group_number
    from applicant_scores
    where id = $id

),

reasons as (

    select
        reason_codes.code,
        reason_codes.business_group,
        reason_codes.text,
        reason_codes.adverse_action_text,
        contributions.contribution
    from contributions
    inner join reason_codes
        on contributions.group_number = cast(substr(reason_codes.code, 2) as integer)
    order by contributions.contribution desc

)

select * from reasons
