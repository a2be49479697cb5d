# ruff: noqa: RUF001 - sentences in scripts whose letters look alike.
"""Women and men in the words of many languages, with near misses."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest

from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.demographics.lexicon import load_lexicons

Case = tuple[str, int, int]
"""A sentence, and how often it mentions women and men."""

CASES: dict[str, list[Case]] = {
    "fr": [
        ("La femme et l'homme sont arrivés.", 1, 1),
        ("Les FEMMES ; les Hommes ; L’HOMME.", 1, 2),
        ("Les droits de l'homme et le droit de l’homme", 0, 0),
        ("Il y a une fille : elle a vu son fils et sa voiture.", 0, 0),
        ("Le garçon, le garçonnet et les fillettes", 1, 2),
        ("Ses frères et sœurs, les époux, les cousins", 0, 0),
        ("Ma sœur, ma demi-soeur et mon demi-frère", 2, 1),
        ("Mme Roux, Mesdames, Messieurs", 2, 1),
        ("La belle-mère de mon beau-père est une belle personne.", 1, 1),
        ("Sa petite-fille, son petit-fils, ses petits-enfants", 1, 1),
        ("Le père Noël et la carte mère de la maison-mère", 0, 0),
        ("Le père de Noël et sa mère", 1, 1),
        ("L'impératrice n'aime pas le manchot empereur.", 1, 0),
        ("Le roi, la reine, les rois, les duchesses", 2, 2),
        ("Féminin, masculine, féminisme, hommage, mariage", 1, 1),
        ("Un mari et sa fiancée ; une tante et des oncles", 2, 2),
        ("Auguste Comte, le comte et la comtesse", 1, 1),
        ("L'attaque de l'homme au milieu, lisible par l'homme", 0, 0),
    ],
    "de": [
        ("Die Frau und der Mann; man fragt sie und ihn.", 1, 1),
        ("den Männern, des Mannes, der Frauen, frauenlos, mannhaft", 1, 2),
        ("GROSSMÜTTER und Großvätern, Omas und Opas", 2, 2),
        ("Er gab es ihr, sie gab es ihm, Sie wissen es.", 0, 0),
        ("Herr Meier, meine Damen und Herren", 0, 0),
        ("ein junges Mädchen und ein junger Knabe, die Jungs", 1, 2),
        ("weiblichem und männlichem, Weiblichkeit", 1, 1),
        ("Mutter Erde, Mutter Natur, meine Mutter", 1, 0),
        ("Thomas Mann und Frau Mann", 1, 1),
        ("Ehemanns, Ehefrau, Ex-Frau, Exmann", 2, 2),
        ("Der Schwager und die Schwägerinnen, die Neffen, die Nichten", 2, 2),
        ("Die Enkel und die Geschwister", 0, 0),
        ("Die Enkelin und der Enkelsohn, Söhnen und Töchtern", 2, 2),
        ("Königs und Königin; Prinzen, Prinzessin; königlich", 2, 2),
        ("Die Schwarze Witwe ist eine Spinne, die Witwe nicht.", 1, 0),
        ("Braut, Bräutigams, Brautkleid; Vettern, Kusine", 2, 2),
        ("Der Mann in der Mitte; ein Mann in der Stadt", 0, 1),
    ],
    "es": [
        ("El habló con él y con ella.", 1, 1),
        ("Ellos y ellas vieron su casa.", 0, 0),
        ("LA MUJER y el Hombre; las mujeres, los hombres", 2, 2),
        ("El niño, la niña, los niños", 1, 1),
        ("Sus hijos, sus hermanos, sus padres y sus tías", 0, 0),
        ("Su hijo, su hermana, su padre y su tía", 2, 2),
        ("La Sra. Ruiz y el Sr. Paz, señor Gil", 1, 2),
        ("Nuestro Señor y Nuestra Señora", 0, 0),
        ("La prima de riesgo y la materia prima del primo", 0, 0),
        ("Su esposa y su marido; los esposos", 1, 1),
        ("La placa madre y la lengua madre de mi madre", 1, 0),
        ("masculinas y femenino, feminista, hombro", 1, 1),
        ("El rey, la reina, el pingüino emperador, la condesa", 2, 1),
        ("El padrastro y la madrastra; el padrino", 1, 2),
        ("Damas y caballeros: un juego de damas", 1, 1),
        ("mamá y papá; el papa y la mama", 1, 1),
        ("El proceso padre, el directorio padre y el padre", 0, 1),
    ],
    "pt": [
        ("Ela viu-o com ele; a casa dele e dela", 2, 2),
        ("Eles e elas viram seu carro e sua casa.", 0, 0),
        ("A MULHER e o Homem; as mulheres, os homens", 2, 2),
        ("Meu avô e minha avó; os avós", 1, 1),
        ("O pai e a mãe; os pais do país", 1, 1),
        ("Nossa Senhora, Nosso Senhor, senhora Lima, o senhor", 1, 1),
        ("A Sra. Costa e o Sr. Dias", 1, 1),
        ("O filho, a filha, os filhos", 1, 1),
        ("A placa-mãe e a língua mãe", 0, 0),
        ("A matéria-prima, o número primo, o herói, a heroína", 0, 0),
        ("São Tomé e Príncipe; o príncipe e a princesa", 1, 1),
        ("Duque de Caxias; o duque, a duquesa", 1, 1),
        ("A moça, o rapaz, a garota, o menino, as moças", 2, 2),
        ("Sua esposa e seu marido; a noiva, o noivo", 2, 2),
        ("Damas e cavalheiros: jogo de damas", 1, 1),
        ("feminina, masculinos, feminismo, hombro, mulherio", 1, 1),
        ("Silva Neto, pelo menos, nele, nela", 0, 0),
        ("Um processo-filho do processo pai; o filho", 0, 1),
    ],
    "it": [
        ("Lei e lui hanno visto la sua casa e il suo cane.", 0, 0),
        ("Egli parlò, ella tacque.", 1, 1),
        ("Ella Fitzgerald canta.", 0, 0),
        ("LA DONNA e l'Uomo; le donne, gli uomini", 2, 2),
        ("I diritti dell’uomo; la prima donna", 0, 0),
        ("Il ragazzo, la ragazza, i ragazzi, le ragazze", 1, 1),
        ("La signora Rossi e il signor Bianchi; signore e signori", 1, 1),
        ("La mamma e il papà; il papa; mamma mia", 1, 1),
        ("Babbo Natale e il babbo; madre natura, la scheda madre", 0, 1),
        ("Il nipote si sposa; re, eroina, conte", 0, 0),
        ("La sorella, il fratello, i fratelli", 1, 1),
        ("Le mogli e i mariti; il marito, la moglie", 2, 2),
        ("femminile, maschili, femminismo, maschilismo", 1, 1),
        ("La nuora e il genero generano; in genere", 1, 1),
        ("Il connettore maschio e la presa femmina; un maschio", 0, 1),
        ("La vedova nera; la vedova e il vedovo", 1, 1),
        ("I principi attivi; il principe, la principessa", 1, 1),
        ("Il processo figlio, il nodo padre, il figlio", 0, 1),
    ],
    "ru": [
        ("Она видела его, он видел её.", 2, 2),
        ("У него и у нее; к нему и к ней; о нём, о ней", 3, 3),
        ("Они дали им их книги и были с ними.", 0, 0),
        ("ЖЕНЩИНЫ и Мужчинами; женщин и мужчин", 2, 2),
        ("Тётя, тетей, дядя, дядями", 2, 2),
        ("Жён и жен; мужьями; женат, мужество", 2, 1),
        ("Мать-и-мачеха растёт; мать и мачеха ушли; мать ушла", 1, 0),
        ("Дед Мороз и дедушка Мороз; дедушка и дед; бабушки", 1, 2),
        ("Внуки и племянники, герои и актёры", 0, 0),
        ("Внук, внучка, племянница, племянником", 2, 2),
        ("Его супруга и её супруг: друг друга", 1, 1),
        ("женский род, мужского рода; женского врача, мужскую обувь", 1, 1),
        ("Город-герой; герой и героиня; о героине; героин", 1, 1),
        ("Королева и король; Сергея Королева; королевство", 1, 1),
        ("тесть и тёща; в тесте, тестами", 1, 1),
        ("девушке, парню, юношей; девочек, мальчиков", 2, 3),
        ("господин Орлов, госпожа Орлова, дамы и господа", 1, 1),
        ("отцы-основатели; отцов и матерей; сестёр, сестер, братьев", 3, 2),
        ("Ей-богу, Царь-пушка и царь; дай ей, как ей-ей", 3, 1),
    ],
    "ar": [
        ("المرأة والرجل", 1, 1),
        ("هو وهي وهم وهن", 0, 0),
        ("ذكر الرجل أن الولد ولد أمس", 0, 1),
        ("للنساء وبالرجال، نساؤهم ورجالهم", 2, 2),
        ("والدته ووالده؛ والدي والوالدين", 1, 1),
        ("أم لا؟ أب؛ أمها وأبوها وبأبيها", 1, 2),
        ("ابنته وابنها؛ ابن سينا؛ الأبناء", 1, 1),
        ("أخت وأخ، أخته وأخيه، الإخوة والأخوات", 2, 2),
        ("اخته واخوه", 1, 1),
        ("زوجته وزوجها؛ زوج من الأحذية؛ أزواج", 1, 1),
        ("جدة مدينة؛ جدتها وجدهم وجده؛ لجدهم", 1, 1),
        ("الملك والملكة؛ جامعة الملك سعود؛ عبد الملك؛ ملك", 1, 1),
        ("السيد والسيدة، السادة والسيدات، سيدي", 1, 1),
        ("الإناث والذكور، أنثوية، ذكورية", 2, 2),
        ("رجل أعمال وسيدة أعمال", 1, 1),
        ("فتاة وفتى، فتوى، فتيات وفتيان", 2, 2),
        ("رجل آلي، الرجال الآليون، رجلها", 0, 1),
        ("أرملته؛ الأرمل؛ عروس البحر؛ العريس والعروس", 2, 2),
    ],
    "hi": [
        ("महिला और पुरुष आए।", 1, 1),
        ("वह और वे, उसका, उसकी, उन्होंने", 0, 0),
        ("लड़कियों और लड़कों ने, लड़की, लड़का", 2, 2),
        ("लडकी और लड़ाई, लड़", 1, 0),
        ("माँ और मां, माता-पिता", 3, 1),
        ("भारत माता; मेरी माता जी", 1, 0),
        ("राष्ट्रपति और पति, पत्नी, पत्नियाँ", 2, 1),
        ("बेटे और बेटियां, पुत्रों, पुत्री", 2, 2),
        ("प्रथम पुरुष, पुरुषों और स्त्रियों", 1, 1),
        ("आदमी, बच्चा, नाना प्रकार, श्री राम", 0, 0),
        ("बहनें और भाइयों; दादी, दादा; दादा साहेब", 2, 2),
        ("चाची, मामा, भतीजे, बहुओं", 2, 2),
        ("रानी मुखर्जी; रानी और राजाओं", 1, 1),
        ("अभिनेत्री और अभिनेता; औरतों, मर्दाना", 2, 1),
        ("गर्लफ्रेंड और बॉय-फ्रेंड", 1, 1),
    ],
    "ja": [
        ("彼と彼女は学生です。", 1, 1),
        ("彼らは彼女たちと話した。彼等、彼女ら。", 0, 0),
        ("お彼岸に、彼方の彼の地へ。誰彼なく。", 0, 0),
        ("彼氏がいる彼女", 1, 1),
        ("女性と男性、男女、同性", 1, 1),
        ("女の子と男の子たち、子供", 1, 1),
        ("お母さんとお父さん、母は父の、ママとパパ", 3, 3),
        ("分母の値、酵母と空母、母国、祖国、父島", 0, 0),
        ("母の日と父の日、母の本", 1, 0),
        ("姉妹と兄弟は、兄が姉に、従兄弟の弟子", 1, 1),
        ("大丈夫、工夫が、和夫は妻と、稲妻の", 1, 0),
        ("夫は夫婦で、夫妻の妻が", 1, 1),
        ("青少年と少年法、少年と少女", 1, 1),
        ("祖母と祖父、おばあさんとおじいちゃん", 2, 2),
        ("八王子の王子と女王と王女", 2, 1),
        ("パパイヤとママチャリ、ワガママ", 0, 0),
        ("息子と娘と娘婿、長女、次男、弟子、弟さん", 2, 3),
        ("おばさんが叔父に、おねえさん、お兄さん", 2, 2),
        ("父である夫で、妻や母も", 2, 2),
        ("一夫多妻の国、農夫は靖夫と。", 0, 0),
    ],
}
OF_PACKAGE = load_lexicons()
COLUMNS = [OF_PACKAGE.groups.index(("gender", group)) for group in ("female", "male")]


def count(text: str, language: str) -> list[int]:
    texts, languages = pa.array([text]), pa.array([language])
    female, male = count_mentions(texts, languages, OF_PACKAGE)[0].dense(COLUMNS)[0]
    return [int(female), int(male)]


@pytest.mark.parametrize(
    ("language", "case"), [(name, case) for name in CASES for case in CASES[name]]
)
def test_mentions(language: str, case: Case) -> None:
    text, *expected = case
    for written in (text, text.upper(), text.lower()):
        for form in ("NFC", "NFD"):
            found = count(unicodedata.normalize(form, written), language)
            assert found == expected, written


@pytest.mark.parametrize("language", CASES)
def test_each_word_has_a_counterpart_of_its_kind(language: str) -> None:
    lexicon = OF_PACKAGE.find(language)
    assert lexicon is not None
    kinds: dict[str, dict[str, tuple[str, str]]] = {"female": {}, "male": {}}
    for (axis, group), term in lexicon.terms:
        if axis == "gender" and group in kinds:
            assert term.pair is not None, term.term
            kinds[group][term.term] = (term.pair, term.pos)
    female, male = kinds["female"], kinds["male"]
    assert len(female) == len(male)
    for name, (pair, part) in female.items():
        assert male[pair] == (name, part)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "Iel est non-binaire ; genre fluide ; le genre ; ciel", 3),
        ("de", "nichtbinäre Menschen, nicht-binären Menschen, binär", 2),
        ("es", "personas no binarias y No Binario; no es binario; elle", 2),
        ("pt", "pessoas não-binárias; não binária; não é binário", 2),
        ("it", "persone non binarie, non binario; un binario", 2),
        ("ru", "небинарные люди, небинарным; бинарный; гендерквиры", 3),
        ("ar", "أشخاص غير ثنائيي الجنس؛ غير ثنائي", 1),
        ("hi", "हिजड़े, तृतीय लिंग के लोग, नॉन-बाइनरी", 3),
        ("ja", "ノンバイナリーとXジェンダー、ジェンダー", 2),
    ],
)
def test_people_who_are_neither(language: str, text: str, expected: int) -> None:
    column = OF_PACKAGE.groups.index(("gender", "nonbinary"))
    for form in ("NFC", "NFD"):
        texts = pa.array([unicodedata.normalize(form, text)])
        found = count_mentions(texts, pa.array([language]), OF_PACKAGE)[0]
        assert found.dense([column]).tolist() == [[expected]], text
