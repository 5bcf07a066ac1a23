{#
    Fails for every row whose value is outside a closed range, missing, or not a number (NaN compares as larger than
    every number in DuckDB, so it is outside too).

    Args:
        minimum: smallest allowed value.
        maximum: largest allowed value.
#}
{% test within_range(model, column_name, minimum, maximum) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} is null or not ({{ column_name }} >= {{ minimum }} and {{ column_name }} <= {{ maximum }})

{% endtest %}
