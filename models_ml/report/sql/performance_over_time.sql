-- How well the scores separate, by application time.
select * from model_performance
where scope = 'time_slice'
order by time_slice, split
