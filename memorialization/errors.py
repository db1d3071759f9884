"""Every error of the product, drawn once; each leaf says when it is raised and whether a retry helps.

    MemorializationError
    ├── ConfigurationError      a file, parameter or connection is wrong           no retry   exit 2
    │   ├── WindowError         the window is empty, half given or in the future   no retry   exit 2
    │   └── WrongAccount        the token belongs to another Hub ID                no retry   exit 2
    ├── ApprovalNeeded          the plan is larger than crm.yaml allows            no retry   exit 3
    ├── PlanRefused             a stored plan may not be applied, or not any more  no retry   exit 1
    ├── AuthenticationError     a token or key is refused                          no retry   exit 1
    ├── PermissionMissing       the token lacks a scope or a right                 no retry   exit 1
    ├── RequestRefused          an API refused a request of ours                   no retry   exit 1
    ├── ContractBroken          an API answered what its contract does not know    no retry   exit 1
    ├── QuotaExhausted          the day's calls are used up                        tomorrow   exit 1
    ├── Unbalanced              planned values are neither written nor rejected    next run   exit 1
    ├── PartitionFailed         part of a run failed; the rest is reported         next run   exit 1
    ├── LeaseLost               another run has taken the run's window since       no retry   exit 1
    ├── StagingDamaged          a file of the run is cut short or unreadable       next run   exit 1
    └── Transient               a later try may pass                               retry      exit 1
        ├── ServiceUnavailable  5xx, a broken connection, a time-out, an HTML page
        ├── RateLimited         429 although the limiter held back
        ├── LeaseHeld           another run of the configuration works the window
        └── LedgerUnavailable   the ledger's database does not answer

A message says what happened, where, and what to do. It never holds a property value, a transcript, a phone
number or a token: services echo those in their error bodies, so bodies are translated, never passed on.
"""

from typing import ClassVar


class MemorializationError(Exception):
    """Base of all errors of the product; `retry` says whether trying the same again can help.

    `correlation_id`: HubSpot's name of the answer that led here, which its support asks for; None without one.
    """

    retry: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1
    correlation_id: str | None = None


class ConfigurationError(MemorializationError):
    """A mapping file, a parameter or a connection is unreadable or wrong. A retry does not help: mend it."""

    exit_code = 2


class WindowError(ConfigurationError):
    """A window is half given, empty, or ends before it starts. A retry does not help."""


class ApprovalNeeded(MemorializationError):
    """The plan exceeds what may be written unseen. A retry does not help: a person must approve it."""

    exit_code = 3


class PlanRefused(MemorializationError):
    """A stored plan was refused, expired, applied or altered. A retry does not help: run the window again."""


class AuthenticationError(MemorializationError):
    """A token or an access key is refused (401). A retry does not help: replace the credential."""


class PermissionMissing(MemorializationError):
    """The credential is valid but lacks a scope or a right (403). A retry does not help: grant it."""


class WrongAccount(ConfigurationError):
    """The HubSpot token belongs to another account than `account_id`. A retry does not help."""


class RequestRefused(MemorializationError):
    """An API refused a request of ours with a 4xx. A retry does not help; the message names category and code."""


class ContractBroken(MemorializationError):
    """An API answered with a status or a shape that its contract does not know. A retry does not help."""


class QuotaExhausted(MemorializationError):
    """The account's daily calls are used up. A retry helps only after the portal's midnight."""


class Unbalanced(MemorializationError):
    """After reading back, some planned values are still neither written nor rejected. The next run settles them."""


class PartitionFailed(MemorializationError):
    """At least one partition of a run failed; everything else is reported. The next run picks it up."""


class LeaseLost(MemorializationError):
    """Another run has taken the window of one that was silent for too long. A retry does not help: it works there."""


class StagingDamaged(MemorializationError):
    """A file of a run's staging is cut short or unreadable. A retry does not help; the next run fetches all anew."""


class Transient(MemorializationError):
    """Something outside failed in a way that a later try may not meet again. A retry helps."""

    retry = True


class ServiceUnavailable(Transient):
    """A service answered 5xx or HTML, reset the connection or timed out. A retry helps."""


class RateLimited(Transient):
    """A service answered 429 after all patience was used up. A retry helps, later."""


class LeaseHeld(Transient):
    """Another run of the configuration works a part of the window, or comes first. A retry helps once it has ended."""


class LedgerUnavailable(Transient):
    """The ledger's database cannot be reached. A retry helps once it is back."""
