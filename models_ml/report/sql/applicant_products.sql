-- The credit products of one applicant as delivered, newest first.
select * exclude (id, raw_part) from stg_bureau__credit_products
where id = $id
order by rn desc
