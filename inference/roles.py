"""The words that say what a person or a body is, and the verbs that report what they said."""

from __future__ import annotations

import unicodedata


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as a text."""
    return frozenset(text.split())


# What a person can be called after "the", with the gender where the word has one.
_MEN = """
    alderman assemblyman baron boy brother businessman cameraman chairman clergyman congressman
    councilman duke emir father fireman fisherman gentleman grandfather husband king layman man
    monk nephew nobleman ombudsman policeman prince salesman serviceman son spokesman sportsman
    statesman sultan uncle widower
"""
_WOMEN = """
    actress assemblywoman aunt businesswoman chairwoman congresswoman councilwoman daughter
    duchess fisherwoman girl grandmother heiress midwife mother niece nun policewoman princess
    queen saleswoman servicewoman sister spokeswoman sportswoman widow wife woman
"""
_PERSONS = """
    academic activist actor administrator admiral adviser advisor advocate aide ally ambassador
    analyst archbishop architect artist assistant astronomer athlete attaché attorney auditor
    author banker barrister biologist bishop blogger boss botanist brigadier broker builder
    candidate captain cardinal caretaker celebrity chair chairperson champion
    chancellor chaplain chef chemist chief cleric clerk coach columnist comedian commander
    commissioner commodore composer comptroller conservationist constable consul consultant
    contractor controller convener coordinator co-ordinator coroner correspondent councillor
    councilor counsel counsellor critic curator dean defendant defender delegate demonstrator
    dentist deputy designer detective developer dictator diplomat director dissident doctor donor
    driver ecologist economist editor educator engineer entrepreneur envoy executive expert
    farmer financier firefighter founder co-founder friend gardener general geologist governor
    guard guerrilla guide head headmaster headmistress headteacher herder historian host
    hydrologist imam informant innkeeper inspector instructor interpreter inventor investigator
    investor jailer jeweller journalist judge jurist justice juror keeper landlord landowner
    lawmaker lawyer leader lecturer legislator librarian lieutenant magistrate major manager
    marshal mathematician mayor mechanic mediator member merchant meteorologist migrant militant
    millionaire billionaire minister missionary monitor mp mep msp musician negotiator neighbour
    neighbor neurologist notary novelist nurse observer officer official operative organiser
    organizer owner paediatrician pediatrician painter paramedic parliamentarian partner passenger
    pastor pathologist patient patriarch patrolman pensioner philanthropist philosopher
    photographer physician physicist pilot plaintiff player poet politician pope preacher
    premier president priest principal prisoner producer professor programmer prosecutor
    protester psychiatrist psychologist publisher pupil rabbi rapporteur rebel receptionist
    rector referee refugee registrar reporter representative researcher resident rival sailor
    scholar scientist secretary secretary-general senator sergeant servant sheikh
    sheriff shepherd shopkeeper singer skipper smuggler socialist sociologist soldier solicitor
    speaker specialist spokesperson steward strategist striker student superintendent
    supervisor surgeon surveyor survivor suspect tailor teacher technician technologist teenager
    tenant trader trainer treasurer trustee tycoon undersecretary veteran veterinarian vet vicar
    victim villager volunteer waiter waitress whip warden warlord watchman whistleblower witness
    worker writer youth zoologist colonel
"""

# What a body can be called after "the".
_BODIES = """
    academy administration agency airline airport alliance archive army assembly
    association authority bank battalion board body brewery brigade broadcaster builder bureau
    business cabinet carmaker carrier caucus centre center chain chamber charity church circle
    clinic club co-operative coalition coastguard college command commission committee commune
    community company conference confederation conglomerate congregation congress consortium
    consulate contractor convention cooperative corporation council court delegation department
    developer diocese directorate distributor district embassy employer enterprise exchange faction
    factory federation firm fleet forum foundation front fund garrison government
    group guild hospital initiative inspectorate institute institution insurer junta kingdom
    laboratory league lender lobby magazine maker manufacturer mayoralty military militia miner
    ministry mission monarchy monitor mosque movement municipality museum navy network newspaper
    ngo office ombudsman operator opposition orchestra organisation organization outlet owner panel
    parliament partnership party patriarchate penitentiary platform police port
    prefecture presidency prison producer programme prosecution province provider publisher
    quango refinery regime regiment region registry regulator republic resort retailer school
    secretariat senate service shipper shipyard showroom society station store studio
    subsidiary supermarket supplier syndicate team temple theatre think-tank township
    treasury tribe tribunal trust union unit university utility vatican venture watchdog zoo
