"""What people say to be kind: greetings, thanks, praise, farewells, assent. Read `courtesies`.

Written as `words.fold` leaves text, without punctuation: "you're welcome" is "you re welcome".
"""

import re
from functools import cache
from typing import Literal

Courtesy = Literal["greeting", "thanks", "praise", "farewell", "assent"]

PHRASES: dict[Courtesy, str] = {
    "greeting": """
hello|hi there|hi|hey there|hey|howdy|greetings|welcome back|good morning|good afternoon|good evening|good day
what s up|whats up|sup|yo|nice to meet you|pleased to meet you|long time no see
hallo|guten morgen|guten tag|guten abend|bonjour|bonsoir|salut|hola|buenos dias|buenas tardes|buenas noches
ciao|buongiorno|buonasera|ola|bom dia|boa tarde|hoi|goedemorgen|czesc|dzien dobry|hej
你好|您好|こんにちは|안녕하세요|привет|здравствуйте|merhaba
""",
    "thanks": """
thank you so much|thank you very much|thank you|thanks so much|thanks a lot|many thanks|thanks|thx|cheers|ty
much appreciated|appreciate it|danke schon|vielen dank|danke|merci beaucoup|merci|muchas gracias|gracias
grazie mille|grazie|obrigado|obrigada|bedankt|dank je|dziekuje|tack
谢谢|ありがとう|감사합니다|спасибо|tesekkurler
""",
    "praise": """
well done|good job|great job|nice work|great|cool|perfect|awesome|excellent|nice|lovely|wonderful|wow
""",
    "farewell": """
goodbye|good bye|bye bye|bye|see you later|see you soon|see you tomorrow|see you|see ya|take care|farewell
good night|have a nice day|have a good day|have a great day|have a good one|talk to you later
until next time|tschuss|auf wiedersehen|au revoir|adios|hasta luego|arrivederci|tchau|tot ziens
再见|さようなら
""",
    "assent": """
ok|okay|alright|all right|sounds good|got it|i see|understood|sure|yes|no|yeah|yep|nope|please|sorry
excuse me|you re welcome|no problem|no worries|haha|lol|bitte
""",
}


@cache
def courtesies(*kinds: Courtesy) -> str:
    """A pattern for any phrase of these kinds, or of all; the longest that fits."""
    lists = (PHRASES[kind] for kind in kinds or PHRASES)
    phrases = [phrase for listed in lists for phrase in re.split(r"[|\n]", listed.strip())]
    return "(?:" + "|".join(sorted(phrases, key=len, reverse=True)).replace(" ", r"\W+") + r")(?!\w)"
