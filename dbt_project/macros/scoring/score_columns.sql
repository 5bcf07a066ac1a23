{#
    Select list: the columns of a score, from what score_applicant() returns and the vars of this run; for the table and
    for applicants scored live alike.

    Args:
        scored: expression of the struct that score_applicant() returned.
        features_hash: expression of the hash of the features it was given.
#}
{% macro score_columns(scored, features_hash='features_hash') -%}
    {{ scored }}.pd as pd,
    {{ scored }}.score as score,
    {{ scored }}.risk_band as risk_band,
    {{ decision(scored ~ '.pd') | indent(4) }} as decision,
    {{ expected_loss(scored ~ '.pd') }} as expected_loss,
    {{ scored }}.reason_codes as reason_codes,
    {{ scored }}.contributions as contributions,
    {{ scored }}.thin_file as thin_file,
    {{ scored }}.unseen_code_count as unseen_code_count,
    {{ scored }}.model_version as model_version,
    {{ decision_policy() }} as decision_policy,
    {%- for column, number in policy_numbers().items() %}
    cast('{{ number }}' as double) as {{ column }},
    {%- endfor %}
    {{ scored }}.contract_hash as contract_hash,
    {{ features_hash }} as features_hash,
    '{{ invocation_id }}' as run_id,
    {{ run_start() }} as scored_at
{%- endmacro %}
