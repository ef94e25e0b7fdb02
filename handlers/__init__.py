"""What the bot does. `ROUTERS` are tried in this order; the first handler that wants an event
gets it."""

from handlers import (
    accounts,
    addresses,
    answers,
    arrivals,
    calendar,
    channels,
    checkup,
    contacts,
    corrections,
    customer_tags,
    explain,
    files,
    followups,
    help,
    leads,
    namecards,
    offline,
    promises,
    quotas,
    recalls,
    refusals,
    remarks,
    reminders,
    second_opinion,
    silence,
    tags,
    today,
    voice,
)
from handlers.typed import typed_router
from handlers.voice import voice_router

FEATURES = (
    promises.router,
    explain.router,
    leads.router,
    silence.router,
    corrections.router,
    answers.router,
    voice.router,
    second_opinion.router,
    followups.router,
    calendar.router,
)

READERS = (
    help.router,
    checkup.router,
    addresses.router,
    today.router,
    channels.router,
    answers.router,
    remarks.router,
    typed_router(FEATURES),
    calendar.router,
    promises.router,
    explain.router,
    reminders.router,
    silence.router,
    leads.router,
    contacts.router,
    customer_tags.router,
    tags.router,
    corrections.router,
    voice.router,
    second_opinion.router,
    followups.router,
    namecards.router,
    arrivals.router,
    recalls.router,
    refusals.router,
    files.router,
    quotas.router,
    offline.router,
)
"""What a voice message is read by, once it is written down."""

ROUTERS = (accounts.router, voice_router(READERS), *READERS)
