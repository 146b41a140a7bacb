"""Given names and their short forms, as they are used in the United States. A line is a name, then what it is cut to.

Only forms that stand for the name in daily use: of a couple, one's name must not be the other's short form.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

_LINES = """
abigail abby gail
abraham abe
albert al bert
alejandro alex
alexander alex al xander
alexandra alex lexi sandra
alfred al fred
alice ali
amanda mandy
andrea andi drea
andrew andy drew
angela angie
anthony tony
antonio tony
arthur art
barbara barb barbie babs
benjamin ben benji benny
bernard bernie
beverly bev
bradley brad
brandon bran
brenda bren
calvin cal
cameron cam
carolyn carol carrie lyn
cassandra cassie sandra
catherine cathy cat cate kate katie kitty
charles charlie chuck chas chip
charlotte char lottie
christina chris chrissy tina christy
christine chris chrissy tina christy
christopher chris kit topher
clifford cliff
clinton clint
constance connie
curtis curt
cynthia cindy
daniel dan danny
danielle dani
david dave davey
deborah deb debbie debby
debra deb debbie debby
dennis denny
diana di
diane di
dolores lola
dominic dom nick
donald don donnie donny
dorothy dot dottie dolly
douglas doug
edgar ed eddie
edmund ed eddie ned
edward ed eddie ted teddy ned
edwin ed eddie
eileen
elaine
eleanor ellie nell nora
elizabeth liz lizzie beth betsy betty eliza libby
emily em
eric rick
ernest ernie
eugene gene
evelyn eve evie
florence flo
frances fran frannie
francis frank
francisco paco pancho frank
franklin frank
frederick fred freddie freddy rick
gabriel gabe
geoffrey geoff jeff
george georgie
gerald gerry jerry
gerard gerry jerry
gilbert gil
gregory greg
gwendolyn gwen
harold harry hal
harriet hattie
helen nell
henry hank harry
herbert herb bert
howard howie
irene rene
isaac ike
isabella bella izzy
jacob jake
jacqueline jackie
james jim jimmy jamie
janet jan
janice jan
jeffrey jeff
jennifer jen jenn jenny
jeremiah jerry
jeremy jerry
jerome jerry
jessica jess jessie
jesus chuy
joan joanie
joanna jo
joanne jo
john johnny jack jon
jonathan jon john johnny
jose pepe
joseph joe joey jody
josephine jo josie
joshua josh
joyce
judith judy judi
julia julie
julian jules
katherine kathy kate katie kat kitty kathie
kathleen kathy kate katie kat kathie
kathryn kathy kate katie kat kathie
kenneth ken kenny
kimberly kim kimmy
kristen kris kristy
kristina kris kristy tina
kristine kris kristy tina
lawrence larry
laurence larry
lauren laurie
laura laurie lori
leonard leo len lenny
leroy roy
leslie les
lillian lily lil
linda lindy
louis lou louie
lucille lucy
luis lou
madeline maddie
manuel manny
margaret maggie meg peggy marge margie greta peg
maria mary
marjorie marge margie
martha marty
martin marty
marvin marv
matthew matt matty
maxwell max
megan meg
melanie mel
melissa mel missy lissa
melvin mel
michael mike mikey mick mickey
michelle shelly micki
miguel mike
mildred millie
mitchell mitch
nancy nan
natalie nat
nathan nate nat
nathaniel nate nathan nat
nicholas nick nicky
nicole nikki nicki
norman norm
olivia liv livvy
oliver ollie
pamela pam
patricia pat patty trish tricia patti
patrick pat paddy
peter pete
philip phil
phillip phil
priscilla cilla
rachel rach
ralph ralphie
randall randy
raymond ray
rebecca becky becca
reginald reggie
richard rick rich dick ricky richie
robert rob bob bobby robbie bert
roberta bobbie
rodney rod
roger rog
roland rollie
ronald ron ronnie ronny
rosemary rose rosie
russell russ
samantha sam sammy
samuel sam sammy
sandra sandy
sarah sally sadie
sharon shari
shirley shirl
sidney sid
sophia sophie
stanley stan
stephanie steph
stephen steve stevie
steven steve stevie
stuart stu
susan sue susie suzy
suzanne sue susie suzy
sylvia sylvie
terrence terry
terence terry
theodore ted teddy theo
theresa terry terri tess tessa
teresa terry terri tess tessa
thomas tom tommy
timothy tim timmy
tiffany tiff
tyler ty
valerie val
vanessa nessa
veronica ronnie roni
victor vic
victoria vicky vicki tori
vincent vince vinny
virginia ginny ginger
vivian viv
walter walt wally
warren
wayne
wesley wes
wilbur will
william bill billy will willie liam
winston win
yolanda yoli
zachary zach zack zak
"""


@cache
def forms() -> Mapping[str, frozenset[str]]:
    """By name in use, the full names it may stand for; a full name stands for itself."""
    found: dict[str, set[str]] = {}
    for line in _LINES.split("\n"):
        full, *shorts = line.split() or [""]
        for each in (full, *shorts):
            found.setdefault(each, set()).add(full)
    found.pop("")
    return MappingProxyType({name: frozenset(fulls) for name, fulls in found.items()})


@cache
def initials() -> Mapping[str, frozenset[str]]:
    """By full name, the letters that its short forms begin with: `B.` may be Robert."""
    found: dict[str, set[str]] = {}
    for name, fulls in forms().items():
        for full in fulls:
            found.setdefault(full, set()).add(name[0])
    return MappingProxyType({full: frozenset(letters) for full, letters in found.items()})
