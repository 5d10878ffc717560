"""Language tags of containers: `en`, `eng`, `en-US` and `English` are one language."""

from functools import lru_cache
from importlib.resources import files


def same_language(tag: str, wanted: str) -> bool:
    """Whether a container's language tag means the language a person named.

    Args:
        tag: ISO 639-1, 639-2 or BCP 47 ("de", "deu", "ger", "de-AT"), in any case.
        wanted: the same, or an English name ("German").
    """
    return _canonical(tag) == _canonical(wanted)


def _canonical(language: str) -> str:
    lowered = language.strip(" ()[]\"'.,;:").lower().replace("_", "-")
    codes = _codes()
    return codes.get(lowered) or codes.get(lowered.partition("-")[0], lowered)


@lru_cache
def _codes() -> dict[str, str]:
    """Every code and lower-case English name -> the first code of its language."""
    known: dict[str, str] = {}
    lines = files("ovsubs.audio").joinpath("assets/iso_639.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line.startswith("#"):
            continue
        codes, _, names = line.partition("\t")
        first = codes.split()[0]
        for name in (*codes.split(), *(name.strip().lower() for name in names.split(";"))):
            known.setdefault(name, first)
    return known
