-- Raw columns in the latest time slice against the training data, the most shifted first.
with

latest as (

    select * from feature_stability
    where time_slice = (select max(time_slice) from feature_stability)

),

described as (

    select
        latest.*,
        data_dictionary.description
    from latest
    inner join data_dictionary
        on latest.column_name = data_dictionary.column_name
    order by latest.csi desc

)

select * from described
