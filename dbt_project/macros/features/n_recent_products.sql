{#
    Products kept per applicant: a whole number from the vars, so that nothing else reaches the SQL, and equal to that of
    the feature contract, which every trained model was fitted to.
#}
{% macro n_recent_products() -%}
    {%- set n_products = scorehouse.validated_number('n_recent_products', 1, 255) | int -%}
    {%- if execute and graph.nodes is defined -%} {#- a unit test has no graph -#}
        {%- set contract = graph.nodes['model.scorehouse.applicant_features'].columns['recent_products'].data_type -%}
        {%- set size = n_products * (scorehouse.bureau_columns() | length) -%}
        {%- if contract != 'utinyint[' ~ size ~ ']' -%}
            {{ exceptions.raise_compiler_error(
                "var n_recent_products: expected the number of the feature contract (recent_products is " ~ contract
                ~ "), found " ~ n_products ~ " (utinyint[" ~ size ~ "]); leave it at that: another number needs"
                ~ " another contract (models_ml/features/contract.py, then make contract) and another model"
            ) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(n_products) }}
{%- endmacro %}
