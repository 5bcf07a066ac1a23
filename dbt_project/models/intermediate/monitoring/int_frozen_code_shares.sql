with

models as (

    select * from {{ ref('int_scoring_model') }}

),

columns as (

    select
        n_train,
        unnest(map_entries(from_json(distributions -> 'code_shares', '"map(varchar, double[])"'))) as entry
    from models

),

shares as (

    select
        n_train,
        entry.key as column_name,
        unnest(range(len(entry.value))) as position,
        unnest(entry.value) as training_share
    from columns

)

select * from shares
