"""The words that names of labels use, in the languages of those who draw segmentations.

The English words are those of the programs in :mod:`.label_families` and of the DICOM dictionary. The Latin words are
those of the Terminologia Anatomica (https://ta2viewer.openanatomy.org). The words of the other languages are those
that radiology reports use (as in the translated RadLex, https://radlex.org). All are written without accents, in lower
case, and without spaces; a name is brought to the same form before it is looked up.
"""

from __future__ import annotations

PART_WORDS: dict[str, str] = {
    "vertebra": "vertebra vertebrae vert vertebre vertebres vertebras wirbel wervel wervels spine vertebralcolumn"
    " lumbarspine thoracicspine cervicalspine"
    " vertebrafull",
    "vertebral body": "vertebralbody vertebrabody vertebraebody vertebrabodies vertebralbodies vertebracorpus"
    " vertebracorpusborder corpusborder vertebralbodyofspine wirbelkorper corpusvertebrae corpsvertebral corpsvertebre"
    " corpsvertebraux cuerpovertebral cuerposvertebrales corpovertebrale corpivertebrali corpovertebral"
    " wervellichaam",
    "vertebral arch": "arcusvertebrae arcus arch vertebralarch posteriorelements vertebraposteriorelements lamina"
    " neuralarch archofvertebra wirbelbogen arcvertebral arcovertebrale arcovertebral wervelboog",
    "spinous process": "spinosusprocess spinousprocess processusspinosus dornfortsatz processusspinosusvertebrae"
    " apophyseepineuse apofisisespinosa processospinoso doornuitsteeksel",
    "transverse process": "costalprocess transverseprocess processustransversus processuscostalis querfortsatz"
    " apophysetransverse apofisistransversa processotrasverso dwarsuitsteeksel",
    "superior articular process": "superiorarticular superiorarticularprocess articularprocesssuperior"
    " processusarticularissuperior",
    "inferior articular process": "inferiorarticular inferiorarticularprocess articularprocessinferior"
    " processusarticularisinferior",
    "facet joint": "facet facetjoint facets facetjoints zygapophysealjoint facettengelenk wirbelgelenk"
    " articulationzygapophysaire articulacionfacetaria facetgewricht",
    "pedicle": "pedicle pedicles pediculus pedikel pediculo peduncolo",
    "upper endplate": "vertebralbodyendplatesuperior endplatesuperior superiorendplate upperendplate deckplatte",
    "lower endplate": "vertebralbodyendplateinferior endplateinferior inferiorendplate lowerendplate grundplatte",
    "endplate": "endplate endplates",
    "disc": "disc discs disk disks ivd ivds intervertebraldisc intervertebraldiscs intervertebraldisk"
    " intervertebraldisks vertebradisc bandscheibe bandscheiben bs zwischenwirbelscheibe discusintervertebralis discus"
    " disque disques disqueintervertebral disco discos discointervertebral discointervertebrale tussenwervelschijf",
    "sacrum": "sacrum sacralbone ossacrum s kreuzbein sakrum sacro huesosacro ossosacro heiligbeen",
    "coccyx": "coccyx cocc coccygis oscoccygis steissbein steisbein coxis coccige stuitje staartbeen",
    "spinal cord": "spinalcord cord ruckenmark myelon medullaspinalis moelleepiniere moelle medulaespinal"
    " midollospinale ruggenmerg",
    "spinal canal": "spinalcanal spinalchannel vertebralcanal canal thecalsac dura csf spinalkanal wirbelkanal"
    " canalisvertebralis canalrachidien canalvertebral canalspinal canalespinal conductovertebral conductoraquideo"
    " canalevertebrale canalespinale wervelkanaal spinaalkanaal duralsack",
    "hip bone": "hip hipbone innominate pelvicbone oscoxae coxa coxae pelvis huftbein beckenknochen oscoxal coxal"
    " huesocoxal coxale ossocoxale heupbeen",
    "ilium": "ilium iliac iliacbone osilium oisilii darmbein ilion",
    "ischium": "ischium osischii sitzbein",
    "pubis": "pubis pubicbone ospubis schambein",
    "acetabulum": "acetabulum hupftpfanne huftpfanne acetabolo acetabulo",
    "femur": "femur femurbone femora proximalfemur oberschenkelknochen femore dijbeen",
    "femoral head": "femoralhead femurhead headoffemur huftkopf femurkopf caputfemoris capfemoris tetefemorale"
    " cabezafemoral testafemorale femurkop",
    "greater trochanter": "greatertrochanter trochantermajor",
    "lesser trochanter": "lessertrochanter trochanterminor",
    "sacroiliac joint": "sacroiliacjoint sijoint si sij isg iliosakralgelenk sacroiliaque articulationsacroiliaque"
    " articulacionsacroiliaca sacroiliaca articolazionesacroiliaca sacroiliacaalgewricht articulatiosacroiliaca",
    "implant": "implant hipimplant prosthesis endoprosthesis stem cup metal prothese endoprothese huftprothese"
    " protesis protesi",
    "rib": "rib ribs rippe rippen costa costae cote cotes costilla costillas costola costole",
    "erector spinae": "autochthon autochthonous autochthonousmuscle erectorspinae erectorspinaemuscle paraspinal"
    " paraspinalmuscle multifidus transversospinalis deepmuscleback deepmusclesback ruckenstrecker autochthone"
    " autochthoneruckenmuskulatur",
    "iliopsoas": "iliopsoas psoas psoasmajor iliopsoasmuscle iliacus ileopsoas",
    "gluteus maximus": "gluteusmaximus glutaeusmaximus grandfessier gluteomayor grandegluteo glutaeusmaximusmuskel",
    "gluteus medius": "gluteusmedius glutaeusmedius moyenfessier gluteomedio mediogluteo",
    "gluteus minimus": "gluteusminimus gluteusminius glutaeusminimus petitfessier gluteomenor piccologluteo",
    "quadratus lumborum": "quadratuslumborum",
    "piriformis": "piriformis",
    "quadriceps femoris": "quadricepsfemoris quadriceps",
    "medial thigh muscles": "thighmedialcompartment",
    "posterior thigh muscles": "thighposteriorcompartment",
    "sartorius": "sartorius",
    "muscle": "muscle muscles skeletalmuscle muskel muskulatur muskeln",
    "fat": "fat subcutaneousfat torsofat intermuscularfat innerfat visceralfat subcutaneoustissue"
    " subcutaneousfattytissue fattytissue fett unterhautfett fettgewebe graisse grasa grasso",
    "kidney": "kidney kidneys niere nieren rein reins rinon rinones rene reni nier ren",
    "kidney cyst": "kidneycyst nierenzyste",
    "ureter": "ureter ureters harnleiter uretere",
    "adrenal gland": "adrenalgland nebenniere surrenale glandulasuprarrenal bijnier",
    "urinary bladder": "urinarybladder bladder harnblase blase vessie vejiga vescica blaas vesicaurinaria",
    "prostate": "prostate prostata",
    "uterus": "uterus gebarmutter utero",
    "ovary": "ovary ovaries ovar eierstock ovarium ovaire ovario",
    "testis": "testis testicle testes hoden",
    "small bowel": "smallbowel smallintestine bowel intestine dunndarm intestingrele intestinodelgado intestinotenue"
    " dunnedarm bowelspace",
    "duodenum": "duodenum zwolffingerdarm duodeno",
    "colon": "colon largebowel sigmoidcolon largeintestine dickdarm kolon",
    "rectum": "rectum rektum enddarm recto retto",
    "stomach": "stomach magen estomac estomago stomaco maag gaster",
    "liver": "liver leber foie higado fegato lever hepar",
    "gallbladder": "gallbladder gallenblase vesiculebiliaire vesiculabiliar colecisti galblaas",
    "spleen": "spleen milz rate bazo milza milt lien splen",
    "pancreas": "pancreas pankreas bauchspeicheldruse alvleesklier",
    "aorta": "aorta aorte bauchaorta",
    "inferior vena cava": "inferiorvenacava ivc venacava venacavainferior vci veinecaveinferieure",
    "iliac artery": "iliacartery commoniliacartery arteriailiaca",
    "iliac vein": "iliacvena iliacvein commoniliacvein venailiaca",
    "portal vein": "portalveinsplenicvein portalvein portalsplenicvein",
    "lung": "lung lungupperlobe lunglowerlobe lungmiddlelobe upperlobelung lowerlobelung middlelobelung lunge poumon"
    " pulmon polmone long",
}
"""Structure -> the words that names of labels use for it (joined, in lower case, without side and level)."""

