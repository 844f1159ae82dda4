"""The same person with one thing changed: what a causal comparison of groups rests on.

Morphology is the shape that the body model gives an ancestry; skin tone is one number. Everything else about a person
(hair, glasses, age, clothes, moles) and everything about the shot stays as it is, so two pictures of a counterfactual
pair differ by what was changed and by nothing else.

Source: the design follows G. Balakrishnan et al., "Towards causal benchmarking of bias in face analysis algorithms",
ECCV 2020.
"""

from __future__ import annotations

import dataclasses

from facefair_heads.people.person import GROUPS, Person, check_choice
from facefair_lib.errors import InputError

_ANCESTRY_OF_GROUP = {"asian": 1, "black": 0, "caucasian": 2}  # index in Person.ancestry


def with_morphology(person: Person, group: str) -> Person:
    """Give a person the morphology of another group: the two groups' ancestry shares change places.

    Doing it twice gives the first person back, and whoever was of mixed ancestry stays as mixed.
    """
    check_choice("group", group, GROUPS)
    shares = list(person.ancestry)
    own, other = _ANCESTRY_OF_GROUP[person.group], _ANCESTRY_OF_GROUP[group]
    shares[own], shares[other] = shares[other], shares[own]
    return dataclasses.replace(person, group=group, ancestry=tuple(shares))


def counterfactuals(base: Person, *, group: str | None = None, tone: float | None = None) -> dict[str, Person]:
    """List the same person as rendered, with another morphology, with another skin tone, and with both.

    Parameters
    ----------
    base : the person to start from; render all versions with one and the same ``Shot``
    group : whose morphology to take
    tone : Monk skin tone to take, 1 to 10

    Returns
    -------
    "base", then "morphology" (if ``group`` is given), "tone" (if ``tone`` is given) and "both" (if both are)

    Raises
    ------
    InputError
        if neither is given, or for an unknown group or an impossible tone
    """
    if group is None and tone is None:
        raise InputError(
            "counterfactuals",
            found="neither a group nor a tone",
            expected="something to change",
            do="give group=, tone= or both",
        )
    versions = {"base": base}
    if group is not None:
        versions["morphology"] = with_morphology(base, group)
    if tone is not None:
        versions["tone"] = dataclasses.replace(base, skin_tone=tone)
    if group is not None and tone is not None:
        versions["both"] = dataclasses.replace(versions["morphology"], skin_tone=tone)
    return versions
