"""All tables. Import from here: it fills the metadata."""

from __future__ import annotations

from backend.store.tables.base import metadata
from backend.store.tables.board import board_deeds, board_log
from backend.store.tables.callbacks import callback_tasks
from backend.store.tables.calls import (
    call_events,
    call_legs,
    calls,
    command_results,
    crm_calls,
    intents,
)
from backend.store.tables.contacts import (
    contact_choices,
    inbox,
    phone_index,
    phone_index_doubts,
)
from backend.store.tables.dialer import (
    dialer_attempts,
    dialer_consents,
    dialer_dispositions,
    dialer_items,
    dialer_lists,
    dialer_runs,
    dialer_stops,
)
from backend.store.tables.grants import crm_bindings, crm_grants
from backend.store.tables.installs import crm_clients, crm_installs, pairings, pending_installs
from backend.store.tables.lines import issued_lines
from backend.store.tables.outgoing import asked_calls, manager_answers
from backend.store.tables.people import (
    accounts,
    crm_connections,
    employee_numbers,
    employees,
    group_members,
    groups,
    sessions,
    status_log,
    statuses,
)
from backend.store.tables.recordings import recordings
from backend.store.tables.routing import (
    scenarios,
    switch_accounts,
    switch_connections,
    virtual_numbers,
)
from backend.store.tables.settings import account_settings, settings_log, team_members, teams
from backend.store.tables.sounds import sounds
from backend.store.tables.sync import crm_people, crm_seen, employee_syncs, workdays
from backend.store.tables.technical import leases
from backend.store.tables.uis import uis_legs, uis_letters, uis_statuses
from backend.store.tables.visits import number_leases, visit_events, visit_keys, visits

__all__ = [
    "account_settings",
    "accounts",
    "asked_calls",
    "board_deeds",
    "board_log",
    "call_events",
    "call_legs",
    "callback_tasks",
    "calls",
    "command_results",
    "contact_choices",
    "crm_bindings",
    "crm_calls",
    "crm_clients",
    "crm_connections",
    "crm_grants",
    "crm_installs",
    "crm_people",
    "crm_seen",
    "dialer_attempts",
    "dialer_consents",
    "dialer_dispositions",
    "dialer_items",
    "dialer_lists",
    "dialer_runs",
    "dialer_stops",
    "employee_numbers",
    "employee_syncs",
    "employees",
    "group_members",
    "groups",
    "inbox",
    "intents",
    "issued_lines",
    "leases",
    "manager_answers",
    "metadata",
    "number_leases",
    "pairings",
    "pending_installs",
    "phone_index",
    "phone_index_doubts",
    "recordings",
    "scenarios",
    "sessions",
    "settings_log",
    "sounds",
    "status_log",
    "statuses",
    "switch_accounts",
    "switch_connections",
    "team_members",
    "teams",
    "uis_legs",
    "uis_letters",
    "uis_statuses",
    "virtual_numbers",
    "visit_events",
    "visit_keys",
    "visits",
    "workdays",
]
