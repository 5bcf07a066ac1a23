{#
    The few places where the SQL of DuckDB and Spark differs, one macro each; the larger differences (packed counters,
    latest products, raw files) are dispatched where they belong. Whatever is silently different on the two engines is
    written so that it cannot matter: no division by zero, no ordering of NULLs, no rounding cast, no `max_by` over NULLs.
#}

{# Type of a number from 0 to 255. Spark has no unsigned types. #}
{% macro type_byte() -%}
    {{ return(adapter.dispatch('type_byte')()) }}
{%- endmacro %}

{% macro default__type_byte() -%} utinyint {%- endmacro %}

{% macro spark__type_byte() -%} smallint {%- endmacro %}

{# Type of a text of any length. #}
{% macro type_text() -%}
    {{ return(adapter.dispatch('type_text')()) }}
{%- endmacro %}

{% macro default__type_text() -%} varchar {%- endmacro %}

{% macro spark__type_text() -%} string {%- endmacro %}

{# Type of a string of bytes. #}
{% macro type_blob() -%}
    {{ return(adapter.dispatch('type_blob')()) }}
{%- endmacro %}

{% macro default__type_blob() -%} blob {%- endmacro %}

{% macro spark__type_blob() -%} binary {%- endmacro %}

{# Expression: an integer as a number from 0 to 255, null when it is none. #}
{% macro byte_or_null(expression) -%}
    {{ return(adapter.dispatch('byte_or_null')(expression)) }}
{%- endmacro %}

{% macro default__byte_or_null(expression) -%}
    try_cast({{ expression }} as utinyint)
{%- endmacro %}

{% macro spark__byte_or_null(expression) -%}
    case when {{ expression }} between 0 and 255 then cast({{ expression }} as smallint) end
{%- endmacro %}

{#
    Expression: quotient of two integers that are not negative, rounded down. `/` divides to a fraction on both engines.
#}
{% macro whole_quotient(dividend, divisor) -%}
    {{ return(adapter.dispatch('whole_quotient')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__whole_quotient(dividend, divisor) -%}
    {{ dividend }} // {{ divisor }}
{%- endmacro %}

{% macro spark__whole_quotient(dividend, divisor) -%}
    {{ dividend }} div {{ divisor }}
{%- endmacro %}

{#
    Expression: the number of products with a code, from a count array.

    Args:
        counts: the array.
        code: the code, 0 for the first element.
#}
{% macro count_of_code(counts, code) -%}
    {{ return(adapter.dispatch('count_of_code')(counts, code)) }}
{%- endmacro %}

{% macro default__count_of_code(counts, code) -%}
    {{ counts }}[{{ code + 1 }}]
{%- endmacro %}

{% macro spark__count_of_code(counts, code) -%}
    element_at({{ counts }}, {{ code + 1 }})
{%- endmacro %}

{# Expression: a list of values. #}
{% macro list_of(values) -%}
    {{ return(adapter.dispatch('list_of')(values)) }}
{%- endmacro %}

{% macro default__list_of(values) -%}
    [{{ values | join(', ') }}]
{%- endmacro %}

{% macro spark__list_of(values) -%}
    array({{ values | join(', ') }})
{%- endmacro %}

{#
    Expression: sum of the whole numbers of a list, each times its weight.

    Args:
        list: as many numbers as weights; the sum and all on the way to it are below 2^53, so doubles hold them exactly.
        weights: whole numbers.
#}
{% macro weighted_sum(list, weights) -%}
    {{ return(adapter.dispatch('weighted_sum')(list, weights)) }}
{%- endmacro %}

{% macro default__weighted_sum(list, weights) -%}
    cast(list_inner_product(cast({{ list }} as double[]), {{ weights }}::double[]) as integer)
{%- endmacro %}

{% macro spark__weighted_sum(list, weights) -%}
    (
        {%- for weight in weights if weight -%}
        {{ weight }} * cast(element_at({{ list }}, {{ loop.index }}) as int){{ " + " if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}

{# Expression: arrays of different lengths, one after the other, as one list. #}
{% macro joined_arrays(arrays) -%}
    {{ return(adapter.dispatch('joined_arrays')(arrays)) }}
{%- endmacro %}

{% macro default__joined_arrays(arrays) -%}
    flatten([
        {%- for array in arrays %}cast({{ array }} as {{ type_byte() }}[]){{ ", " if not loop.last }}{% endfor -%}
    ])
{%- endmacro %}

{% macro spark__joined_arrays(arrays) -%}
    flatten(array({{ arrays | join(', ') }}))
{%- endmacro %}

{# Select list: the elements of an array as rows, `position` from 0 and `n_products`. #}
{% macro positions_and_counts(counts, n_positions) -%}
    {{ return(adapter.dispatch('positions_and_counts')(counts, n_positions)) }}
{%- endmacro %}

{% macro default__positions_and_counts(counts, n_positions) -%}
    unnest(range({{ n_positions }})) as position,
        unnest({{ counts }}) as n_products
{%- endmacro %}

{% macro spark__positions_and_counts(counts, n_positions) -%}
    posexplode({{ counts }}) as (position, n_products)
{%- endmacro %}

{#
    Aggregate: values joined by commas in a given order. dbt's own `listagg` has no order on Spark.

    Args:
        expression: the text to join.
        order_by: what to order by; unique, so that the result is.
#}
{% macro joined_in_order(expression, order_by) -%}
    {{ return(adapter.dispatch('joined_in_order')(expression, order_by)) }}
{%- endmacro %}

{% macro default__joined_in_order(expression, order_by) -%}
    string_agg({{ expression }}, ',' order by {{ order_by }})
{%- endmacro %}

{% macro spark__joined_in_order(expression, order_by) -%}
    array_join(
        transform(
            array_sort(collect_list(struct({{ order_by }} as place, {{ expression }} as word))), found -> found.word
        ), ','
    )
{%- endmacro %}

{# Expression: a number from 0 to 2^62 with one bit set. #}
{% macro single_bit(position) -%}
    {{ return(adapter.dispatch('single_bit')(position)) }}
{%- endmacro %}

{% macro default__single_bit(position) -%}
    cast(1 as bigint) << {{ position }}
{%- endmacro %}

{% macro spark__single_bit(position) -%}
    shiftleft(cast(1 as bigint), cast({{ position }} as integer))
{%- endmacro %}

{# Expression: MD5 of a text, 32 hexadecimal digits. The cast is for Sail, which gives a text type Spark does not know. #}
{% macro md5_text(expression) -%}
    {{ return(adapter.dispatch('md5_text')(expression)) }}
{%- endmacro %}

{% macro default__md5_text(expression) -%}
    md5({{ expression }})
{%- endmacro %}

{% macro spark__md5_text(expression) -%}
    cast(md5({{ expression }}) as string)
{%- endmacro %}
