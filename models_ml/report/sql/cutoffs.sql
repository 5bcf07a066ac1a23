-- What each cutoff would have done to applicants the model never saw.
select * from cutoff_table
where split = 'out_of_time'
order by cutoff
