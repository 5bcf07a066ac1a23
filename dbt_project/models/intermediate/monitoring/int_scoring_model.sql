with

models as (

    select * from {{ ref('stg_artifacts__models') }}

),

scores as (

    select distinct model_version from {{ ref('applicant_scores') }}

),

scoring as (

    select
        models.version,
        cast(models.manifest ->> '$.data.slices.train.last_id' as bigint) as last_train_id,
        cast(models.manifest ->> '$.data.slices.early_stopping.last_id' as bigint) as last_early_stopping_id,
        cast(models.manifest ->> '$.data.slices.calibration.last_id' as bigint) as last_calibration_id,
        cast(models.manifest ->> '$.data.slices.train.applicants' as bigint) as n_train,
        cast(models.manifest ->> '$.data.slices.calibration.applicants' as bigint) as n_calibration,
        models.distributions
    from models
    inner join scores
        on models.version = scores.model_version

)

select * from scoring
