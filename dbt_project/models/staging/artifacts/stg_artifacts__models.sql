with

champions as (

    select cast(content as json) ->> 'version' as version
    from {{ source('artifacts', 'champion') }}

),

manifests as (

    select
        parse_filename(parse_dirpath(filename)) as version,
        cast(content as json) as manifest
    from {{ source('artifacts', 'manifests') }}

),

distributions as (

    select
        parse_filename(parse_dirpath(filename)) as version,
        cast(content as json) as distributions,
        sha256(content) as distributions_sha256
    from {{ source('artifacts', 'distributions') }}

),

models as (

    select
        manifests.version,
        champions.version is not null as is_champion,
        manifests.manifest,
        distributions.distributions,
        distributions.distributions_sha256 = (manifests.manifest ->> '$.files."drift.json"') as is_as_trained
    from manifests
    left join distributions
        on manifests.version = distributions.version
    left join champions
        on manifests.version = champions.version

)

select * from models
