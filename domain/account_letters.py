"""Letters about an account, in the reader's language: why it came, the link, and how long the link is good."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from domain.diagnosis_texts import Language


class AccountLetter(Enum):
    """What a letter is for."""

    CONFIRM = "confirm"
    ALREADY_REGISTERED = "already registered"
    RESET = "reset"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 - the name of a letter
    INVITATION = "invitation"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Letter:
    """Subject and body as plain text."""

    subject: str
    body: str


_TEXTS: dict[AccountLetter, dict[Language, tuple[str, str]]] = {
    AccountLetter.CONFIRM: {
        Language.RU: (
            "Подтвердите адрес электронной почты",
            "Здравствуйте, {name}!\n\nКомпания «{company}» зарегистрирована в NovaConnect. Подтвердите этот адрес по ссылке, она"
            " действует 3 дня:\n{link}\n\nПосле этого заявку проверит сотрудник NovaConnect, и мы напишем вам."
            " Если вы не регистрировались, ничего делать не нужно.\n",
        ),
        Language.KK: (
            "Электрондық пошта мекенжайын растаңыз",
            "Сәлеметсіз бе, {name}!\n\n«{company}» компаниясы NovaConnect жүйесінде тіркелді. Бұл мекенжайды сілтеме арқылы"
            " растаңыз, ол 3 күн жарамды:\n{link}\n\nОдан кейін өтінімді NovaConnect қызметкері тексереді, біз сізге хабарлаймыз."
            " Егер сіз тіркелмеген болсаңыз, ештеңе істеудің қажеті жоқ.\n",
        ),
        Language.EN: (
            "Confirm your e-mail address",
            "Hello {name},\n\nThe company “{company}” was registered with NovaConnect. Confirm this address by the link, which is"
            " good for 3 days:\n{link}\n\nThen NovaConnect's staff look at the request, and we write to you."
            " If it was not you, there is nothing to do.\n",
        ),
    },
    AccountLetter.ALREADY_REGISTERED: {
        Language.RU: (
            "Вы уже зарегистрированы",
            "Здравствуйте, {name}!\n\nКто-то попробовал зарегистрировать этот адрес в NovaConnect, но учётная запись уже есть."
            " Если это были вы, войдите или восстановите пароль:\n{link}\n\nЕсли нет, ничего делать не нужно.\n",
        ),
        Language.KK: (
            "Сіз тіркеліп қойғансыз",
            "Сәлеметсіз бе, {name}!\n\nБіреу бұл мекенжайды NovaConnect жүйесінде тіркемек болды, бірақ тіркелгі бұрыннан бар."
            " Егер бұл сіз болсаңыз, кіріңіз немесе құпиясөзді қалпына келтіріңіз:\n{link}\n\nБолмаса, ештеңе істеудің қажеті жоқ.\n",
        ),
        Language.EN: (
            "You are registered already",
            "Hello {name},\n\nSomebody tried to register this address with NovaConnect, and there is an account already."
            " If it was you, log in or choose a new password:\n{link}\n\nIf not, there is nothing to do.\n",
        ),
    },
    AccountLetter.RESET: {
        Language.RU: (
            "Новый пароль",
            "Здравствуйте, {name}!\n\nЗадать новый пароль NovaConnect можно по ссылке, она действует 1 час:\n{link}\n\n"
            "Если вы об этом не просили, ничего делать не нужно: пароль останется прежним.\n",
        ),
        Language.KK: (
            "Жаңа құпиясөз",
            "Сәлеметсіз бе, {name}!\n\nNovaConnect жүйесінің жаңа құпиясөзін сілтеме арқылы қоюға болады, ол 1 сағат жарамды:\n"
            "{link}\n\nЕгер сіз мұны сұрамаған болсаңыз, ештеңе істеудің қажеті жоқ: құпиясөз өзгермейді.\n",
        ),
        Language.EN: (
            "A new password",
            "Hello {name},\n\nChoose a new password for NovaConnect by the link, which is good for 1 hour:\n{link}\n\n"
            "If you did not ask for this, there is nothing to do: your password stays as it is.\n",
        ),
    },
    AccountLetter.PASSWORD_CHANGED: {
        Language.RU: (
            "Пароль изменён",
            "Здравствуйте, {name}!\n\nПароль вашей учётной записи NovaConnect изменён, другие входы завершены."
            " Если это были не вы, сразу задайте новый пароль и напишите в техническую поддержку:\n{link}\n",
        ),
        Language.KK: (
            "Құпиясөз өзгертілді",
            "Сәлеметсіз бе, {name}!\n\nNovaConnect тіркелгіңіздің құпиясөзі өзгертілді, басқа кірулер аяқталды."
            " Егер бұл сіз болмасаңыз, бірден жаңа құпиясөз қойып, техникалық қолдауға жазыңыз:\n{link}\n",
        ),
        Language.EN: (
            "Your password was changed",
            "Hello {name},\n\nThe password of your NovaConnect account was changed, and other log-ins were ended."
            " If it was not you, choose a new password at once and write to technical support:\n{link}\n",
        ),
    },
    AccountLetter.INVITATION: {
        Language.RU: (
            "Приглашение в NovaConnect",
            "Здравствуйте, {name}!\n\nВас пригласили в личный кабинет NovaConnect ({company}). Задайте пароль по ссылке, она"
            " действует 7 дней:\n{link}\n",
        ),
        Language.KK: (
            "NovaConnect жүйесіне шақыру",
            "Сәлеметсіз бе, {name}!\n\nСізді NovaConnect жеке кабинетіне шақырды ({company}). Құпиясөзді сілтеме арқылы қойыңыз,"
            " ол 7 күн жарамды:\n{link}\n",
        ),
        Language.EN: (
            "An invitation to NovaConnect",
            "Hello {name},\n\nYou have been invited to NovaConnect ({company}). Choose a password by the link, which is good for"
            " 7 days:\n{link}\n",
        ),
    },
    AccountLetter.APPROVED: {
        Language.RU: (
            "Компания подключена",
            "Здравствуйте, {name}!\n\nКомпания «{company}» подключена к NovaConnect. Войти можно здесь:\n{link}\n",
        ),
        Language.KK: (
            "Компания қосылды",
            "Сәлеметсіз бе, {name}!\n\n«{company}» компаниясы NovaConnect жүйесіне қосылды. Мұнда кіруге болады:\n{link}\n",
        ),
        Language.EN: (
            "Your company is approved",
            "Hello {name},\n\nThe company “{company}” is approved. Log in here:\n{link}\n",
        ),
    },
}


def account_letter(letter: AccountLetter, language: Language, *, name: str, link: str, company: str = "") -> Letter:
    """The letter; `company` only where the text names one."""
    subject, body = _TEXTS[letter][language]
    return Letter(f"NovaConnect: {subject}", body.format(name=name, link=link, company=company))
