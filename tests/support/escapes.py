"""Ways out of a confined DuckDB connection, which tests try."""

ESCAPES = {
    "read a text": "select * from read_text('/etc/passwd')",
    "read a CSV": "select * from read_csv('/etc/passwd', header = false)",
    "climb out of a folder": "select * from read_text('{inside}/../outside.txt')",
    "follow a link": "select * from read_text('{inside}/link')",
    "list a folder": "select * from glob('/etc/*')",
    "write a file": "copy (select 1) to '{outside}' (format csv)",
    "attach a file": "attach '{outside}.duckdb' as other",
    "export": "export database '{outside}.folder'",
    "load an extension": "load httpfs",
    "install an extension": "install httpfs",
    "read the network": "select * from read_csv('http://127.0.0.1:9/x.csv')",
    "unlock": "set enable_external_access = true",
    "allow a folder": "set allowed_directories = ['/']",
    "another setting": "set memory_limit = '99GB'",
}
"""Statements by what they try; `inside` is a folder of the connection, `outside` a path that it must not touch."""
