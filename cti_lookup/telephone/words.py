"""
Words and digit strings that phone systems send in place of a number.

Words are compared *squashed*: compatibility forms folded, accents and everything that is neither letter nor
digit dropped, case ignored. `"<Out_Of-Area>"` and `outofarea` are one word.
"""

import unicodedata
from typing import Final


def squash(text: str) -> str:
    """Reduce a text to its letters and digits, without accents and case."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in folded if character.isalnum())


WITHHELD: Final = frozenset(
    squash(word)
    for words in (
        # English: sipgate, Placetel, Aircall, Bandwidth, Twilio since 2022, mod_cidlookup, desk phones.
        "anonymous | anonymous caller | unknown | unknown caller | unknown number | unavailable | not available",
        "number unavailable | restricted | restricted number | private | private number | private caller",
        "withheld | number withheld | withheld number | blocked | blocked number | blocked caller | hidden",
        "hidden number | caller id blocked | no caller id | no number | no callerid | number not available",
        "unassigned | out of area | outside area | unidentified | undisclosed | not disclosed | id blocked",
        "callerid unavailable | caller id unavailable | caller id withheld | caller id restricted",
        "caller unknown | caller unavailable | caller withheld | no id | unlisted | suppressed | payphone | coin",
        # What home-made scripts and dialplans send for an empty variable. `asterisk` is Asterisk's default user.
        "asterisk | null | none | nil | undefined | nan | n/a | na | empty | void | s | i | h | t",
        # German
        "unbekannt | unbekannter anrufer | anonym | anonymer anrufer | unterdrückt | unterdrueckt | privat",
        "rufnummer unterdrückt | rufnummer unterdrueckt | nummer unterdrückt | nummer unterdrueckt | unbekannte nummer | unbekannte rufnummer | keine rufnummer",
        "nicht verfügbar | ohne rufnummer | verborgen",
        # French
        "anonyme | masqué | masque | numéro masqué | appel masqué | inconnu | numéro inconnu | privé",
        "numéro privé | indisponible | caché",
        # Spanish, Portuguese, Italian
        "anónimo | privado | número privado | oculto | número oculto | desconocido | número desconocido",
        "restringido | no disponible | anônimo | desconhecido | número restrito | restrito | confidencial",
        "anonimo | sconosciuto | numero sconosciuto | privato | numero privato | nascosto | riservato",
        # Dutch, Scandinavian, Polish, Turkish, Russian
        "anoniem | onbekend | geheim | afgeschermd | geheim nummer | okänd | hemligt nummer | skyddat nummer",
        "ukendt | hemmeligt nummer | skjult nummer | ukjent | anonyymi | tuntematon | anonimowy | nieznany",
        "numer zastrzeżony | zastrzeżony | prywatny | gizli numara | gizli | bilinmeyen | bilinmeyen numara",
        "аноним | анонимный | неизвестный | неизвестный номер | неизвестно | скрытый номер | скрыт",
    )
    for word in words.split("|")
)

KEYPAD_WITHHELD: Final = frozenset(
    {
        "266696687",  # ANONYMOUS
        "7378742833",  # RESTRICTED
        "86282452253",  # UNAVAILABLE
        "8656696",  # UNKNOWN
        "2562533",  # BLOCKED
        "7748283",  # PRIVATE
        "94844353",  # WITHHELD
        "688632732",  # OUTOFAREA
        "8627744633",  # UNASSIGNED
    }
)
"""Words spelled on a keypad and sent as if they were E.164: whole values, in international form only.

In national form each is a real subscriber somewhere. NOCALLERID (`6622553743`) is left out: with `+` it is a
valid line in Bangkok.
"""

_KEYPAD: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")


def keypad_digits(text: str) -> str:
    """Spell a text on a telephone's keypad: letters become their digits, separators are dropped."""
    return "".join(filter(str.isdigit, text.upper().translate(_KEYPAD)))
