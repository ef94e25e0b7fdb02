"""What the bot does. `ROUTERS` are tried in this order; the first handler that wants an event
gets it."""

from handlers import (
    accounts,
    corrections,
    explain,
    followups,
    help,
    leads,
    promises,
    reminders,
    second_opinion,
    silence,
    today,
)
from handlers.typed import typed_router

FEATURES = (
    promises.router,
    explain.router,
    leads.router,
    silence.router,
    corrections.router,
    second_opinion.router,
    followups.router,
)

ROUTERS = (
    accounts.router,
    help.router,
    today.router,
    typed_router(FEATURES),
    promises.router,
    explain.router,
    reminders.router,
    silence.router,
    leads.router,
    corrections.router,
    second_opinion.router,
    followups.router,
)
