"""Inputs as other people's machines and programs write them, each with what is right for it.

One module for each kind of input holds a list `CASES` of `InputCase`. `Testing/Python/Cases/test_input_cases.py` runs
all of them, and `Testing/Benchmarks/input_cases_table.py` prints the table of `Testing/CASES.md`.
"""
