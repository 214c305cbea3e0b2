"""The words of a diagnosis in Russian, Kazakh and English: what each step looks at, what it saw, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from domain.diagnosis import CheckedStep, DiagnosisStep, Finding


class Language(StrEnum):
    """A language of people (ISO 639-1)."""

    RU = "RU"
    KK = "KK"
    EN = "EN"


Text = Mapping[Language, str]


def _text(ru: str, kk: str, en: str) -> Text:
    return {Language.RU: ru, Language.KK: kk, Language.EN: en}


TITLES: Mapping[DiagnosisStep, Text] = {
    DiagnosisStep.FINANCIAL_LOCK: _text("Финансовая блокировка", "Қаржылық бұғаттау", "Financial lock"),
    DiagnosisStep.UNPAID_INVOICES: _text("Неоплаченные счета", "Төленбеген шоттар", "Unpaid invoices"),
    DiagnosisStep.VOLUNTARY_LOCK: _text("Пользовательская блокировка", "Пайдаланушы бұғаттауы", "Voluntary lock"),
    DiagnosisStep.MSU_LOCK: _text("Блокировка по MSU", "MSU бойынша бұғаттау", "MSU lock"),
    DiagnosisStep.OTHER_BLOCK: _text("Другие блокировки", "Басқа бұғаттаулар", "Other blocks"),
    DiagnosisStep.PACKAGE: _text("Пакет", "Трафик пакеті", "Package"),
    DiagnosisStep.LIMIT: _text("Лимит", "Трафик лимиті", "Limit"),
    DiagnosisStep.SESSION: _text("Сессия", "Деректер сессиясы", "Session"),
    DiagnosisStep.REGISTRATION: _text("Регистрация в сети", "Желіде тіркелу", "Registration"),
    DiagnosisStep.LAST_RESET: _text("Последняя перезагрузка", "Соңғы қайта жүктеу", "Last reset"),
    DiagnosisStep.COVERAGE: _text("Покрытие тарифного плана", "Тарифтік жоспардың қамтуы", "Coverage of the plan"),
}

EVIDENCE: Mapping[str, Text] = {
    "LOCKED_SINCE": _text("Блокировка стоит с {since}.", "Бұғаттау {since} бастап тұр.", "Locked since {since}."),
    "NOT_LOCKED": _text("Блокировки нет.", "Бұғаттау жоқ.", "There is no such lock."),
    "INVOICES_NOT_KEPT": _text(
        "Счета здесь пока не ведутся: проверьте их у менеджера.",
        "Шоттар мұнда әзірге жүргізілмейді: оларды менеджерден тексеріңіз.",
        "Invoices are not kept here yet: check them with your manager.",
    ),
    "MSU_NO_DATA": _text(
        "Блокировки нет, данных о количестве MSU нет.",
        "Бұғаттау жоқ, MSU саны туралы дерек жоқ.",
        "Not locked; there is no data on the number of MSU.",
    ),
    "MSU_COUNT": _text(
        "Блокировки нет, MSU: {count}.", "Бұғаттау жоқ, MSU: {count}.", "Not locked; the number of MSU is {count}."
    ),
    "LEFT_OPERATOR": _text(
        "Оператор не показывает сим-карту с {since}.",
        "Оператор сим-картаны {since} бастап көрсетпейді.",
        "The operator has not listed the SIM since {since}.",
    ),
    "BLOCK_NOT_KNOWN": _text(
        "Оператор ещё не сообщил состояние сим-карты.",
        "Оператор сим-картаның күйін әлі хабарлаған жоқ.",
        "The operator has not told the state of the SIM yet.",
    ),
    "BLOCKED_BY_OPERATOR": _text(
        "Сим-карта заблокирована оператором, хотя у нас причин блокировки нет.",
        "Сим-картаны оператор бұғаттаған, бірақ бізде бұғаттау себебі жоқ.",
        "The operator blocks the SIM although no lock of ours stands.",
    ),
    "NO_PACKAGES": _text(
        "Сим-карта этого профиля работает без пакетов.",
        "Бұл профильдегі сим-карта пакетсіз жұмыс істейді.",
        "SIMs of this profile have no packages.",
    ),
    "PACKAGE_USED_UP": _text(
        "Пакет закончился, блокировка с {since}.",
        "Пакет таусылды, {since} бастап бұғатталған.",
        "The package is used up; locked since {since}.",
    ),
    "PACKAGE_NOT_KNOWN": _text(
        "Остаток пакета неизвестен.", "Пакет қалдығы белгісіз.", "What is left of the package is not known."
    ),
    "PACKAGE_LEFT": _text(
        "Осталось {left} МБ из {size} МБ.", "{size} МБ-тан {left} МБ қалды.", "{left} MB of {size} MB are left."
    ),
    "NO_LIMITS": _text(
        "Для этого профиля лимит не устанавливается.",
        "Бұл профильге лимит қойылмайды.",
        "SIMs of this profile have no limit.",
    ),
    "LIMIT_NOT_KNOWN": _text("Лимит неизвестен.", "Лимит белгісіз.", "The limit is not known."),
    "LIMIT_NONE": _text("Лимита нет.", "Лимит жоқ.", "There is no limit."),
    "LIMIT_USED": _text(
        "Израсходовано {used} МБ из {size} МБ за месяц.",
        "Осы айда {size} МБ-тан {used} МБ жұмсалды.",
        "{used} MB of {size} MB of this month are used.",
    ),
    "SESSION_NOT_KNOWN": _text(
        "Оператор не сообщил о сессии.",
        "Оператор сессия туралы хабарламады.",
        "The operator has not told about sessions.",
    ),
    "SESSION_ACTIVE": _text(
        "Сессия активна с {since}.", "Сессия {since} бастап белсенді.", "A session is open since {since}."
    ),
    "SESSION_NEVER": _text("Сессий ещё не было.", "Сессия әлі болған жоқ.", "There has been no session."),
    "SESSION_ENDED": _text(
        "Последняя сессия закончилась {since}.", "Соңғы сессия {since} аяқталды.", "The last session ended at {since}."
    ),
    "REGISTRATION_NOT_KNOWN": _text(
        "Сведений о регистрации в сети нет.", "Желіде тіркелу туралы дерек жоқ.", "Nothing is known of a registration."
    ),
    "REGISTERED": _text(
        "Регистрация с {since}: {place}.", "{since} бастап тіркелген: {place}.", "Registered since {since}: {place}."
    ),
    "RESET_NEVER": _text("Перезагрузки не было.", "Қайта жүктеу болған жоқ.", "There has been no reset."),
    "RESET_WORKED": _text(
        "После перезагрузки {since} сим-карта появлялась в сети.",
        "{since} қайта жүктеуден кейін сим-карта желіде көрінді.",
        "After the reset of {since} the SIM was seen on the network.",
    ),
    "RESET_UNDER_WAY": _text(
        "Перезагрузка принята {since} и ещё идёт.",
        "Қайта жүктеу {since} қабылданды, әлі жүріп жатыр.",
        "A reset was accepted at {since} and is under way.",
    ),
    "RESET_WITHOUT_EFFECT": _text(
        "После перезагрузки {since} сим-карта в сети не появлялась.",
        "{since} қайта жүктеуден кейін сим-карта желіде көрінбеді.",
        "After the reset of {since} the SIM was not seen on the network.",
    ),
    "NO_PLAN": _text(
        "Список сетей для этой сим-карты не ведётся.",
        "Бұл сим-карта үшін желілер тізімі жүргізілмейді.",
        "No list of networks is kept for this SIM.",
    ),
    "OUTSIDE_PLAN": _text(
        "Последняя сеть ({place}) не входит в план {plan}.",
        "Соңғы желі ({place}) {plan} жоспарына кірмейді.",
        "The last network ({place}) is not in the plan {plan}.",
    ),
    "INSIDE_PLAN": _text(
        "Последняя сеть ({place}) входит в план {plan}.",
        "Соңғы желі ({place}) {plan} жоспарына кіреді.",
        "The last network ({place}) is in the plan {plan}.",
    ),
    "NETWORK_NOT_KNOWN": _text(
        "Неизвестно, входит ли последняя сеть в план {plan}.",
        "Соңғы желінің {plan} жоспарына кіретіні белгісіз.",
        "It is not known whether the last network is in the plan {plan}.",
    ),
}

NEXT_ACTIONS: Mapping[Finding, Text] = {
    Finding.LEFT_OPERATOR: _text(
        "Обратитесь в техническую поддержку: оператор больше не показывает эту сим-карту.",
        "Техникалық қолдауға хабарласыңыз: оператор бұл сим-картаны енді көрсетпейді.",
        "Contact technical support: the operator no longer lists this SIM.",
    ),
    Finding.MSU_LOCKED: _text(
        "Замените сим-карту: блокировка по MSU безвозвратная.",
        "Сим-картаны ауыстырыңыз: MSU бойынша бұғаттау қайтарылмайды.",
        "Replace the SIM: an MSU lock is irrevocable.",
    ),
    Finding.VIOLATION_LOCKED: _text(
        "Обратитесь в техническую поддержку: сим-карта заблокирована за нарушение правил.",
        "Техникалық қолдауға хабарласыңыз: сим-карта ереже бұзғаны үшін бұғатталған.",
        "Contact technical support: the SIM is locked for a violation of the rules.",
    ),
    Finding.FINANCIAL_LOCKED: _text(
        "Оплатите все счета: после зачисления блокировка снимется автоматически.",
        "Барлық шотты төлеңіз: төлем түскен соң бұғаттау өздігінен алынады.",
        "Pay all invoices: once the payment is credited the lock is lifted automatically.",
    ),
    Finding.PACKAGE_LOCKED: _text(
        "Переподключите пакет и, чтобы это не повторилось, включите автоматическое переподключение.",
        "Пакетті қайта қосыңыз, қайталанбауы үшін автоматты қайта қосуды іске қосыңыз.",
        "Reconnect the package and, so that it does not happen again, switch automatic reconnection on.",
    ),
    Finding.VOLUNTARILY_LOCKED: _text("Разблокируйте сим-карту.", "Сим-картаның бұғатын алыңыз.", "Unlock the SIM."),
    Finding.BLOCKED_BY_OPERATOR: _text(
        "Обратитесь в техническую поддержку: блокировку поставил оператор.",
        "Техникалық қолдауға хабарласыңыз: бұғаттауды оператор қойған.",
        "Contact technical support: the operator has set the block.",
    ),
    Finding.LIMIT_REACHED: _text(
        "Увеличьте или снимите лимит, либо дождитесь первого числа следующего месяца.",
        "Лимитті көбейтіңіз не алып тастаңыз, немесе келесі айдың бірінші күнін күтіңіз.",
        "Raise or remove the limit, or wait for the first day of the next month.",
    ),
    Finding.WORKING: _text(
        "Ничего делать не нужно: сим-карта работает. Если связи всё же нет, проверьте устройство.",
        "Ештеңе істеудің қажеті жоқ: сим-карта жұмыс істейді. Байланыс сонда да болмаса, құрылғыны тексеріңіз.",
        "Nothing needs to be done: the SIM works. If there is no connection all the same, check the device.",
    ),
    Finding.UNKNOWN: _text(
        "Повторите диагностику позже: оператор ещё не сообщил о сессиях этой сим-карты.",
        "Диагностиканы кейінірек қайталаңыз: оператор бұл сим-картаның сессиялары туралы әлі хабарлаған жоқ.",
        "Repeat the diagnosis later: the operator has not told about sessions of this SIM yet.",
    ),
    Finding.OUTSIDE_COVERAGE: _text(
        "Включите роуминг во всех доступных странах или переместите устройство в сеть из плана.",
        "Барлық қолжетімді елдерде роумингті қосыңыз немесе құрылғыны жоспардағы желіге көшіріңіз.",
        "Switch roaming in all available countries on, or move the device to a network of the plan.",
    ),
    Finding.RESET_UNDER_WAY: _text(
        "Подождите: перезагрузка может занять до 10 часов.",
        "Күте тұрыңыз: қайта жүктеу 10 сағатқа дейін созылуы мүмкін.",
        "Wait: a reset may take up to 10 hours.",
    ),
    Finding.RESET_WITHOUT_EFFECT: _text(
        "Проверьте устройство на месте: питание, антенну и точку доступа (APN). Если всё в порядке, обратитесь в"
        " техническую поддержку.",
        "Құрылғыны орнында тексеріңіз: қуат көзі, антенна және қатынау нүктесі (APN). Бәрі дұрыс болса, техникалық қолдауға"
        " хабарласыңыз.",
        "Check the device on site: power, antenna and access point (APN). If all is well, contact technical support.",
    ),
    Finding.NO_SESSION: _text(
        "Перезагрузите сим-карту и посмотрите снова через несколько часов.",
        "Сим-картаны қайта жүктеп, бірнеше сағаттан кейін қайта қараңыз.",
        "Reset the SIM and look again in a few hours.",
    ),
}


def evidence(step: CheckedStep, language: Language) -> str:
    """What a step saw, in a sentence."""
    values = {name: _shown(value) for name, value in step.values.items()}
    return EVIDENCE[step.text][language].format_map(values)


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%d.%m.%Y %H:%M UTC")
    return "?" if value is None else str(value)
