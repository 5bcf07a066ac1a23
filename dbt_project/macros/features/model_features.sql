{#
    Expression: the columns of a row of `applicant_features` that the model reads, as the struct that score_applicant()
    takes. Fields are matched by name, so an unknown one is refused.
#}
{% macro model_features() -%}
    {{ return(adapter.dispatch('model_features')()) }}
{%- endmacro %}

{% macro duckdb__model_features() -%}
    struct_pack(*columns(* exclude (source_fingerprint)))
{%- endmacro %}

{% macro spark__model_features() -%}
    {%- set known_to_the_model = [] -%}
    {%- for column in adapter.get_columns_in_relation(ref('applicant_features')) if execute -%}
        {%- if column.name not in ['features_hash', 'source_fingerprint'] -%}
            {%- do known_to_the_model.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    struct({{ known_to_the_model | join(', ') }})
{%- endmacro %}
