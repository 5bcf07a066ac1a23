-- Expected and observed default rates on applicants the model never saw.
select * from calibration_by_band
where split = 'out_of_time'
order by risk_band
