{#
    Whether a model is compiled for the records of a request, in memory. Everyone with a record is computed there, so
    the work list and what comes from it (batches, source fingerprints) are left out; the features are the same.
#}
{% macro is_live() -%}
    {{ return(target.name == 'live') }}
{%- endmacro %}
