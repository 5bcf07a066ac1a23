{#
    Expression: a number from its text, null when it is missing, below 0, above 2^63 - 1, or spelled in any other way than
    plain digits: the number must be written again as it was read. A cast alone makes 2 of '1.5' and 7 of ' 007', so that
    one applicant's outcome would be another's. `NUMBER` in models_ml/warehouse/csv_files.py is the same.
#}
{% macro number_or_null(expression) -%}
    case
        when cast(try_cast({{ expression }} as bigint) as {{ type_text() }}) = {{ expression }}
            and try_cast({{ expression }} as bigint) >= 0
            then cast({{ expression }} as bigint)
    end
{%- endmacro %}
