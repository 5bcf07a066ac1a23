-- How much each raw column tells defaulters from others on its own.
select * from column_information_values
order by information_value desc, column_name asc
