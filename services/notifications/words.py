"""Single words that templates are filled with, by language."""

from __future__ import annotations

SIGNS = {"RUB": "₽", "KZT": "₸", "EUR": "€"}

MONTHS = {
    "ru": (
        *("январь", "февраль", "март", "апрель", "май", "июнь"),
        *("июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"),
    ),
    "kk": (
        *("қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым"),
        *("шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}

REASONS = {
    "ru": {
        "PAID": "счета оплачены",
        "PROMISE": "оплата обещана",
        "DEPOSIT": "депозит пополнен",
        "CREDITED": "счета отменены",
    },
    "kk": {
        "PAID": "шоттар төленді",
        "PROMISE": "төлем уәде етілді",
        "DEPOSIT": "депозит толтырылды",
        "CREDITED": "шоттардың күші жойылды",
    },
    "en": {
        "PAID": "the invoices are paid",
        "PROMISE": "payment is promised",
        "DEPOSIT": "the deposit is topped up",
        "CREDITED": "the invoices were taken back",
    },
}
"""Why a financial lock was lifted."""

OPERATIONS = {
    "LOCK": ("блокировка", "бұғаттау", "lock"),
    "UNLOCK": ("разблокировка", "бұғаттан шығару", "unlock"),
    "CANCEL_LOCATION": ("перезагрузка", "қайта жүктеу", "reset"),
    "SET_LIMIT": ("установка лимита", "лимит орнату", "limit"),
    "CHANGE_PACKAGE": ("смена пакета", "пакетті ауыстыру", "package change"),
    "RECONNECT_PACKAGE": ("переподключение пакета", "пакетті қайта қосу", "package reconnection"),
    "SET_ROAMING": ("настройка роуминга", "роумингті баптау", "roaming"),
    "RENAME": ("переименование", "атын өзгерту", "renaming"),
    "ASSIGN_GROUPS": ("изменение групп", "топтарды өзгерту", "change of groups"),
    "MOVE": ("перенос", "көшіру", "move"),
    "SET_VIOLATION_LOCK": ("блокировка за нарушение", "бұзушылық үшін бұғаттау", "violation lock"),
    "LIFT_VIOLATION_LOCK": ("снятие блокировки за нарушение", "бұзушылық бұғатын алу", "lifting of a violation lock"),
    "SET_FINANCIAL_LOCK": ("финансовая блокировка", "қаржылық бұғаттау", "financial lock"),
    "LIFT_FINANCIAL_LOCK": ("снятие финансовой блокировки", "қаржылық бұғатты алу", "lifting of a financial lock"),
}
"""Kinds of operations, in ru, kk and en."""