WORDS_WITH_A_LEVEL = {
    "vertebral body": "body corpus korper corps cuerpo corpo lichaam vb wk",
    "vertebra": "vertebralsegment",
}
"""Structure -> words that mean it only beside a level ("L4 body"). Alone, "body" is the whole body."""

GENERAL_WORDS = (
    *("muscle", "bone", "joint", "muskel", "knochen", "musculus", "musculo", "muscolo", "m", "os", "osso", "hueso"),
    *("spier", "articulation", "articulacion", "articolazione", "mask", "seg", "segmentation", "whole"),
)
"""Words that are added to the name of a structure without changing it."""
FILLERS = ("of", "the", "and", "de", "del", "della", "du", "des", "la", "le", "el", "il")
"""Words of a name that have no meaning for the structure."""

OTHER_STRUCTURES = (
    *("body", "skin", "trunk", "clavicle", "myocardium", "atrium", "ventricle of heart", "brachiocephalic artery"),
    *("auricular appendage", "tarsal bones", "metatarsal bones", "carpus", "metacarpal bones", "phalanx structure"),
    *(
        "costal cartilage",
        "costal cartilages",
        "hip joint capsule",
        "mandible",
        "hip muscles",
        "breast",
        "pericardium",
    ),
    *("abdominal cavity", "thoracic cavity", "mediastinum", "seminal vesicle", "ribcage", "arm", "leg", "head"),
    *("lung vessels", "liver vessels", "lung nodules", "pleural effusion", "pericardial effusion", "lymph node"),
    *(
        "body trunc",
        "body extremities",
        "iliopsoas bursa",
        "kidney tumor",
        "liver tumor",
        "liver lesion",
        "bone lesion",
    ),
)
"""Names of structures that this program knows but does not use, beside those in the label lists: of other tasks of
TotalSegmentator, and the terms of SNOMED CT that it gives to segments
(https://github.com/wasserth/TotalSegmentator/blob/master/totalsegmentator/resources/totalsegmentator_snomed_mapping.csv)."""

