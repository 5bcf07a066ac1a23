{#
    Fails for every row whose value is outside a range, with the arguments of `accepted_range` in dbt_utils. A missing
    value passes (`not_null` finds it), because a figure that cannot be computed is not out of range. NaN compares as larger
    than every number, so it is above every `max_value`.

    Args:
        min_value: smallest allowed value; none for no limit.
        max_value: largest allowed value; none for no limit. Either may come from a var, as
            "{{ validated_number('name', 0, 100) }}".
        inclusive: whether the limits themselves are allowed.
#}
{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}
{%- set or_equal = '=' if inclusive else '' -%}
{%- set limits = [] -%}
{%- if min_value is not none -%}
{%- do limits.append('>' ~ or_equal ~ ' ' ~ validated_number('min_value', -1e15, value=min_value)) -%}
{%- endif -%}
{%- if max_value is not none -%}
{%- do limits.append('<' ~ or_equal ~ ' ' ~ validated_number('max_value', -1e15, value=max_value)) -%}
{%- endif %}

select {{ column_name }}
from {{ model }}
where not ({% for limit in limits %}{{ column_name }} {{ limit }}{{ ' and ' if not loop.last }}{% endfor %})

{% endtest %}
