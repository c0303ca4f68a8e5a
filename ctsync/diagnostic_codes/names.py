"""Codes of names, keys, and who owns a value."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.diagnostic_codes.code import Code

CODES: Mapping[str, Code] = {
    "CT301": Code(
        "forbidden character in a name",
        "The platform does not take the character in attribute names.",
        "Loyalty Points instead of Loyalty.Points",
    ),
    "CT302": Code(
        "reserved name",
        "The platform keeps the name, or names that start so, for itself.",
        "Choose another name.",
    ),
    "CT303": Code(
        "near miss of a system attribute",
        "The name differs from a system attribute only in spelling.",
        "Phone instead of phone",
    ),
    "CT304": Code(
        "names differ only in case or spaces",
        "The platform takes such names for one attribute.",
        "Use one spelling in the whole project.",
    ),
    "CT305": Code(
        "name too long",
        "Names are limited in bytes of UTF-8.",
        "Shorten it; platform.key_bytes sets the limit.",
    ),
    "CT306": Code(
        "too many custom attributes",
        "An account holds so many custom attributes and no more.",
        "Use fewer names; platform.custom_keys sets the limit.",
    ),
    "CT307": Code(
        "identity as an attribute",
        "Sent as an attribute, an identity re-attaches the person to another profile.",
        "Write it beside `attributes`, as the key of the profile.",
    ),
    "CT308": Code(
        "Age beside DOB",
        "The platform computes Age from DOB, so the two would fight.",
        "Keep DOB.",
    ),
    "CT309": Code(
        "unequal values in two places",
        "Several places may declare the same attribute only with equal values.",
        "Declare it in one place, or make the values equal.",
    ),
    "CT310": Code(
        "included and excluded",
        "A value of a list cannot be wanted and unwanted.",
        "Keep it in one of the two.",
    ),
    "CT311": Code(
        "exact list in two places",
        "An exact list has one place.",
        "{include: [...]} in all places, or one place.",
    ),
    "CT312": Code(
        "keys differ only in case or spaces",
        "The platform may take the two keys for one person.",
        "Use one spelling; the two are never in flight together.",
        "warning",
    ),
    "CT313": Code(
        "unknown attribute",
        "The policy allows only attributes of the catalog and system attributes.",
        "Add it to the catalog, or correct its name.",
    ),
    "CT314": Code(
        "identifier",
        "An identifier is empty, too long, or holds what is easily lost on the way.",
        "Write between 1 and 119 characters.",
    ),
    "CT315": Code(
        "member twice", "A cohort lists a member twice.", "Keep one of them."
    ),
    "CT316": Code(
        "blocks contradict each other",
        "MSG-dndEmail and MSG-dndPhone reach every profile with the address, and two "
        "profiles say the opposite.",
        "Give all profiles with the address the same value.",
    ),
    "CT317": Code(
        "name that the platform fills",
        "The platform produces a property of this name itself.",
        "Choose another name if yours means something else.",
        "warning",
    ),
    "CT318": Code(
        "identifier with outer spaces",
        "The platform may trim them, and take two identifiers for one person's.",
        "Remove them, unless they are meant.",
        "warning",
    ),
    "CT319": Code(
        "no-break space in a name",
        "The name of an attribute, group or column holds a no-break space, which nobody"
        " sees and the platform keeps.",
        "Write a plain space, unless it is meant.",
        "warning",
    ),
    "CT320": Code(
        "name that means a system attribute",
        "The platform knows such a value under a name of its own, by which it finds "
        "and reaches people.",
        "Phone instead of Mobile; or put the name into the catalog.",
        "warning",
    ),
}
