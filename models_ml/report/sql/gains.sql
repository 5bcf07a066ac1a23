-- Gains and lift on applicants the model never saw.
select * from gains_by_decile
where split = 'out_of_time'
order by decile
