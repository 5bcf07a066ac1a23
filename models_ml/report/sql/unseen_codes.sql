-- Raw columns in which codes occur that the dictionary does not know.
with

by_column as (

    select
        column_name,
        sum(n_unseen_products) as n_unseen_products,
        sum(n_unseen_products) / sum(n_products) as unseen_share,
        max(time_slice) filter (where n_unseen_products > 0) as latest_slice
    from unseen_codes
    group by column_name

),

found as (

    select * from by_column
    where n_unseen_products > 0
    order by unseen_share desc

)

select * from found
