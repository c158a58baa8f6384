"""Words of each language that somebody speaks; strung together, they mean nothing."""

from __future__ import annotations

ENGLISH = (
    "the", "night", "is", "calling", "me", "home", "again", "and", "every", "morning", "we", "run",
    "through", "silver", "rain", "you", "never", "said", "goodbye", "to", "my", "heart", "a",
    "fire", "in", "your", "eyes", "dancing", "slow", "under", "stars", "tell", "her", "it",
    "was", "just", "another", "summer", "day", "hold", "on", "baby", "give", "up", "this",
    "train", "keeps", "rolling", "down", "that", "long", "lonesome", "road", "oh", "why",
    "should", "I", "wait", "for", "someone", "else", "money", "talks", "but", "cheap", "shoes",
    "walk", "faster", "breathe", "easy", "think", "twice", "crazy", "people", "watch", "us",
    "shine", "like", "diamonds", "falling", "off", "kitchen", "table", "jump", "over", "thunder",
)  # fmt: skip
# The order of the English words decides what the phrases of a number say: only add at the end.

ITALIAN = (
    "amore", "mio", "dolce", "stella", "notte", "vento", "mare", "sole", "luna", "cuore", "ancora",
    "sempre", "canta", "con", "me", "la", "vita", "bella", "strada", "lunga", "voglio", "un",
    "bacio", "sotto", "cielo", "grande", "piove", "sul", "giardino", "fuoco", "dentro", "gli",
    "occhi", "sogno", "che", "torna", "domani", "senza", "paura", "quando", "ballo", "zingara",
    "neve", "sulla", "pelle", "scende", "piano", "treno", "per", "Firenze", "forse", "gioia",
)  # fmt: skip

CATALAN = (
    "la", "lluna", "brilla", "sobre", "el", "mar", "nit", "clara", "canta", "amb", "mi", "una",
    "vella", "porta", "oberta", "sempre", "torna", "vent", "fort", "jugar", "dins", "casa",
    "petita", "cel", "blau", "somni", "meu", "dolça", "veu", "foc", "cor", "pluja", "cau",
    "lenta", "camina", "junts", "cada", "dia", "sense", "por", "terra", "estel", "que", "balla",
    "matinada", "rosa", "xarxa", "fulles", "amor", "gran", "platja", "llarga",
)  # fmt: skip

CZECH = (
    "láska", "moje", "hvězda", "svítí", "do", "noci", "tichá", "voda", "teče", "kolem", "nás",
    "srdce", "zpívá", "jako", "pták", "cesta", "dlouhá", "domů", "ráno", "přijde", "slunce",
    "padá", "déšť", "na", "střechu", "tancuj", "se", "mnou", "celý", "život", "oheň", "v",
    "očích", "nikdy", "neříkej", "sbohem", "malý", "vlak", "jede", "daleko", "zelená", "louka",
    "čeká", "ještě", "chvíli", "sen", "bílý", "sníh", "jdu", "pomalu", "dál", "žár",
)  # fmt: skip

FINNISH = (
    "kaunis", "yö", "ja", "tähti", "loistaa", "meren", "yllä", "sydän", "laulaa", "hiljaa", "tule",
    "takaisin", "kotiin", "aamu", "nousee", "tuuli", "soi", "metsässä", "valo", "sinun", "silmät",
    "tanssi", "kanssani", "pitkä", "tie", "vielä", "kerran", "satu", "lumi", "putoaa", "maahan",
    "rakas", "ystävä", "odota", "minua", "kesä", "päivä", "jään", "tänne", "hyvä", "unelma",
    "lintu", "lentää", "pois", "juna", "kulkee", "syksyn", "halki", "vesi", "virtaa", "ikuisesti",
)  # fmt: skip

RUSSIAN = (
    "ночь", "тихая", "звезда", "горит", "над", "морем", "песня", "моя", "летит", "домой", "снова",
    "утро", "ветер", "поёт", "в", "саду", "сердце", "ждёт", "тебя", "дорога", "далеко", "зимний",
    "вечер", "падает", "снег", "белый", "город", "спит", "танцуй", "со", "мной", "огонь", "глаза",  # noqa: RUF001 - Russian
    "твои", "никогда", "не", "говори", "прощай", "река", "течёт", "поезд", "мимо", "солнце",
    "вода", "луна", "человек", "мечта", "жить", "хорошо", "чудо", "шум", "весна",
)  # fmt: skip

HINDI = (
    "मेरा", "दिल", "गाता", "है", "रात", "चाँद", "तारे", "सपना", "प्यार", "तेरी", "आँखें", "पानी",
    "सागर", "नीला", "आकाश", "धीरे", "चलो", "साथ", "मेरे", "घर", "सुबह", "होती", "नदी", "गीत",
    "सुनो", "फूल", "बारिश", "गिरती", "दूर", "राह", "लंबी", "आज", "फिर", "नाचो", "हवा", "कहती",
    "मन", "जीवन", "सूरज", "बादल", "खुशी", "देखो", "रंग", "बसंत", "शाम", "भी",
)  # fmt: skip
