{#
    Fails for every row whose value is above a limit, or not a number. The limit is read from a var and checked; a
    missing value passes: what cannot be measured breaks no limit.

    Args:
        limit_var: name of the var with the limit, 0 to 100.
#}
{% test not_above(model, column_name, limit_var) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} > {{ validated_number(limit_var, 0, 100) }}

{% endtest %}
