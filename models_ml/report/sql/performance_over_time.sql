-- How well the scores separate, by application time. A slice that was used for two things has two rows, side by side.
with

performance as (

    select
        *,
        list_position(['train', 'early_stopping', 'calibration', 'out_of_time'], split) as split_number
    from model_performance
    where scope = 'time_slice'

),

placed as (

    select
        *,
        time_slice + 0.36 * (row_number() over in_order - (count(*) over (partition by time_slice) + 1) / 2) as place
    from performance
    window in_order as (partition by time_slice order by split_number)
    order by time_slice, split_number

)

select * from placed
