"""The table of words that vendors and hospitals write into the names of MR series, each with its source.

:mod:`.series_words` splits a name into these words. A word stands for one `Meaning`; what the meanings of a series
say together is decided in :mod:`.mr_weighting`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """What a word in the name of a series says."""

    T1 = "T1-weighted"
    T2 = "T2-weighted"
    PD = "proton density"
    T2_STAR = "T2*-weighted"
    STIR = "STIR"
    DARK_FLUID = "inversion that nulls fluid"
    SPIN_ECHO = "spin echo"
    GRADIENT = "gradient echo"
    SINGLE_SHOT = "single-shot spin echo"
    BALANCED = "balanced gradient echo"
    ULTRASHORT = "ultrashort or zero echo time"
    FAT_SUPPRESSED = "fat suppression"
    SUPPRESSED = "suppression, of fat where a word for fat stands beside it"
    DIXON = "Dixon acquisition"
    WATER = "water image"
    FAT = "fat image"
    IN_PHASE = "in-phase image"
    OPPOSED = "opposed-phase image"
    IN = "'in', which means in-phase only in a Dixon acquisition"
    OUT = "'out', which means opposed-phase only in a Dixon acquisition"
    LETTER_W = "the letter W, which means water only in a Dixon acquisition"
    LETTER_F = "the letter F, which means fat only in a Dixon acquisition"
    LETTER_C = "the letter C, which means contrast agent at the end of a name"
    AGENT = "contrast agent"
    ENHANCED = "a word that means contrast agent beside T1 only"
    POST = "'post', which means after contrast agent unless an operation follows"
    SURGERY = "operation or treatment"
    PRE = "before contrast agent"
    WITHOUT = "without"
    WITH_AND_WITHOUT = "with and without"
    MAP = "map of a computed quantity"
    FAT_FRACTION = "fat-fraction map"
    MU_MAP = "attenuation map"
    ATTENUATION = "made for attenuation correction"
    DIFFUSION = "diffusion"
    OTHER = "a kind of series that serves no role"
    LOCALIZER = "localizer, counting or planning images"
    PROJECTION = "projection through a volume"
    REFORMAT = "reformatted from another series"
    METAL = "reduces artifacts of metal"
    UNCORRECTED = "not corrected for distortion"
    LUMBAR = "lumbar spine"
    THORACIC = "thoracic spine"
    CERVICAL = "cervical spine"
    SPINE = "spine"
    SACRUM = "sacrum and sacroiliac joints"
    PELVIS = "pelvis"
    HIP = "hip"
    LEG = "thigh, knee, leg or foot"
    ABDOMEN = "abdomen"
    CHEST = "chest"
    HEAD = "head or neck"
    ARM = "shoulder, arm or hand"
    WHOLE = "whole, as in whole spine or whole body"
    SAGITTAL = "sagittal"
    CORONAL = "coronal"
    AXIAL = "axial"
    LEFT = "left"
    RIGHT = "right"
    PET = "PET"
    FILLER = "a word that says nothing about the weighting"


REGIONS = frozenset(
    {
        Meaning.LUMBAR,
        Meaning.THORACIC,
        Meaning.CERVICAL,
        Meaning.SPINE,
        Meaning.SACRUM,
        Meaning.PELVIS,
        Meaning.HIP,
        Meaning.LEG,
        Meaning.ABDOMEN,
        Meaning.CHEST,
        Meaning.HEAD,
        Meaning.ARM,
    }
)
"""The meanings that name a region of the body."""

SOURCES = {
    "IDC": "public series lists of the Imaging Data Commons (PyPI idc-index-data 25.0.5)",
    "acronyms": "the vendors' sequence acronyms as listed by https://mriquestions.com/commercial-acronyms.html",
    "DICOM": "DICOM PS3.3 C.8.3.1, C.8.13 and PS3.16 CID 4 and CID 7 (terms of Image Type, body part)",
    "GE PET/MR": "https://github.com/MartijnBrouwer/PET-MR-LesionDetection, https://github.com/UCL/pet-rd-tools/pull/28",
    "mMR": "https://github.com/UCL/pet-rd-tools/issues/11, https://github.com/UCL/STIR/issues/755 (Biograph mMR)",
    "UIH": "https://github.com/rordenlab/dcm2niix/issues/225 (names of a United Imaging scanner)",
    "Philips": "https://github.com/rordenlab/dcm2niix/issues/255 (Philips mDIXON and its types)",
    "ReproIn": "https://github.com/ReproNim/reproin/issues/58 (twins without distortion correction)",
    "metal": "https://pmc.ncbi.nlm.nih.gov/articles/PMC4321802 and PMC4323867 (metal artifact reduction)",
    "BIDS": "https://bids-specification.readthedocs.io (names of files)",
    "language": "the word in another language, as hospitals of that country write it",
    "usual": "a usual abbreviation of radiology departments",
}
"""Key -> where the words of an entry were found."""


@dataclass(frozen=True)
class Entry:
    """Words with one meaning, separated by spaces; an underscore joins the parts of a phrase."""

    meaning: Meaning
    words: str
    source: str


M = Meaning
ENTRIES = (
    Entry(
        M.T1,
        "t1 t1w t1wi t1_weighted t1_w t1gew",
        "IDC",
    ),
    Entry(
        M.T2,
        "t2 t2w t2wi t2_weighted t2_w t2gew",
        "IDC",
    ),
    Entry(
        M.PD,
        "pd pdw pdwi dp protondensity proton_density proton proton_weighted rho protonen",
        "IDC",
    ),
    Entry(
        M.T2_STAR,
        "t2* t2star t2_star t2_* t2w* medic merge swan ffe_t2 mffe cosmic me2d me3d t2s t2star_w",
        "acronyms",
    ),
    Entry(
        M.STIR,
        "stir tirm short_ti shortti fastir fse_ir irfse fseir",
        "acronyms",
    ),
    Entry(
        M.DARK_FLUID,
        "flair darkfluid dark_fluid df blackfluid",
        "acronyms",
    ),
    Entry(
        M.SPIN_ECHO,
        "turbo_spin_echo fast_spin_echo spin_echo rare turbo fsexl frfsexl se tse fse frfse space cube vista "
        "mvxd isofse mprix blade propeller multivane jet",
        "acronyms",
    ),
    Entry(
        M.GRADIENT,
        "lava_flex lavaflex autobind_lava fame mrac quick_3d",
        "GE PET/MR",
    ),
    Entry(
        M.GRADIENT,
        "mprage tfl bravo mp2rage dess starvibe disco tigre gradient_echo fsp fsp3d gre gr fgre fl2d fl3d "
        "flash spgr fspgr ffe tfe tffe vibe lava thrive ethrive quick3d",
        "acronyms",
    ),
    Entry(
        M.SINGLE_SHOT,
        "haste ssfse sshtse ssh single_shot singleshot ssh_tse ss_tse fase sstse uhaste",
        "acronyms",
    ),
    Entry(
        M.BALANCED,
        "trufi truefisp true_fisp fiesta bffe btfe balanced ciss ssfp bssfp truessfp btfe_bh",
        "acronyms",
    ),
    Entry(
        M.ULTRASHORT,
        "ute zte petra silenz zero_te ultrashort zero_echo",
        "acronyms",
    ),
    Entry(
        M.FAT_SUPPRESSED,
        "fs fatsat fat_sat fatsup fatsupp fat_sup fat_supp fatsuppressed fsat sfs",
        "IDC",
    ),
    Entry(
        M.FAT_SUPPRESSED,
        "spair spir chess spectral spectair special aspir fatsep enfs msofts water_excitation proset wats "
        "we_fs principle_of_selective_excitation pasta wex we",
        "acronyms",
    ),
    Entry(
        M.FAT_SUPPRESSED,
        "fettsupprimiert fettgesattigt fettsat fettsupp fettsattigung fett_sat fettgesattigte sat_graisse "
        "fatsat_graisse satgraisse suppression_graisse sat_grasa supresion_grasa",
        "language",
    ),
    Entry(
        M.SUPPRESSED,
        "sat sup supp suppressed suppression saturation saturated suppr",
        "usual",
    ),
    Entry(
        M.DIXON,
        "mrac quantdixon fq water_fat waterfat dixquant qdixon multiecho_dixon autobind_lava",
        "GE PET/MR",
    ),
    Entry(
        M.DIXON,
        "dixon mdixon ideal lavaflex lava_flex flex mdixonquant wfi wfop wi_fi idealiq ideal_iq dix fdixon "
        "wfs dixon_vibe fatsep fat_sep watersep",
        "IDC",
    ),
    Entry(
        M.DIXON,
        "mdixon_xd",
        "Philips",
    ),
    Entry(
        M.WATER,
        "water wasser eau agua acqua wateronly water_only",
        "IDC",
    ),
    Entry(
        M.FAT,
        "fat fett graisse grasa grasso fatonly fat_only",
        "IDC",
    ),
    Entry(
        M.IN_PHASE,
        "inphase in_phase ip inph in_ph enphase en_phase infase in_fase",
        "IDC",
    ),
    Entry(
        M.OPPOSED,
        "opp opposed outphase out_phase opposedphase opposed_phase outofphase out_of_phase op oop oppphase "
        "opp_phase opph outph gegenphase opposition opposition_de_phase fuoriphase opposition_phase",
        "IDC",
    ),
    Entry(
        M.IN,
        "in",
        "IDC",
    ),
    Entry(
        M.IN,
        "i",
        "UIH",
    ),
    Entry(
        M.OUT,
        "out",
        "IDC",
    ),
    Entry(
        M.OUT,
        "o",
        "UIH",
    ),
    Entry(
        M.LETTER_W,
        "w",
        "IDC",
    ),
    Entry(
        M.LETTER_F,
        "f",
        "IDC",
    ),
    Entry(
        M.LETTER_C,
        "c",
        "IDC",
    ),
    Entry(
        M.AGENT,
        "gd gad gado gadolinium gadovist dotarem magnevist multihance prohance omniscan clariscan contrast "
        "contraste contrasto mdc gadol postcontrast postgad postgado postgd pc_contrast pluscontrast "
        "withcontrast cplus nach_km injecte inj post_inj postinj gd+",
        "IDC",
    ),
    Entry(
        M.AGENT,
        "gadavist eovist primovist vueway elucirem gdtpa gddtpa km kontrast kontrastmittel postkm pos "
        "poscontraste pos_contraste",
        "language",
    ),
    Entry(
        M.ENHANCED,
        "cm ce enhanced enh apres nach dopo despues delayed art arterial ven venous portal equilibrium "
        "hepatobiliary minutesafter delay",
        "IDC",
    ),
    Entry(
        M.POST,
        "post",
        "IDC",
    ),
    Entry(
        M.SURGERY,
        "biopsy trauma fracture hardware hw screws rod rods discectomy stent op operation operative operativ "
        "surgery surgical lami laminectomy fusion tlif plif alif tkr tha thr tep postop postoperative "
        "postoperativ arthroplasty prosthesis implant implants block treatment tx rt radiation chemo void "
        "voiding micturition exercise load arthro decompression",
        "usual",
    ),
    Entry(
        M.PRE,
        "pre nativ native plain unenhanced noncontrast precontrast nc nocontrast pregad pregd prekm",
        "IDC",
    ),
    Entry(
        M.PRE,
        "vor_km avant_gado sin_contraste sans_injection basale diretta cminus minuscontrast non_enhanced smdc "
        "senza_mdc precontraste",
        "language",
    ),
    Entry(
        M.WITHOUT,
        "without no non w/o wo ohne sans sin senza zonder not sem none nil vor utan bez uten uden u",
        "language",
    ),
    Entry(
        M.WITH_AND_WITHOUT,
        "withandwithout wwo w/wo",
        "IDC",
    ),
    Entry(
        M.MAP,
        "phase_map b0map b1 b1map fieldmap field_map field_mapping gre_field_mapping t1rho t1_rho mapit "
        "colormap parametric cartigram quantification qmap iron stiffness elastogram mapping",
        "IDC",
    ),
    Entry(
        M.MAP,
        "r2* r2star r2_star t2map t2*map t1map t1_map t2_map t2*_map t2star_map map maps adc eadc trace",
        "Philips",
    ),
    Entry(
        M.FAT_FRACTION,
        "waterfraction water_fraction wfrac fat_pct hepatic_fat ff fatfrac fat_frac fatfraction fat_fraction "
        "pdff fat_percent fat_percentage ffmap",
        "Philips",
    ),
    Entry(
        M.MU_MAP,
        "umap mumap u_map mu_map acmap pseudoct pseudo_ct syntheticct synthetic_ct sct mrpet_umap3d",
        "mMR",
    ),
    Entry(
        M.ATTENUATION,
        "atmr mrat mr_at",
        "Philips",
    ),
    Entry(
        M.ATTENUATION,
        "mrac ac acp attenuation atten ctac mr_ac acdixon attcorr",
        "mMR",
    ),
    Entry(
        M.DIFFUSION,
        "b50 b100 b400 b500 b600 b800 b900 b1000 b1400 b1500 b2000",
        "IDC",
    ),
    Entry(
        M.DIFFUSION,
        "dwi dti diff diffusion resolve ep2d epi dwibs dw ivim zoomit focus_dwi tracew dwib ddwi",
        "acronyms",
    ),
    Entry(
        M.DIFFUSION,
        "difusao difusion diffusione mpg diffusie",
        "language",
    ),
    Entry(
        M.OTHER,
        "tof angio angiography mra mrv mrcp subtraction subtracted subtraktion sub subt subs swi fmri bold "
        "spectro spectroscopy press svs csi phase_contrast venc cine asl mre neurography care_bolus carebolus "
        "bolus_track test_bolus timing_bolus smartprep bolustrak dynamic dyn myelo myelogram myelography "
        "myelographie myelographic dce perf perfusion twist tricks 4d_thrive subtract sub_tract",
        "IDC",
    ),
    Entry(
        M.LOCALIZER,
        "vertebra_count count_sag smartbrain smartspine smartexam mobiview_scout localizer localiser "
        "localizers localisers localizador localizzatore lokalizer loc locs scout scouts scano scouta scoutb "
        "scoutview scoutviews survey surveys topogram topo plan planning plan_scan planscan 3plane 3_plane "
        "three_plane 3pl tripilot pilot pilots 3_pl triplane aahead_scout aascout aaspine_scout aahscout "
        "counting count counter fgr reference_scan refscan ref_scan calibration calib asset_cal "
        "asset_calibration coil_survey prescan level_count posdisp pos_disp",
        "IDC",
    ),
    Entry(
        M.LOCALIZER,
        "reperage localisation ubersicht uebersicht ubersichtsaufnahme positionsbestimmung locator "
        "zahllocalizer zaehllocalizer zahlsequenz",
        "language",
    ),
    Entry(
        M.PROJECTION,
        "mip minip mnip maximum_intensity projection projections cine_rotation mips",
        "IDC",
    ),
    Entry(
        M.REFORMAT,
        "mpr reformat reformatted reformats rfmt mpr_sag mpr_cor reform curved tomo recon_mpr",
        "IDC",
    ),
    Entry(
        M.METAL,
        "warp vat semac mavric mavricsl mavric_sl mars omar o_mar advancedwarp metal metall metals msi omarxd "
        "xd_o_mar isomar slicencode hbw high_bandwidth highbandwidth metalart prothese xd amars hibw advwarp "
        "multispectral mar amr high_bw hi_bw",
        "metal",
    ),
    Entry(
        M.UNCORRECTED,
        "nd",
        "ReproIn",
    ),
    Entry(
        M.LUMBAR,
        "lumbar lumb lspine l_spine ls lss lsp lumbosacral lumbo lumbaire lombaire lombaires lombare l_sp lumbar_sp",
        "IDC",
    ),
    Entry(
        M.LUMBAR,
        "lws lendenwirbelsaule lendenwirbelsaeule lumbal lumbale lwk lumbalwirbelsaule lumbarspine lumbosacra "
        "rachis_lombaire columna_lumbar col_lumbar lspn lwz lumbarsp lsspine lumbosacro l_s ll_spine lombar "
        "col_lombar coluna_lombar",
        "language",
    ),
    Entry(
        M.THORACIC,
        "thoracic tspine t_spine bws dorsal thor thoracal tsp brustwirbelsaule dorsale thorspine",
        "IDC",
    ),
    Entry(
        M.CERVICAL,
        "cervical cspine c_spine hws csp halswirbelsaule cervicale cervspine cerv",
        "IDC",
    ),
    Entry(
        M.SPINE,
        "whole_spine wholespine total_spine",
        "IDC",
    ),
    Entry(
        M.SPINE,
        "spine spinal wirbelsaule wirbelsaeule rachis columna colonna ws gws wervelkolom tlspine coluna aaspine",
        "language",
    ),
    Entry(
        M.SACRUM,
        "si_joint si_joints ksg kreuzbein sacroiliacs coccyx iliosakralgelenk si sij sijoint isg sacrum "
        "sacral sacroiliac sacroiliaca sacroiliaque iliosakral iliosacral sakrum sacroiliacas sacroilicas "
        "sacroiliaques",
        "language",
    ),
    Entry(
        M.PELVIS,
        "pel",
        "IDC",
    ),
    Entry(
        M.PELVIS,
        "pelvis pelvic becken bassin bekken pelv pelvien bacino pelve bony_pelvis prostate uterus rectum",
        "language",
    ),
    Entry(
        M.HIP,
        "acetabulum hufttep tep_hufte hip hips hufte huefte hanche hanches anca anche cadera caderas heup "
        "heupen hueft huft quadril",
        "language",
    ),
    Entry(
        M.LEG,
        "femurs",
        "IDC",
    ),
    Entry(
        M.LEG,
        "leg legs thigh thighs femur knee knees calf calves ankle foot oberschenkel bein beine knie cuisse "
        "unterschenkel genou jambe tibia lower_leg lower_legs lowerleg upperleg upper_leg",
        "language",
    ),
    Entry(
        M.ABDOMEN,
        "abdomen abd abdo abdominal liver leber foie kidney kidneys pancreas bauch oberbauch",
        "language",
    ),
    Entry(
        M.CHEST,
        "chest thorax tho lung lungs breast mamma heart cardiac",
        "mMR",
    ),
    Entry(
        M.HEAD,
        "head brain kopf skull neck hals tete neuro cranium face orbit",
        "language",
    ),
    Entry(
        M.ARM,
        "shoulder arm hand wrist elbow schulter epaule hombro spalla humerus forearm",
        "language",
    ),
    Entry(
        M.WHOLE,
        "whole wb total ganz gesamt wholespine wholebody whole_spine total_spine whole_body composed comp",
        "IDC",
    ),
    Entry(
        M.SAGITTAL,
        "sag sagittal sagittale sagital osag sg sagit",
        "IDC",
    ),
    Entry(
        M.CORONAL,
        "cor coronal coronale koronar frontal cr ocor koron coro",
        "IDC",
    ),
    Entry(
        M.AXIAL,
        "ax axial axiale tra trans transversal transverse transv tr oax trav transvers",
        "IDC",
    ),
    Entry(
        M.LEFT,
        "left lt links gauche izquierda izq sinistra sx lhip li",
        "language",
    ),
    Entry(
        M.RIGHT,
        "right rt rechts droite derecha dcha destra dx rhip re",
        "language",
    ),
    Entry(
        M.PET,
        "pet pt fdg suv suvbw qclear q_clear petac",
        "IDC",
    ),
    Entry(
        M.FILLER,
        "wip multivane_xd mv_xd mvxd",
        "Philips",
    ),
    Entry(
        M.FILLER,
        "sense csense arc asset grappa ipat p2 p3 p4 caipi cs mb sms ssense speeder asset2 zoom bh bhs rt_ "
        "trig triggered navi nav fb freebreathing respiratory resp gated pace bellows te tr ti ms tl xl fr "
        "restore drive dr drb pat nex nsa rep1 rep2 repeat again motion dl air recon",
        "acronyms",
    ),
    Entry(
        M.FILLER,
        "2d 3d iso isotropic hr hires highres res high low fast long short std standard product new both "
        "bilat bilateral bil uni unilateral small large fov obl oblique para para_cor para_sag parasag "
        "paracor upper lower top bottom mid mitte oben unten fse_xl opt echo echo1 echo2 first second only "
        "img image images im series mr mri routine protocol given",
        "usual",
    ),
)
"""All words, by meaning. The source is a key of `SOURCES`."""
