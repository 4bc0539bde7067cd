"""Given names that are nearly always a man's, or a woman's, wherever they are in use.

Common ones of many languages, so that "she" does not go back to Paul. Left out is what is
borne by both (Alex, Robin) or changes with the country (Andrea, Jean, Nikita).
"""

from __future__ import annotations

from .roles import fold

_MEN = """
    aaron abdel abdul abdullah abdulrahman abraham adam adrian ahmad ahmed ahmet alan albert
    alberto alejandro aleksandr alessandro alexander alexei alexey alfred alfredo ali amadou amir
    anatoly anders andreas andrei andrew andriy andrzej andrés angelo anthony antoine anton
    antonio antónio anwar arjun arthur arturo ashraf augusto bashar ben benjamin bernard bernardo
    bilal bill bob boris brian bruce bruno carl carlos charles chinedu christian christopher
    claudio colin craig cyril dan daniel dave david denis dennis derek diego dieter dimitri dirk
    dmitri dmitry dmytro donald douglas eduardo edward edwin emanuel emeka emil emilio emmanuel
    enrique eric erik ernesto esteban evgeny fabio felipe felix ferdinand fernando filip florian
    francesco francisco franco frank frans françois fred frederick friedrich gabriel gary gavin
    geoffrey george georgi gerald gerhard giorgio giovanni giuseppe gonzalo gordon graham greg
    gregory guillermo gustav gustavo habib hamid hans harald harold harry hasan hashim hassan
    heinrich helmut henri henrik henry herbert hermann hiroshi howard hugo hussain hussein ian
    ibrahim igor imran ismail ivan jack jacob jacques jaime jakob jakub james jason javier jeff
    jeffrey jeremy jerome jerzy jim joachim joe johan johannes john jon jonas jonathan jorge josef
    joseph joshua josé joão juan juha julio julius justin jürgen kareem karim karl keith kenneth
    kevin khalid klaus konstantin kristian kwame lars laszlo lawrence lech leo leon leonardo
    leonid louis luca lucas luigi luis lukas luís lyndon lászló magnus mahmoud manfred manuel marc
    marcel marcin marco marcos marcus marek mariano mario mark markus martin martín massimo mateo
    matteo matthew matthias maurice mauricio max maxim mehmet michael miguel mihai mikael mike
    mikhail miklos milos mohamed mohammad mohammed mohan muhammad musa mustafa mykola nathan
    nathaniel neil nelson nicholas nick nicolas nigel nikolai nikos noah norman oleg oleksandr
    oliver olivier omar osama oscar oskar otto owen pablo paolo pascal patrick paul paulo pavel
    pedro peter petr petro philip philippe phillip pierre pieter piotr rafael rafał rahul rajesh
    ralph ramzan ramón raphael ravi raymond raúl recep renato reza ricardo richard rob robert
    roberto rodrigo roger roland roman ronald rory ross rubén rudolf rui rupert rustam ryan salman
    salvador samir samuel sanjay scott sean sebastian serge sergei sergey sergio shinzo sidney
    simon stanislav stefan stefano stephen steve steven stuart suleiman sunil sven tadeusz takeshi
    tariq ted thabo theodore thomas tim timothy tom tomas tomasz tomás tony tunde umar uwe vadim
    valery vasily vicente victor vijay viktor vincent vincenzo vitaly vladimir volodymyr waldemar
    walter warren werner wilhelm willem william winston wolfgang xavier yasser yevgeny youssef
    yuri yusuf zoltán
"""
_WOMEN = """
    abigail ada adriana agnes agnieszka aicha aisha alexandra alice alicia alison amanda amelia
    amina amy ana anastasia angela angelina anita anjali ann anna anne annette annika antonia
    apinya astrid audrey ayesha ayşe barbara beata beatrice beatriz belinda berta bianca birgit
    birgitta brenda bridget brigitte camila carmen carol carolina caroline carolyn cassandra
    catherine cecilia chantal charlotte chiamaka chiara christina christine claire clara claudia
    colette concepción constance consuelo cristina cynthia dagmar daniela danielle deborah denise
    diana dilma dolores dominika donna dora doris dorothy edith ekaterina elaine eleanor elena
    elisa elisabeth elizabeth ella ellen elvira emilia emily emma erika esther eva evelyn fatima
    fatma federica fernanda fiona frances francesca françoise frederica gabriela gabriella
    gabrielle galina gertrude gillian gina giorgia giulia gloria grace greta guadalupe gudrun
    hanna hannah hannelore harriet hatice heather hedwig heidi helen helena helga henrietta hilda
    hillary hina hélène ilona ines ingrid inés irene irina iris isabel isabella isabelle ivana
    jacinda jacqueline jana jane janet janice jelena jennifer jessica joan joanna johanna josefina
    josephine juana judith julia juliana julie justyna karen karin karla katarina katarzyna kate
    katharina katherine kathleen kathryn katrin khadija kirsten kristin kristina ksenia lakshmi
    larissa laura lauren leila leticia lidia lily linda lisa liz lotte louise lucia lucy lucía
    ludmila luisa luz lydia lyudmila maeve magdalena maja malgorzata marcela margaret margarita
    margrethe maria mariam mariana marianne marie marija marina marta martha martina mary maryam
    maría matilda maureen meera megan melanie melissa mercedes meryem michelle miriam molly monica
    monika nadezhda nadia nadine naledi nancy naomi natalia natalie natasha ngozi nicole nina
    nneka nora noura olena olga olivia paloma pamela patricia paula pauline perla petra phyllis
    pilar polina priscilla priya rachel raquel rebecca regina renata renée rita roberta rosa
    rosalind rose rosemary roxana ruth sabine sabrina sally samantha sandra sara sarah selma
    sheila shirley silvia siobhan sofia sonia sophia sophie stella stephanie susan susana susanna
    susanne suzanne svetlana sylvia sylvie tamara tanya tatiana teresa theresa thérèse tiina tina
    tove ursula valentina valeria vanessa vera veronica verónica victoria viktoria viola violeta
    wendy wilhelmina yasmin yasmine yelena yolanda yulia yvette yvonne zainab zeynep zofia
"""

# Accents are as often left out in print.
GENDERS = {
    **dict.fromkeys(map(fold, _MEN.split()), "m"),
    **dict.fromkeys(map(fold, _WOMEN.split()), "f"),
}
