{#
    Whether a model is being compiled for the records of a request, in memory. There, everyone with a record is computed,
    without a work list, batches or source fingerprints; the features are the same.
#}
{% macro is_live() -%}
    {{ return(target.name == 'live') }}
{%- endmacro %}
