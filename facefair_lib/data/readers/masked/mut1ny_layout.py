"""The folder rules of the Mut1ny head segmentation data: which label belongs to which sample, and who is in it.

Source: the vendor's published layout and sample program; the identity rule is this project's own, explained in the
notebook on data preparation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from facefair_lib.data.readers.files import by_stem, list_files, list_folders, name_of, place_in, wrong_root
from facefair_lib.errors import InputError
from facefair_lib.settings.path_text import path_text, same_name

PICTURES = (".png", ".bmp", ".jpg", ".jpeg")
RELEASE_FOLDER = "headsegmentation_dataset_ccncsa"
INDEX = "training.xml"

# Sex, then either digits (male23, male06_2) or a first name (femalealison1). A number after that is a variant of the
# same person: the folders X, X1 and X2 show one face.
PERSON = re.compile(r"^(?P<person>(?P<gender>female|male)(?:\d+(?=_\d+$|$)|[a-z]+(?=\d*$)))(?:_\d+|\d+)?$")


def find_root(root: Path) -> Path:
    """Find the folder that holds ``samples`` and ``labels``: the one given, or the release folder inside it."""
    for candidate in (root, root / RELEASE_FOLDER):
        if _holds(candidate):
            return candidate
    raise wrong_root(root, f"samples/ and labels/, there or in {RELEASE_FOLDER}/", _holds)


def _holds(folder: Path) -> bool:
    return (folder / "samples").is_dir() and (folder / "labels").is_dir()


def label_folder(sample_folder: str) -> str:
    """Name the label folder of a sample folder ``<person>_<variant>``.

    ``male06`` was rendered with and without light: the two halves have separate label folders.
    """
    if sample_folder.startswith("male06"):
        return "male06_2" if "nolight" in sample_folder else "male06_1"
    for shared in ("real", "multiperson"):
        if sample_folder.startswith(shared):
            return shared
    return sample_folder.split("_", 1)[0]


def category_of(folder: str) -> str:
    """Category of a label folder: male, female, real or multi; "" if it is none of them."""
    for prefix, category in (("female", "female"), ("male", "male"), ("real", "real"), ("multiperson", "multi")):
        if folder.startswith(prefix):
            return category
    return ""


def person_of(folder: str, where: Path) -> tuple[str, str]:
    """Person and gender of a label folder, such as ``femalealison2`` -> ("femalealison", "female")."""
    match = PERSON.match(folder)
    if match is None:
        raise InputError(
            where,
            found=f"the folder {folder!r}",
            expected="male or female with a number or a first name (male23, femalealison1), real..., or multiperson...",
            do="rename the folder, or name its people in attributes.csv",
        )
    return match["person"], match["gender"]


def list_pictures(folder: Path) -> dict[str, dict[str, Path]]:
    """List the pictures below a folder: subfolder -> stem -> path; hidden files and other types are passed over."""
    root = folder.parent
    listing = {name_of(below.name): by_stem(list_files(root, below, PICTURES)) for below in list_folders(root, folder)}
    return {name: files for name, files in listing.items() if files}


def pair_folders(root: Path) -> list[tuple[Path, Path]]:
    """Pair samples and labels by the folder rules and the files' base names.

    Returns
    -------
    (sample, label) paths, sorted by sample

    Raises
    ------
    InputError
        naming the first sample without a label or label without a sample, and how many there are; or an empty set
    """
    samples, labels = list_pictures(root / "samples"), list_pictures(root / "labels")
    pairs: list[tuple[Path, Path]] = []
    lone: list[Path] = []
    for folder, files in samples.items():
        candidates = labels.get(label_folder(folder), {})
        lone += [path for stem, path in files.items() if stem not in candidates]
        pairs += [(path, candidates[stem]) for stem, path in files.items() if stem in candidates]
    used = {label for _, label in pairs}
    _refuse_orphans(root, lone, "picture without a label", "labels/<person>/ with the picture's base name")
    unused = [path for files in labels.values() for path in files.values() if path not in used]
    _refuse_orphans(root, unused, "label without a picture", "samples/<person>_<variant>/ with the label's base name")
    if not pairs:
        raise InputError(
            root,
            found="no pictures in samples/ and labels/",
            expected="samples/<person>_<variant>/*.png and labels/<person>/*.png",
            do="unpack the data set again",
        )
    return pairs


def _refuse_orphans(root: Path, orphans: list[Path], what: str, partner: str) -> None:
    if not orphans:
        return
    first = min(orphans)
    raise InputError(
        first,
        found=f"a {what} ({len(orphans)} such file{'s' if len(orphans) > 1 else ''} in {path_text(root)})",
        expected=f"its partner in {partner}",
        do="restore the missing file, or remove the one without a partner",
    )


def read_index(path: Path) -> list[tuple[str, str]]:
    """Read ``training.xml``: flat children <srcimg name=.../> and <labelimg name=.../>, alternating.

    Returns
    -------
    (sample, label) as POSIX paths below ``samples`` and ``labels``; backslashes and leading folders are tolerated

    Raises
    ------
    InputError
        if the file is not XML, or its elements do not alternate
    """
    do = f"restore the published {INDEX}, or remove it: the folders are then paired by base name"
    try:
        elements = list(ElementTree.parse(path).getroot())
    except (ElementTree.ParseError, OSError, ValueError, LookupError) as error:  # unknown encodings raise the last two
        raise InputError(path, found=f"broken XML ({error})", expected="the index of the release", do=do) from error
    entries = [(element.tag, element.get("name", "")) for element in elements]
    tags = [tag for tag, _ in entries]
    if not entries or tags != ["srcimg", "labelimg"] * (len(entries) // 2):
        position = next((i for i, tag in enumerate(tags) if tag != ("srcimg", "labelimg")[i % 2]), len(tags))
        found = f"{tags[position]!r} as element {position + 1}" if position < len(tags) else f"{len(tags)} elements"
        raise InputError(path, found=found, expected="srcimg and labelimg, alternating", do=do)
    names = [_below(name, "samples" if tag == "srcimg" else "labels") for tag, name in entries]
    return list(zip(names[::2], names[1::2], strict=True))


def _below(name: str, folder: str) -> str:
    parts = name.replace("\\", "/").split("/")
    start = len(parts) - parts[::-1].index(folder) if folder in parts else 0
    return "/".join(parts[start:])


def check_index(root: Path, pairs: Iterable[tuple[Path, Path]]) -> None:
    """Compare ``training.xml``, if there is one, with the pairs found in the folders.

    Raises
    ------
    InputError
        naming the first pair that only one of the two knows
    """
    path = root / INDEX
    if not path.is_file():
        return
    indexed = {(same_name(sample), same_name(label)) for sample, label in read_index(path)}
    found = {
        (same_name(place_in(root / "samples", sample)), same_name(place_in(root / "labels", label)))
        for sample, label in pairs
    }
    do = f"restore the missing files, or remove {INDEX}: the folders are then paired by base name"
    for extra, text in ((indexed - found, "only in the index"), (found - indexed, "only in the folders")):
        if extra:
            sample, label = min(extra)
            raise InputError(
                path,
                found=f"{len(extra)} pair(s) {text}, first samples/{sample} with labels/{label}",
                expected="the same pairs in the index and in the folders",
                do=do,
            )
