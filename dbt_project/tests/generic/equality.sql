{#
    Fails for every combination of values that is in one of two models and not in the other, as `equality` of dbt_utils.

    Args:
        compare_model: the other model.
        compare_columns: names of the columns compared.
#}
{% test equality(model, compare_model, compare_columns) %}
{%- set columns = compare_columns | join(', ') %}

(select {{ columns }} from {{ model }} except select {{ columns }} from {{ compare_model }})
union all
(select {{ columns }} from {{ compare_model }} except select {{ columns }} from {{ model }})

{% endtest %}
