"""Keys of rows: which of them name someone who can be used."""

from __future__ import annotations

from ctsync.kinds.identifier_rules import key_faults
from ctsync.model.fault import Fault
from ctsync.model.profile_key import ProfileKey

# What str.strip() takes away, less the control characters.
_SPACES = r" \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_OBJECT_ID = "[A-Za-z0-9()!:@$_-]"
_PLAIN = "strlen(key) < 120 AND regexp_full_match(key, '[!-~]+')"
_SOUND = (
    f"length(key) < 120 AND regexp_matches(key, '[^{_SPACES}]') "
    r"AND NOT regexp_matches(key, '\p{Cc}')"
)
_SOUND_OBJECT_ID = (
    f"length(key) < 120 AND regexp_full_match(key, '{_OBJECT_ID}+') "
    "AND CASE WHEN starts_with(key, '__i') THEN false "
    "WHEN starts_with(key, '__h') OR starts_with(key, '__g') "
    f"THEN regexp_full_match(key, '...{_OBJECT_ID}{{1,64}}') ELSE true END"
)


def is_sound(key_type: str) -> str:
    """Return an expression over key that says whether it names someone.

    It is true where `key_faults` has nothing but warnings, and false, never NULL,
    for all other keys.
    """
    if key_type == "objectId":
        return f"coalesce({_SOUND_OBJECT_ID}, false)"
    # CASE, unlike OR, looks at the second only where the first is false.
    return f"CASE WHEN {_PLAIN} THEN true ELSE coalesce({_SOUND}, false) END"


def faults_of(key: ProfileKey) -> tuple[Fault, ...]:
    """Return what is wrong with a key; none of it shows the key."""
    return tuple(Fault(f.code, f.message, f.hint) for f in key_faults(key))


def is_plain(key: ProfileKey) -> bool:
    """Say quickly that nothing is wrong with a key that `is_sound` has let pass."""
    text = key.id
    return text.isascii() and " " not in text
