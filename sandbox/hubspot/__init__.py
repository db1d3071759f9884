"""The twin's HubSpot: one portal in memory that answers HubSpot's public API, traps included.

`portal.Portal` is the state (seed it directly), `service.create_app` serves it, `journal.Journal` keeps what
came in over HTTP. The specification is the reference "hubspot-api"; where it says unknown, the module that
had to decide says so in its docstring.
"""
