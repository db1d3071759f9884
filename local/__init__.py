"""One machine's stage: embedded PostgreSQL, the twin and Airflow's processes, for the demonstration and the tests.

Everything started here is stopped again, whatever happens. Production uses none of it.
"""
