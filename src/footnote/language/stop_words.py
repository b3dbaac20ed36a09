"""The grammar words of some languages: what a question is made of besides what it asks about.

A word index gives common words little weight anyway; leaving them out of a *query* keeps a search
in a large collection fast. A language that is not here works, a little slower. Words are written
as `words.fold` leaves them: without case and without diacritics.
"""

ENGLISH = """
a about after again all am an and any are as at be because been before being between both but by can could
did do does doing down during each few for from further had has have having he her here hers herself him
himself his how i if in into is it its itself just let me more most my myself no nor not now of off on once
only or other our ours ourselves out over own same shall she should so some such than that the their theirs
them themselves then there these they this those through to too under until up us very was we were what
whats when where which while who whom whose why will with would you your yours yourself yourselves
d ll m re s t ve
"""

GERMAN = """
aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf aus
bei beim bin bis bist da damit dann das dass dasselbe dazu dein deine deinem deinen deiner dem den denn
denen der deren des dessen die dies diese diesem diesen dieser dieses doch dort du durch ein eine einem
einen einer eines er es etwas euer eure fur gegen gewesen hab habe haben hat hatte hatten hier hin hinter
ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in indem ins ist jede jedem jeden jeder jedes jener jetzt
kann kein keine keinem keinen keiner konnen konnte konnten machen man manche mein meine meinem meinen
meiner mich mir mit muss musste nach nicht nichts noch nun nur ob oder ohne sehr sein seine seinem seinen
seiner seit sich sie sind so solche soll sollte sondern sonst uber um und uns unser unsere unter viel vom
von vor wahrend war waren warst warum was weg weil weiter welche welchem welchen welcher welches wenn wer
werde werden wie wieder wieso will wir wird wirst wo wofur woher wohin wollen wollte wurde wurden zu zum
zur zwar zwischen
"""

FRENCH = """
a ai alors as au aucun aussi autre aux avait avec avez avoir avons c ce ceci cela celle celles celui ces
cet cette ceux chaque ci comme comment d dans de des deux doit donc dont du elle elles en encore entre es
est et etaient etait etant ete etre eu eux fait faut font ici il ils j je jusqu l la le les leur leurs lors
lui m ma mais me meme mes moi mon n ne ni non nos notre nous on ont ou par parce pas peu peut peuvent
plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se sera ses si son sont sous
sur t ta te tes toi ton tous tout toute toutes tres tu un une vos votre vous y
"""

SPANISH = """
a al algo algun alguna algunas alguno algunos ante antes aquel aquella aquellas aquellos aqui asi aunque
cada como con contra cual cuales cualquier cuando cuanta cuantas cuanto cuantos de del desde donde dos e el
ella ellas ello ellos en entonces entre era eran eres es esa esas ese eso esos esta estaba estan estar
estas este esto estos fue fueron ha hace hacia han hasta hay he la las le les lo los mas me mi mientras mis
mucho muy nada ni no nos nosotros nuestra nuestro o os otra otras otro otros para pero poco por porque
pues que quien quienes se sea segun ser si sido sin sobre son su sus tal tambien tan tanto te tiene tienen
toda todas todo todos tu tus un una unas uno unos usted ustedes y ya yo
"""

ITALIAN = """
a ad ai al alla alle allo anche avere c che chi ci cio cosa come con contro cui da dagli dai dal dalla
dalle dallo degli dei del dell della delle dello di dopo dove e ed era erano essere fa fra gli ha hai hanno
ho i il in io l la le lei li lo loro lui ma me mi mia mie miei mio molto ne negli nei nel nell nella nelle
nello no noi non nostra nostro o ogni per perche piu po prima puo qual quale quali quando quanta quante
quanti quanto quella quelle quelli quello questa queste questi questo qui se sei si sia siamo sono sotto
sta su sua sue sui sul sull sulla sulle suo suoi te ti tra tu tua tuo tutti tutto un una uno vi voi
"""

PORTUGUESE = """
a ao aos apos aquela aquele aquilo as ate cada com como da das de dela dele deles depois do dos e ela elas
ele eles em entre era eram essa essas esse esses esta estao estar estas estava este estes eu foi foram ha
isso isto ja la lhe lhes mais mas me mesmo meu meus minha muito na nao nas nem no nos nossa nosso num numa
o onde os ou para pela pelas pelo pelos por porque qual quais quando quanta quantas quanto quantos que quem
se sem ser seu seus si sido so sob sobre sua suas tal tambem tem tem ter teu toda todas todo todos tu tua
um uma umas uns voce voces
"""

DUTCH = """
aan al alle als altijd andere bij ben dan dat de deze die dit doen door dus een en er ge geen had heb
hebben heeft hem het hier hij hoe hoeveel hun iemand iets ik in is ja je jij jou jouw kan kon kunnen maar
me meer men met mij mijn moet moeten na naar niet niets nog nu of om omdat onder ons onze ook op over te
tegen toch toen tot u uit uw van veel voor waar waarom wanneer want waren was wat we wel welk welke werd
wie wij wil word worden wordt zal ze zei zelf zich zij zijn zo zonder zou
"""

POLISH = """
a aby ale az bardzo bez bo by byc byl byla byli bylo byly ci cie co czego czemu czy dla do gdy gdzie go i
ich ile im in inne inny ja jak jaka jaki jakie jako je jego jej jemu jest jestem jesli jeszcze juz kiedy
kim kogo komu kto ktora ktore ktorego ktorej ktory ktorych ktorym ktorzy ma maja mi miec mna mnie moj moja
moje moze mozna my na nad nam nami nas nasz nasza nie nich nim nimi niz o od on ona one oni ono oraz pan
po pod przed przez przy sa sie swoj swoja ta tak takie tam te tego tej ten to tu ty tych tylko tym u w we
wiec wszystko wy z za ze
"""

SWEDISH = """
alla allt att av blev bli blir da de dem den denna deras dess dessa det detta dig din dina ditt du dar
efter ej eller en er era ett fran for ha hade han har har hans henne hennes hon honom hur hur i icke inte
jag ju kan kunde man med mellan men mig min mina mitt mot mycket nar nagon nagot nagra ni nu och om oss pa
sa sadan sig sin sina sitt skall ska som till under upp ut utan vad var vara varfor varit varje vars vem vi
vid vilka vilken vilket vill at over
"""

STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": ENGLISH,
        "de": GERMAN,
        "fr": FRENCH,
        "es": SPANISH,
        "it": ITALIAN,
        "pt": PORTUGUESE,
        "nl": DUTCH,
        "pl": POLISH,
        "sv": SWEDISH,
    }.items()
}
