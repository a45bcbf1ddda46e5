"""Words that say nothing about a topic, for the languages of most of our readers' texts."""

from __future__ import annotations

from functools import cache

__all__ = ["stop_words"]

# Parts that an apostrophe leaves of "don't" or "we've", and others that scikit-learn's list lacks.
_ENGLISH = """
    aren couldn did didn doesn does doing don hadn hasn haven isn just ll re shouldn ve wasn weren
    won wouldn cant didnt doesnt dont im isnt ive
"""
# Words with content that scikit-learn's list holds (its documentation warns of them).
_NOT_ENGLISH = """
    amount bill bottom call computer cry detail empty fill find fire found front full interest mill
    mine move name part serious show side sincere system thick thin top
"""
_GERMAN = """
    aber alle als also am an auch auf aus bei beim bin bis bitte da damit dann das dass dem den denn
    der des die dies diese diesem diesen dieser doch dort du durch ein eine einem einen einer eines
    er es etwas euch euer für gibt hab habe haben hat hatte ich ihm ihn ihnen ihr ihre ihren im in
    ins ist ja jetzt kann kein keine können man mehr mein meine meinem meinen meiner mich mir mit
    muss nach nicht noch nun nur ob oder ohne schon sehr sein seit sich sie sind so über um und uns
    unser unter vom von vor war waren was wegen weil wenn werden wie wir wird wo würde zu zum zur
"""
_SPANISH = """
    al algo ante antes aunque así bien cada como con cual cuando de del desde donde dos el ella
    ellos en entre era es esa ese eso esta está están estas este esto estos estoy fue ha hace han
    hasta hay he la las le les lo los más me mi mis mucho muy nada ni no nos nosotros nuestra
    nuestro o os otra otro para pero poco por porque pues que qué quien se sea ser si sí sin sobre
    solo son su sus también tan te tengo tiene todo todos tu un una uno unos usted ustedes ya yo
"""
_FRENCH = """
    ai au aucun aussi autre aux avant avec avez avoir bien ça car ce cela ces cet cette chez comme
    dans de depuis des donc du elle elles en encore entre est et été être eu fait faire il ils je
    la le les leur leurs lui ma mais me mes moi mon même ne nos notre nous on ont ou où par pas peu
    plus pour pourquoi quand que quel quelle qui sa sans se ses si son sont suis sur ta te tes ton
    tous tout très tu un une vos votre vous
"""


@cache
def stop_words() -> dict[str, frozenset[str]]:
    """Return the stop words by language."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return {
        "English": frozenset({*ENGLISH_STOP_WORDS, *_ENGLISH.split()} - set(_NOT_ENGLISH.split())),
        "German": frozenset(_GERMAN.split()),
        "Spanish": frozenset(_SPANISH.split()),
        "French": frozenset(_FRENCH.split()),
    }
