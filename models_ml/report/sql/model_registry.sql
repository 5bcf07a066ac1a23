-- All models and how they came to score.
select * from model_registry
order by created_at desc
