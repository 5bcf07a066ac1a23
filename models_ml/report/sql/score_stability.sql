-- Scores against those of the calibration applicants, by application time.
select * from score_stability
where scope = 'time_slice'
order by member