"""

# Words for the same thing: a body called one may be called another of its line later on.
_SAME_BODY = (
    "company firm business corporation enterprise conglomerate operator manufacturer maker "
    "carmaker supplier producer developer contractor builder retailer chain insurer lender airline "
    "carrier miner subsidiary shipper provider distributor utility brewery consortium venture",
    "group organisation organization movement charity ngo association network watchdog platform "
    "initiative lobby alliance campaign",
    "union federation confederation guild",
    "regulator watchdog inspectorate",
    "newspaper magazine outlet",
    "institute think-tank",
    "cooperative co-operative",
    "department ministry",
)
_SAME_PERSON = (
    "spokesman spokeswoman spokesperson",
    "chairman chairwoman chair chairperson",
    "lawyer attorney solicitor barrister advocate counsel",
    "lawmaker legislator mp parliamentarian",
    "congressman congresswoman",
    "businessman businesswoman entrepreneur tycoon",
    "adviser advisor aide",
    "councillor councilor councilman councilwoman cllr coun",
    "policeman policewoman constable",
    "coordinator co-ordinator",
    "doctor physician",
    "founder co-founder",
    "governor gov",
    "senator sen",
    "representative rep",
    "general gen",
    "colonel col",
    "lieutenant lt",
    "captain capt",
    "sergeant sgt",
    "admiral adm",
    "major maj",
    "ambassador envoy",
)
# The last word of a firm's name.
_FIRMS = """
    ag airlines airways ab as asa bhd brothers bv chemicals co corp energy foods gmbh holding
    holdings inc industries international kk laboratories limited lines llc llp logistics ltd
    mills mines mining motors nv oil partners petroleum pharma pharmaceuticals pipelines plc
    plastics power products railways resources sa shipping spa sons steel systems technologies
    telecom terminals textiles works
"""
# Words in a capitalised name that is no person's.
_NO_PERSON = """
    accord act agreement airport avenue basin bay beach boulevard bridge building canal cape castle
    city coast county creek cup day declaration desert east eastern forest fort games gulf harbour
    harbor heights hill hills hotel house international island islands isle lake law league media
    mission mount mountain mountains national nations news north northern ocean park peninsula
    plain plan plateau point post press prize protocol radio reef republic ridge river road royal
    sea south southern square states statement strait street telegraph television territory
    saudi arabia lanka rica faso leone zealand kong emirates korea dhabi aviv aires ababa lumpur
    delhi york angeles times today tower treaty tribune tv united valley village war west western
    world
