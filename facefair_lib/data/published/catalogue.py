"""What is known about each data set that the project reads: its size, its licence, and where to get it.

Sizes are those that the owners publish. Licences are summaries to choose by; the owner's own text is what counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from facefair_lib.errors import InputError


@dataclass(frozen=True)
class Card:
    """One data set.

    Attributes
    ----------
    title : its full name
    images, people : how many, in words
    labels : how its label files are coded, "" without masks
    groups, emotions : what is known of the people, in words
    licence : a summary of the owner's terms
    obtain : how to get it
    page : the owner's page
    """

    title: str
    images: str
    licence: str
    people: str = "not published"
    labels: str = ""
    groups: str = "none"
    emotions: str = "none"
    obtain: str = "download from the owner's page"
    page: str = ""


CATALOGUE: Mapping[str, Card] = MappingProxyType(
    {
        "mut1ny": Card(
            title="Mut1ny head segmentation, community edition",
            images="16,557",
            people="22 rendered, and real photographs of unnamed people",
            labels="11 colours, in the paper's or the vendor's table",
            licence="the owner's terms, given with the download",
            obtain="request it from the owner",
            page="https://www.mut1ny.com/face-headsegmentation-dataset",
        ),
        "rendered": Card(
            title="rendered people of this project",
            images="as many as you render",
            people="as many as you render",
            labels="11 colours of the paper's table",
            groups="asian, black, caucasian (as rendered)",
            emotions="as rendered",
            licence="yours",
            obtain="facefair render --out FOLDER",
        ),
        "fasseg": Card(
            title="FASSEG, face semantic segmentation",
            images="70 frontal, over 200 in several poses",
            people="70 and 15",
            labels="6 colours, blended along borders and decoded to the nearest",
            licence="none stated; cite the papers",
            obtain="facefair datasets get fasseg --out FOLDER",
            page="https://github.com/massimomauro/FASSEG-repository",
        ),
        "celebamask": Card(
            title="CelebAMask-HQ",
            images="30,000",
            people="about 6,200, known only with CelebA's identity file",
            labels="one black and white mask per part, 18 parts",
            licence="non-commercial research and education only",
            page="https://github.com/switchablenorms/CelebAMask-HQ",
        ),
        "lapa": Card(
            title="LaPa, landmark-guided face parsing",
            images="22,168",
            labels="values 0 to 10",
            licence="non-commercial use only",
            page="https://github.com/JDAI-CV/lapa-dataset",
        ),
        "helen": Card(
            title="Helen, face parsing labels of Smith et al. (CVPR 2013)",
            images="2,330",
            labels="11 probability maps per photograph",
            licence="none stated; photographs from Flickr, for research",
            obtain="download SmithCVPR2013_dataset_resized.zip from the owner's page",
            page="http://pages.cs.wisc.edu/~lizhang/projects/face-parsing/",
        ),
        "ibugmask": Card(
            title="iBugMask",
            images="1,000 to test with, 21,866 to train with (Helen, also in poses made by computer)",
            labels="values 0 to 10",
            licence="the owner's terms; for research",
            obtain="download ibugmask_release.zip from the owner's page",
            page="https://github.com/hhj1897/face_parsing",
        ),
        "facesynthetics": Card(
            title="FaceSynthetics (Microsoft)",
            images="100,000 (also 1,000 and 100)",
            people="a different one in each picture, rendered",
            labels="values 0 to 18, 255 ignored",
            groups="not published",
            emotions="not published",
            licence="C-UDA, non-commercial research only",
            page="https://github.com/microsoft/FaceSynthetics",
        ),
        "photos": Card(
            title="your own photographs",
            images="yours",
            people="as your table says",
            labels="11 colours of the paper's table, where you have masks",
            groups="as your table says",
            emotions="as your table says",
            licence="yours; ask everyone in them for consent",
            obtain="write photos.csv: image,subject[,group,emotion,mask]",
        ),
        "jaffe": Card(
            title="JAFFE, Japanese female facial expressions",
            images="213",
            people="10",
            groups="japanese",
            emotions="7 posed, with sad, happy, angry",
            licence="non-commercial research; cite the source",
            obtain="request access",
            page="https://zenodo.org/records/3451524",
        ),
        "ckplus": Card(
            title="CK+, extended Cohn-Kanade",
            images="593 sequences, 327 with an emotion",
            people="123",
            groups="not published per person: give your own table",
            emotions="7, with sad, happy, angry",
            licence="research, by a signed agreement",
            obtain="request it from the owner",
            page="https://www.jeffcohn.net/resources/",
        ),
        "rafd": Card(
            title="RaFD, Radboud faces database",
            images="8,040",
            people="67",
            groups="caucasian, moroccan",
            emotions="8 posed, with sad, happy, angry",
            licence="scientific research, on request",
            obtain="request access",
            page="https://rafd.socsci.ru.nl",
        ),
        "cfd": Card(
            title="CFD, Chicago face database, with CFD-MR and CFD-INDIA",
            images="1,207 of the main set, and extensions",
            people="597, 88 and 142",
            groups="asian, black, latino, white, multiracial, indian (self-described)",
            emotions="neutral, angry, fearful, happy (no sad)",
            licence="non-commercial research; no redistribution",
            obtain="fill in the form",
            page="https://www.chicagofaces.org",
        ),
        "fairface": Card(
            title="FairFace",
            images="97,698",
            groups="7, balanced, as labelled by the data set",
            licence="CC BY 4.0",
            obtain="download, then facefair datasets photos fairface FOLDER --out photos.csv --copy",
            page="https://github.com/joojs/fairface",
        ),
        "utkface": Card(
            title="UTKFace",
            images="over 20,000",
            groups="white, black, asian, indian, other",
            licence="non-commercial research only",
            page="https://susanqq.github.io/UTKFace/",
        ),
    }
)
"""Name of a reader -> its card."""


def no_folder(profile: str, name: str) -> InputError:
    """Say that a profile was given no data folder: how to get the data set, and the command that names its folder."""
    card = CATALOGUE[name]
    obtain = f"{card.obtain}: {card.page}" if card.page else card.obtain
    return InputError(
        f"profile {profile}",
        found="no data folder",
        expected=f"the folder of the {name} data set: {card.title}",
        do=f"get it ({obtain}), then name it: make study PROFILE={profile} DATA=/path/to/it, "
        'or in notebook 01: data = "/path/to/it"',
    )
