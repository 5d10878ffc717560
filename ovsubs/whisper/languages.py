"""The languages that Whisper knows: code <-> English name (openai/whisper, tokenizer.py)."""

from ovsubs.errors import UnknownLanguage

_NAMES = """
en english, zh chinese, de german, es spanish, ru russian, ko korean, fr french, ja japanese, pt portuguese,
tr turkish, pl polish, ca catalan, nl dutch, ar arabic, sv swedish, it italian, id indonesian, hi hindi,
fi finnish, vi vietnamese, he hebrew, uk ukrainian, el greek, ms malay, cs czech, ro romanian, da danish,
hu hungarian, ta tamil, no norwegian, th thai, ur urdu, hr croatian, bg bulgarian, lt lithuanian, la latin,
mi maori, ml malayalam, cy welsh, sk slovak, te telugu, fa persian, lv latvian, bn bengali, sr serbian,
az azerbaijani, sl slovenian, kn kannada, et estonian, mk macedonian, br breton, eu basque, is icelandic,
hy armenian, ne nepali, mn mongolian, bs bosnian, kk kazakh, sq albanian, sw swahili, gl galician, mr marathi,
pa punjabi, si sinhala, km khmer, sn shona, yo yoruba, so somali, af afrikaans, oc occitan, ka georgian,
be belarusian, tg tajik, sd sindhi, gu gujarati, am amharic, yi yiddish, lo lao, uz uzbek, fo faroese,
ht haitian creole, ps pashto, tk turkmen, nn nynorsk, mt maltese, sa sanskrit, lb luxembourgish, my myanmar,
bo tibetan, tl tagalog, mg malagasy, as assamese, tt tatar, haw hawaiian, ln lingala, ha hausa, ba bashkir,
jw javanese, su sundanese, yue cantonese
"""
_ENTRIES = [entry.strip().partition(" ") for entry in _NAMES.split(",")]
LANGUAGES: dict[str, str] = {code: name for code, _, name in _ENTRIES}
_ALIASES = {
    "burmese": "my",
    "valencian": "ca",
    "flemish": "nl",
    "haitian": "ht",
    "letzeburgesch": "lb",
    "pushto": "ps",
    "panjabi": "pa",
    "moldavian": "ro",
    "moldovan": "ro",
    "sinhalese": "si",
    "castilian": "es",
    "mandarin": "zh",
}
_CODES = {name: code for code, name in LANGUAGES.items()} | _ALIASES


# How Chinese is written -> the tags that ask for it (BCP 47, with the regions where it is written so).
_CHINESE = {
    "zh-Hans": "hans",
    "zh-Hant": "hant",
    "zh-CN": "cn hans-cn",
    "zh-SG": "sg my hans-sg hans-my",
    "zh-TW": "tw hant-tw",
    "zh-HK": "hk mo hant-hk hant-mo",
}
_CHINESE_TAGS = {f"zh-{rest}": tag for tag, rests in _CHINESE.items() for rest in rests.split()}


def language_code(language: str) -> str:
    """Whisper's code for a code or an English name, in any case (`"German"` -> `"de"`).

    Of Chinese, tags of its scripts and regions are known as well (`"zh-Hant"` -> `"zh"`).

    Raises:
        UnknownLanguage: it is neither.
    """
    wanted = language.strip().lower()
    if wanted in LANGUAGES:
        return wanted
    if wanted in _CODES:
        return _CODES[wanted]
    if chinese_tag(wanted):
        return "zh"
    raise UnknownLanguage(language)


def chinese_tag(language: str) -> str | None:
    """How Chinese is to be written, where a language says so (`"zh_hant"` -> `"zh-Hant"`, `"zh"` -> None)."""
    return _CHINESE_TAGS.get(language.strip().lower().replace("_", "-"))