"""

HONORIFICS = {
    **dict.fromkeys(word_set("mr sir lord monsieur señor herr don"), "m"),
    **dict.fromkeys(word_set("mrs ms miss dame lady madame señora frau doña"), "f"),
    **dict.fromkeys(word_set("dr prof professor rev reverend sheikh ayatollah hon mx"), ""),
}
_SHORT_RANKS = dict.fromkeys(
    word_set("gen sen rep gov lt col capt sgt cpl adm maj brig cllr coun det insp supt atty"), ""
)
PERSONS = {
    **dict.fromkeys(_PERSONS.split(), ""),
    **_SHORT_RANKS,
    **dict.fromkeys(_MEN.split(), "m"),
    **dict.fromkeys(_WOMEN.split(), "f"),
}
BODIES = word_set(_BODIES)
FIRMS = word_set(_FIRMS)
NO_PERSON = word_set(_NO_PERSON) | FIRMS | BODIES

# Titles that somebody has for somebody.
KIN = word_set(
    "aunt brother daughter father friend grandfather grandmother husband mother nephew niece "
    "sister son uncle widow widower wife"
)

# With one of these before it a title means somebody else than without.
OTHER_HOLDER = word_set(
    "deputy vice former ex then shadow assistant acting under late interim designate elect"
)
# With one of these a description means somebody new, or nobody said before.
NEWCOMER = word_set(
    "another other second third fourth new next previous present current incumbent outgoing "
    "incoming rival separate different same last first one such any every each no some local "
    "top senior many own respective two three four five"
)


def fold(word: str) -> str:
    """A word without case, accents and full stops: "Erdoğan" is "erdogan"."""
    if word.isascii():
        return word.lower().replace(".", "")
    plain = unicodedata.normalize("NFKD", word.lower())
    return "".join(c for c in plain if not unicodedata.combining(c) and c != ".").replace("’", "'")


def _lines(lines: tuple[str, ...]) -> dict[str, frozenset[str]]:
    same: dict[str, frozenset[str]] = {}
    for line in lines:
        words = frozenset(line.split())
        for word in words:
            same[word] = same.get(word, frozenset()) | words
    return same


_SAME = {**_lines(_SAME_PERSON), **_lines(_SAME_BODY)}


def same_kind(head: str) -> frozenset[str]:
    """The words that may stand for `head` in a later description, itself among them."""
    return _SAME.get(head, frozenset((head,)))


# What reports speech, and what the stances are told by.
SPEECH = word_set(
    "said says say told tells tell added adds warned warns warn wrote writes denied "
    "denies deny accused accuses accuse blamed blames blame insisted insists claimed claims "
    "claim argued argues argue asked asks called calls dismissed dismisses dismiss rejected "
    "rejects reject replied replies noted notes stressed stresses declared declares announced "
    "announces alleged alleges allege criticised criticized criticises criticizes condemned "
    "condemns condemn acknowledged acknowledges admitted admits explained explains tweeted "
    "posted testified vowed vows pledged pledges threatened threatens threaten urged urges "
    "suggested suggests maintained maintains complained complains conceded concedes confirmed "
    "confirms contended contends remarked shouted stated states recalled responded cautioned "
    "cautions fears feared fear believes believed thinks thought pointed described describes "
    "denounced denounces refuted refutes disputed disputes protested predicted predicts "
    "reported reports voiced expressed promised promises apologised apologized concluded "
    "concludes observed hinted"
)
DENIALS = word_set(
    "denied denies deny denying rejected rejects rejecting dismissed dismisses dismissing "
    "refuted refutes disputed disputes called"
)
BLAMES = word_set(
    "accused accuses accuse accusing blamed blames blame blaming alleged alleges alleging "
    "charged criticised criticized denounced condemned sued"
)

# Countries and capitals of one word, which are sources of their own and nobody's surname.
PLACES = word_set(
    "abuja accra afghanistan africa albania algeria algiers america amman amsterdam angola "
    "ankara argentina armenia asia astana athens australia austria azerbaijan baghdad bahrain "
    "baku bamako bangkok bangladesh beijing beirut belarus belgium belgrade benin berlin "
    "berne bhutan bogota bolivia bosnia botswana brasilia bratislava brazil britain brunei "
    "brussels bucharest budapest bulgaria burundi cairo cambodia cameroon canada canberra "
    "caracas chad chile china colombia congo copenhagen croatia cuba cyprus czechia damascus "
    "denmark dhaka djibouti doha dublin ecuador egypt england eritrea estonia ethiopia europe "
    "finland france gabon gambia gaza geneva georgia germany ghana greece greenland guatemala "
    "guinea guyana haiti hanoi harare havana helsinki honduras hungary iceland india "
    "indonesia iran iraq ireland islamabad israel italy jakarta jamaica japan jerusalem "
    "jordan kabul kampala kathmandu kazakhstan kenya khartoum kiev kigali kosovo kremlin "
    "kuwait kyiv kyrgyzstan laos latvia lebanon lesotho liberia libya lima lisbon lithuania "
    "ljubljana london luanda lusaka luxembourg macedonia madagascar madrid malawi malaysia "
    "maldives mali malta managua manila maputo mauritania mauritius mexico minsk moldova "
    "mogadishu monaco mongolia montenegro morocco moscow mozambique muscat myanmar nairobi "
    "namibia nato nepal netherlands nicaragua niger nigeria norway oman oslo ottawa pakistan "
    "palestine panama paraguay paris peru philippines poland portugal prague pretoria "
    "pyongyang qatar quito rabat riga riyadh romania rome russia rwanda santiago sarajevo "
    "scotland senegal seoul serbia seychelles singapore skopje slovakia slovenia sofia "
    "somalia spain stockholm sudan suriname sweden switzerland syria taipei taiwan tajikistan "
    "tallinn tanzania tbilisi tehran thailand tirana togo tokyo tripoli tunis tunisia turkey "
    "turkmenistan uganda ukraine uruguay uzbekistan venezuela vienna vietnam vilnius wales "
    "warsaw washington yemen yerevan zagreb zambia zimbabwe"
)
# Capitalised where they begin a sentence; never part of a name's beginning.
COMMON = word_set(
    "a about above according across after again against alongside amongst beside except onto "
    "per unlike versus via ago all almost along already also although always am amid among an "
    "and another any anyone are around as aside asked at away back because been before behind "
    "being below besides between beyond both but by can could despite did do does down during "
    "each earlier early either else even every everyone everything except few first for four "
    "from further had has have he hence her here hers herself him himself his how however "
    "hours i if in indeed inside instead into is it its itself just last late later least "
    "less like many may me meanwhile might mine more most much must my near nearly neither "
    "never nevertheless next no nobody none nor not nothing now of off often on once one ones "
    "only onto or other others our out outside over own perhaps previously rather reached "
    "recently said second several shall she should since so some somebody someone something "
    "soon still such than that the their them then there these they this those though three "
    "through thus to today together tomorrow tonight too toward towards two under unless "
    "until up upon us very was we were what when whenever where whether which while who whom "
    "whose why will with within without would yes yesterday yet you your half dozens hundreds "
    "thousands millions five six seven eight nine ten monday tuesday wednesday thursday "
    "friday saturday sunday january february march april june july august september october "
    "november december christmas easter"
)
