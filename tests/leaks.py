"""What must be found nowhere but in staging and in HubSpot, and the places where it is searched for."""

import re
from collections.abc import Mapping
from pathlib import Path

import httpx
import psycopg2
import pyarrow.parquet as pq

from local.stage import Twin
from tests.app.command import text_of

CREDENTIALS = ("pat-eu1-acme-demo", "acme-access-key", "acme-access-secret", "Bearer ")


def secrets_of(services: Twin, day: tuple[str, str]) -> dict[str, set[str]]:
    """What CXone serves of its customers, by kind; each long enough not to be met by chance."""
    key = {"accessKeyId": "acme-access-key", "accessKeySecret": "acme-access-secret"}
    with httpx.Client(base_url=services.cxone, headers={"Accept": "application/json"}) as cxone:
        token = cxone.post("/authentication/v1/token/access-key", json=key).json()["access_token"]
        cxone.headers["Authorization"] = f"Bearer {token}"
        span = {"startDate": day[0], "endDate": day[1]}
        calls = cxone.get("/incontactapi/services/v30.0/contacts/completed", params=span).json()["completedContacts"]
        days: dict[str, str | int] = {"date[from]": day[0][:10], "date[to]": day[1][:10], "size": 500}
        cases = cxone.get("/dfo/3.0/contacts", params=days).json()["data"]
        messages = [
            message
            for case in cases
            for message in cxone.get(f"/dfo/3.0/contacts/{case['id']}/messages").json()["data"]
        ]
        words = {str(m["messageContent"].get("text") or "") for m in messages}
        people = [case["authorEndUserIdentity"] for case in cases]
    addresses = {str(call[side]) for call in calls for side in ("fromAddress", "toAddress")}
    addresses |= {person["idOnExternalPlatform"] for person in people}
    found = {
        "words": {line for text in words for line in text.splitlines()},
        "notes": {str(call.get("dispositionNotes") or "") for call in calls},
        "names": {person["fullName"] for person in people},
        "addresses": addresses | {re.sub(r"\D", "", a)[-10:] for a in addresses if "@" not in a},
    }
    return {
        kind: {text for text in texts if len(text) >= 9 and "000000" not in text}  # as in the records' own ids
        for kind, texts in found.items()
    }


def leaks(places: Mapping[str, str], secrets: Mapping[str, set[str]]) -> list[tuple[str, str, str]]:
    """(place, kind, text) of each secret that stands in one of the places."""
    return [
        (place, kind, text)
        for place, content in places.items()
        for kind, texts in secrets.items()
        for text in texts
        if text in content
    ]


def texts_below(folder: Path) -> dict[str, str]:
    """Every file below a folder as text, by its path."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): text_of(path) for path in files}


def tables(socket: str, database: str) -> dict[str, str]:
    """Every table of a database as text."""
    with psycopg2.connect(host=socket, user="postgres", dbname=database) as connection, connection.cursor() as cursor:
        cursor.execute("select table_name from information_schema.tables where table_schema = 'public'")
        found = {}
        for (name,) in cursor.fetchall():
            cursor.execute(f'select string_agg(row_to_json(t)::text, chr(10)) from "{name}" t')
            (found[name],) = cursor.fetchone() or ("",)
    connection.close()
    return {name: text or "" for name, text in found.items()}


def staged(folder: Path) -> dict[str, str]:
    """What staging's files hold, as text."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path): pq.read_table(path).to_pandas().to_csv() if path.suffix == ".parquet" else path.read_text()
        for path in files
    }
