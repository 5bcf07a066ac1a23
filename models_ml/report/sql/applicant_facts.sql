-- The readable numbers of one applicant.
select * exclude (recent_products) from applicant_features
where id = $id
