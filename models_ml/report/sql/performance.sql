-- How well the scores separate, on applicants the model never saw.
select * from model_performance
where
    scope = 'split'
    and split = 'out_of_time'
