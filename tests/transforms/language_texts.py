"""Texts of about 1,000 characters for the detection of languages.

Somali and Yoruba are from the Universal Declaration of Human Rights, which is in the
public domain; the others are of our own.
"""

from __future__ import annotations

SOMALI = (
    "Iyadoo aqoonsiga sharafta uu ku dhashay iyo xuquuqda maguurtada ah ee ay u "
    "siman-yihiin dadweynaha adduunku uu yahay saldhigga xorriyada, caddaaladda iyo "
    "nabadda dunida. Iyadoo ay tahay lagama maarmaan in xuquuqda aadanuhu ay noqdaan "
    "kuwo sharcigu dhowro, si uusan qofku, ugu dambeynta, ugu baahan inuu xoog kaga "
    "soo horjeesto cadaadiska. Aadanaha dhammaantiis wuxuu dhashaa isagoo xor ah kana "
    "siman xagga sharafta iyo xuquuqada. Waxaa Alle siiyay aqoon iyo wacyi, waana in "
    "qof la arkaa qofka kale ula dhaqmaa si walaaltinimo ah. Qof kastaa wuxuu "
    "leeyahay xuquuqda lagu tilmaamay Baaqan iyada oo aan loo kale soocin xag qabiil, "
    "midabka, dheddig ama lab, afka, diinta, siyaasadda ama fikrad kale, dhalasho ama "
    "meesha uu ka soo askumay, xoolaha, dhalasho ama xaalada kale. Qof kastaa wuxuu "
    "xaq u leeyahay nolol, xorriyo iyo nabad gelyo. Ma jiro qof loo hoysan karo "
    "addoon, addoonsiga iyo ka ganacsiga addoonta way reebanyihiin cayn kasta ay ku "
    "yimaadaan. Dadka oo dhammi way u simanyihiin sharciga waxayna xaq u leeyihiin in "
    "sharcigu dhowro."
)
YORUBA = (
    "Bí ó ti jẹ́ pé ṣíṣe àkíyèsí iyì tó jẹ́ àbímọ́ fún ẹ̀dá àti ìdọ́gba "
    "ẹ̀tọ́ tí kò ṣeé mú kúrò tí ẹ̀dá kọ̀ọ̀kan ní, ni òkúta ìpìlẹ̀ fún "
    "òmìnira, ìdájọ́ òdodo àti àlàáfíà lágbàáyé. Gbogbo ènìyàn ni a bí ní "
    "òmìnira; iyì àti ẹ̀tọ́ kọ̀ọ̀kan sì dọ́gba. Wọ́n ní ẹ̀bùn ti làákàyè "
    "àti ti ẹ̀rí-ọkàn, ó sì yẹ kí wọn ó máa hùwà sí ara wọn gẹ́gẹ́ bí ọmọ "
    "ìyá. Ẹnì kọ̀ọ̀kan ló ní ànfàní sí gbogbo ẹ̀tọ́ àti òmìnira tí a ti gbé"
    " kalẹ̀ nínú ìkéde yìí láìfi ti ọ̀rọ̀ ìyàtọ̀ ẹ̀yà kankan ṣe. Ẹnì "
    "kọ̀ọ̀kan ló ní ẹ̀tọ́ láti wà láàyè, ẹ̀tọ́ sí òmìnira àti ẹ̀tọ́ sí ààbò"
    " ara rẹ̀. A kò gbọdọ̀ mú ẹnikẹ́ni ní ẹrú tàbí kí a mú un sìn; ẹrú níní"
    " àti òwò ẹrú ni a gbọdọ̀ fi òfin dè ní gbogbo ọ̀nà. Gbogbo ènìyàn ló "
    "dọ́gba lábẹ́ òfin. Wọ́n sì ní ẹ̀tọ́ sí ààbò lábẹ́ òfin láìsí ìyàsọ́tọ̀"
    " kankan. Ẹnì kọ̀ọ̀kan ló ní ẹ̀tọ́ láti rìn káàkiri ní òmìnira kí ó sì "
    "fi ibi tó bá wù ú ṣe ìbùgbé láàrin orílẹ̀-èdè rẹ̀. Ẹbí jẹ́ ìpìlẹ̀ "
    "pàtàkì àdánidá ní àwùjọ, ó sì ní ẹ̀tọ́ pé kí àwùjọ àti orílẹ̀-èdè ó "
    "dáàbò bò ó."
)
SWAHILI = (
    "Asubuhi ya leo wavulana wawili walitoka kijijini kwao kwenda sokoni na mama yao. "
    "Njiani walikutana na mzee mmoja aliyekuwa amebeba mzigo mkubwa wa kuni kichwani. "
    "Walimsaidia kubeba mzigo huo mpaka nyumbani kwake, naye akawashukuru na kuwapa "
    "maembe matatu matamu. Walipofika sokoni walinunua unga, chumvi, sabuni na samaki "
    "wabichi. Mama aliwaambia wasipoteze pesa zilizobaki kwa sababu kesho watalipa ada "
    "ya shule. Jioni walirudi nyumbani wakiwa wamechoka, lakini walikuwa na furaha "
    "kubwa. Baada ya chakula cha usiku babu aliwasimulia hadithi ya sungura na fisi, "
    "na jinsi sungura alivyomdanganya fisi mara tatu. Watoto walicheka sana kabla ya "
    "kulala. Siku iliyofuata waliamka mapema, wakaoga, wakavaa sare zao na kwenda "
    "shuleni pamoja na marafiki zao. Mwalimu aliwauliza walichokifanya jana, nao "
    "wakamweleza habari za yule mzee na maembe yake. Mwalimu alisema kwamba kusaidia "
    "wazee ni jambo jema na kwamba kila mtu anapaswa kufanya hivyo."
)
CROATIAN = (
    "Ovo polje ne može biti prazno. Unesite ispravan datum i ispravno "
    "vrijeme. Datoteka nije poslana, provjerite vrstu kodiranja obrasca. "
    "Odabrana vrijednost nije među ponuđenima. Odaberite jednu od stavki s "
    "popisa. Kliknite ovdje kako biste odabrali sve objekte na svim "
    "stranicama. Korisničko ime ili lozinka nisu točni, pokušajte ponovno. "
    "Vaša lozinka je uspješno promijenjena. Stranica koju ste tražili nije "
    "pronađena, žao nam je zbog toga."
)
MALAY = (
    "Pastikan nilai ini lebih daripada atau sama dengan had yang dibenarkan. Ruangan "
    "ini tidak boleh kosong. Sila masukkan alamat emel yang sah dan kata laluan anda. "
    "Fail yang dimuat naik adalah kosong. Pilih pilihan yang sah daripada senarai. "
    "Kata laluan anda telah berjaya ditukar. Anda boleh mengubahnya sekali lagi di "
    "bawah. Adakah anda pasti mahu memadamkan objek yang dipilih?"
)
NORWEGIAN = (
    "Skriv inn et gyldig brukernavn. Passordet kan ikke bestå av bare tall. Feltet er "
    "påkrevet, og verdien må være unik. Velg en av mulighetene i listen, og prøv igjen."
)
