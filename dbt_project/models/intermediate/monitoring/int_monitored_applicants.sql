with

scores as (

    select * from {{ ref('applicant_scores') }}

),

slices as (

    select * from {{ ref('int_applicant_slices') }}

),

models as (

    select * from {{ ref('int_scoring_model') }}

),

monitored as (

    select
        scores.id,
        scores.pd,
        scores.score,
        scores.risk_band,
        scores.expected_loss,
        slices.time_slice,
        slices.raw_part,
        slices.defaulted,
        -- By the slices the model was trained on, which later deliveries do not move. Anyone who applied before the
        -- last applicant of a slice counts as seen, even when the training drew a sample.
        case
            when scores.id <= models.last_train_id then 'train'
            when scores.id <= models.last_early_stopping_id then 'early_stopping'
            when scores.id <= models.last_calibration_id then 'calibration'
            else 'out_of_time'
        end as split
    from scores
    inner join slices
        on scores.id = slices.id
    inner join models
        on scores.model_version = models.version

)

select * from monitored
