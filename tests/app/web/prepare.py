"""Fills Airflow's database for the pages: its DAGs, and two users of the FAB auth manager, of whom one may read none.

A process of its own, because Airflow reads its environment when it is imported.
"""

import sys
from argparse import Namespace


def main(password: str) -> None:
    from airflow.cli.commands.dag_command import dag_reserialize
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
    from airflow.providers.fab.www.security.permissions import ACTION_CAN_READ, RESOURCE_PLUGIN

    dag_reserialize(Namespace(bundle_name=None))
    with get_application_builder() as builder:
        manager = builder.sm
        manager.sync_roles()
        reader, stranger = manager.add_role("Reader"), manager.add_role("Stranger")
        for role in (reader, stranger):  # Airflow's UI shows views of plugins only to who may read this list of them
            manager.add_permission_to_role(role, manager.create_permission(ACTION_CAN_READ, RESOURCE_PLUGIN))
        for name, roles in (("ana", [reader, manager.find_role("Viewer")]), ("gus", [stranger])):
            assert manager.add_user(name, name, "", f"{name}@example.com", roles, password)


if __name__ == "__main__":
    main(sys.argv[1])
