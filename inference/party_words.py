"""The words by which `parties` tells a state from its rebels and its companies.

Spelled the American way and in the singular; `SPELLED` brings other spellings there.
"""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Who speaks for the state that they are named with. A name may follow.
OFFICES = _set(
    """
    adm admiral adviser advisor agent aide amb ambassador attache auditor brig brigadier captain
    chancellor chief col colonel commandant commander commissioner commodore comptroller
    congressman consul counterpart daffaires delegate deputy diplomat director emir envoy gen
    general governor head inspector investigator judge justice king lawmaker leader legislator
    lieutenant lt magistrate major marshal mediator minister monarch mp negotiator officer official
    ombudsman parliamentarian pm premier president prince prosecutor queen rep representative ruler
    secretary sen senator source speaker spokesman spokesperson sultan undersecretary
    """
)
# What acts for it.
ORGANS = _set(
    """
    administration agency aircraft army artillery assembly authority bank battalion battery board
    boat bomber brigade bureau cabinet center coastguard command commando commission committee
    congress conscript consulate council court craft customs cutter delegation department destroyer
    detachment directorate division drone embassy fleet force frigate garrison gendarme gendarmerie
    government guard gunboat gunner hacker helicopter infantry inspectorate institute intelligence
    jet judiciary junta kingdom leadership legislature man marine media military ministry mission
    monarchy mortar navy office organ organization palace paratrooper parliament patrol patrolman
    peacekeeper plane police policeman presidency ranger regime regiment regulator republic sailor
    sapper secretariat senate service ship side sniper soldier spy staff state submarine tank
    television treasury tribunal troop unit vessel warplane warship watchdog
    """
)
# What acts for a body: the experts of a state are not the state.
OF_BODIES = _set(
    """
    ally arm body branch capital chair chairman coordinator country economist expert fund governing
    group member monitor observer panel planner program rapporteur report team worker
    """
)
# A paper of theirs says what they say.
PAPERS = _set(
    """
    advisory assessment audit bulletin cable communique dossier finding inquiry letter memo
    memorandum note paper report resolution statement study survey
    """
)
# These may be anybody's, unless a word before them says what they are for.
UNSURE = _set(
    """
    aircraft bank boat captain center council craft director division fleet governor hacker
    institute man media organization plane ship source staff television vessel
    """
)
MATTERS = _set(
    """
    air armed army bank border central coast coastguard customs defense diplomatic economic
    election electoral embassy emergency energy finance fisheries foreign governing guardian health
    human immigration intelligence interim interior judicial justice law legal military monetary
    naval navy nuclear official parliamentary patrol police policy presidential press prison
    reserve ruling sea secret security sovereign space spy state statistics supreme tax trade
    transitional war weather
    """
)
# A leader is the state's only where nothing else stands between the two.
LEADING = _set("de facto longtime military new paramount spiritual supreme top young")

# Behind one of these it is nobody's office any more, or another's.
PAST = _set(
    """
    appointed backed deposed designate dismissed elect ex exile exiled former fugitive installed
    jailed late led opposition ousted owned pro retired sacked shadow then time
    """
)
OTHERS = PAST | _set(
    """
    activist airline airways alliance ally association bishop business chamber charity church city
    clan club coalition college company corporation county cricket croat cypriot dissident district
    farmer federation firm football freight group guerrilla guild hamas handling hezbollah hockey
    hospital houthi independent insurgent kurdish kurdistan league militant militia mosque
    municipal muslim newspaper olympic orthodox party popular private provincial qaeda rebel
    refugee regional relief resistance rugby separatist serb settler shipping student taliban
    tennis think travel tribal tribe union university village
    """
)
OTHERS_TOGETHER = (
    "democratic forces", "insurgent army", "liberation army", "national army", "republican army",
    "chief executive", "chief minister", "executive officer", "first minister",
    "national congress", "national council", "state assembly", "state government",
    "state governor", "state police",
)  # fmt: skip
# Georgia is a state of the union too, where one of these is named with it.
OF_THE_UNION = _set(
    """
    attorney congressman court department governor judge lawmaker legislator legislature official
    police prosecutor rep representative sen senate senator secretary
    """
)

# Who is the state's where it is named for a place: "officials in Tehran", not "troops in Syria".
AT_HOME = _set(
    """
    army authority cabinet court government inspector investigator judge junta lawmaker leadership
    magistrate military minister ministry navy official ombudsman palace parliament police
    policeman presidency prosecution prosecutor regime regulator treasury
    """
)
# Others are, where a word before says what they are for: "army spokesman in Khartoum", but
# never these, who are sent there from elsewhere.
ABROAD = _set(
    """
    amb ambassador attache consul consulate counterpart daffaires delegate delegation diplomat
    embassy envoy force garrison mediator mission negotiator peacekeeper representative soldier
    troop unit commander captain officer
    """
)
FROM = PAPERS | _set("force jet peacekeeper plane soldier troop warplane warship")
# A country's bar council and school board bear its name, too.
NOT_BY_NAME = _set(
    "bank board center commission committee council division institute office service unit"
)
# Who speaks for the organ or body behind them: "source in the foreign ministry".
OF_ORGANS = OFFICES | ORGANS | PAPERS | {"arm", "branch", "member", "wing"}
# "Ministry of Defense of Russia"
GOVERNING = _set("department minister ministry secretary undersecretary")

BEFORE = _set(
    """
    a an the his her its their our your my this that these those no any both each another other
    every most many several some few all various certain one two three four five six seven eight
    nine ten eleven twelve thirteen fourteen fifteen sixteen twenty thirty forty fifty dozens
    hundreds thousands senior top junior unnamed unidentified anonymous neighboring nearby rival
    current acting interim transitional caretaker incoming new visiting local key leading veteran
    civilian military communist isolated reclusive embattled hardline moderate conservative
    islamist mainland deputy joint independent confidential declassified draft earlier internal
    leaked secret
    """
)
COUNTED = _set(
    """
    any each another every most many several some few various certain one two three four five six
    seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen twenty thirty forty fifty
    dozens hundreds thousands
    """
)
# A state may follow, which is the one that is meant.
KIN = _set("ally country enemy foe kingdom nation neighbor neighbour partner republic rival")
HELPED = _set("allied backed recognised recognized supported")
TO = _set("of for in at from to by inside")
ANY_TO = TO | _set(
    """
    about aboard across after against along alongside amid among around as based before behind
    between beyond called close during into like named near off on outside over since through
    throughout toward towards under until upon with within without
    """
)
ENDS = _set(", ( ) [ — : ; who which that whose whom where when while because")
VERBS = _set(
    """
    am are be been being can cannot could did do does had has have is may might must never not
    shall should was were will would
    """
)
PARTICLES = _set("- abu al bin bint da de del den der di du el ibn la le ud ul van von")

SPELLED = {
    "centre": "center", "defence": "defense", "labour": "labor", "neighbouring": "neighboring",
    "organisation": "organization", "programme": "program", "st": "saint",
}  # fmt: skip
# In small letters these are other words.
CAPITAL = _set("male polish us who")