SIDE_WORDS: dict[str, str] = {
    **dict.fromkeys(("left", "lt", "links", "linke", "linker", "linkes", "linken", "li"), "left"),
    **dict.fromkeys(("gauche", "izquierdo", "izquierda", "izq", "sinistro", "sinistra", "sx"), "left"),
    **dict.fromkeys(("sinister", "sinistrum", "esquerdo", "esquerda"), "left"),
    **dict.fromkeys(("right", "rt", "rechts", "rechte", "rechter", "rechtes", "rechten", "re"), "right"),
    **dict.fromkeys(("droit", "droite", "derecho", "derecha", "destro", "destra", "dx"), "right"),
    **dict.fromkeys(("dexter", "dextra", "dextrum", "direito", "direita"), "right"),
}
"""Word -> side."""

REGION_WORDS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("lumbar", "lumbal", "lumbale", "lumbalis", "lombaire", "lombare", "lw", "lwk"), ("l", "")),
    **dict.fromkeys(("lendenwirbel", "lumbalwirbel", "lendenwervel"), ("l", "vertebra")),
    **dict.fromkeys(("lendenwirbelkorper", "lumbalwirbelkorper"), ("l", "vertebralbody")),
    **dict.fromkeys(("thoracic", "thorakal", "thoracica", "thoracalis", "thoracique", "toracica"), ("t", "")),
    **dict.fromkeys(("toracique", "thoracale", "dorsal", "dorsale", "bw", "bwk"), ("t", "")),
    **dict.fromkeys(("brustwirbel", "thorakalwirbel", "borstwervel"), ("t", "vertebra")),
    **dict.fromkeys(("brustwirbelkorper",), ("t", "vertebralbody")),
    **dict.fromkeys(("cervical", "zervikal", "cervicale", "cervicalis", "hw", "hwk"), ("c", "")),
    **dict.fromkeys(("halswirbel", "zervikalwirbel", "halswervel", "nekwervel"), ("c", "vertebra")),
    **dict.fromkeys(("halswirbelkorper",), ("c", "vertebralbody")),
    **dict.fromkeys(("sacral", "sakral", "sacralis", "sakralwirbel", "sw", "swk"), ("s", "")),
}
"""Word for a part of the spine -> the letter of its levels, and the word for a structure that is in it. German "LWK 4"
is short for the body of L4, but reports use it for the whole vertebra."""

ORDINALS = {
    **{
        word: number
        for number, word in enumerate(
            [
                "first",
                "second",
                "third",
                "fourth",
                "fifth",
                "sixth",
                "seventh",
                "eighth",
                "ninth",
                "tenth",
                "eleventh",
                "twelfth",
            ],
            start=1,
        )
    },
    **{
        word: number
        for number, word in enumerate(
            ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"], start=1
        )
        if word not in ("i", "v", "x")
    },
}
"""Number words and Roman numbers beside a word for a part of the spine; see also :data:`SINGLE_ROMAN`."""
SINGLE_ROMAN = {"i": 1, "v": 5, "x": 10}
"""Roman numbers of one letter."""

GENERIC_COLORS = ("tissue", "bone", "skin", "connective tissue", "blood", "organ", "mass", "muscle", "foreign object")
"""Names of the first colors, from number 1, of Slicer's default color table (GenericAnatomyColors,
https://github.com/Slicer/Slicer/tree/main/Base/Logic/Resources/ColorFiles). Slicer gives them to any label map, so
they say nothing about it."""

DEFAULT_NAME = r"(?i)(?:segments?|labels?|class|klasse|structure|region|object|roi|mask|value|index|id)?[\s_\-:#]*\d*"
"""Regular expression of names that programs make up (Segment_1, Label 3, class_2, 17) and that say nothing."""

NOT_A_LABEL = frozenset(
    (
        "background",
        "clear label",
        "clearlabel",
        "unused",
        "ignore",
        "unlabeled",
        "unlabelled",
        "unknown",
        "hintergrund",
        "none",
    )
)
"""Names of numbers that hold no structure."""
