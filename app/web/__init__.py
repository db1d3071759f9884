"""The pages inside Airflow: every page needs a log-in, reads the ledger and stored reports, and writes nothing."""
